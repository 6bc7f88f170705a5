"""A Behler–Parrinello fit by the package that PYTHONPATH leads to: prints the seconds of its epochs' ends.

`launches.py` runs this with the package as it was before training steps were captured.
"""

from __future__ import annotations

import json
import sys

import numpy as np

from mlffbench.datasets.acac import acac
from mlffbench.estimators.behler_parrinello import BehlerParrinello

n_frames, keywords = json.loads(sys.argv[1])
data = acac()
train = np.flatnonzero(data.columns["group"] == "train_300K")[:n_frames]
model = BehlerParrinello(**keywords, atomic_energies=dict(data.atomic_energies or {}))
model.fit([data.frames[i] for i in train], data.labels[train])
print(json.dumps([row["seconds"] for row in model.history_]))
