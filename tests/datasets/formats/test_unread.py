"""Values that look like labels and that nothing reads."""

from __future__ import annotations

import numpy as np
from example_files import h2

from mlffbench.datasets.formats.to_dataset import from_frames


def test_forces_in_three_columns_are_named():
    arrays = {f"f{x}": np.zeros(2) for x in "xyz"}
    unread = from_frames("x", [h2({"energy": 0.0}, arrays)]).card["unread"]
    assert "'fx', 'fy' and 'fz', and no forces are read" in unread["fx"]
