from .proposal import Proposal as Proposal
from .proposal import propose as propose
from .proposal import suite_name as suite_name
