from .common.checkup import admit as admit
from .common.checkup import checkup as checkup
