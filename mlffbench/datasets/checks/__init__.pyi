from .common.checkup import admit as admit
from .common.checkup import admit_quietly as admit_quietly
from .common.checkup import checkup as checkup
