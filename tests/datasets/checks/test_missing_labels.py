"""Labels that are NaN throughout."""

from __future__ import annotations

import numpy as np
from example_files import FORCES, h2
from planted_mistakes import check, found_by

from mlffbench.datasets.formats.to_dataset import from_frames


def test_nan_labels_are_counted():
    frames = [h2({"E": 0.0}, {"F": FORCES}), h2({"E": 0.0}, {"F": FORCES * np.nan})]
    found_by("missing_labels", from_frames("x", frames), "the forces of 1 of 2 frames are NaN", False)
    assert not check("missing_labels", from_frames("x", frames[:1]))
