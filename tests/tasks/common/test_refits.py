"""Sizes of refits, and means over draws."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t

from mlffbench.tasks.common.refits import frame_count, geometric_mean


def test_a_number_of_frames_or_a_share():
    assert [frame_count(a, 40, "sizes") for a in (0.25, 1.0, 12, 0.001, 1)] == [10, 40, 12, 1, 1]
    for wrong in (0, -1, 41, True):
        with pytest.raises(ValueError, match="sizes must be a share up to 1 or a number of the 40"):
            frame_count(wrong, 40, "sizes")


def test_the_geometric_mean_and_its_interval():
    mean, low, high = geometric_mean(np.array([1.0, 4.0]))
    assert mean == pytest.approx(2.0)
    half = t.ppf(0.975, 1) * np.log(4) / np.sqrt(2) / np.sqrt(2)
    assert np.log([low, high]) == pytest.approx([np.log(2) - half, np.log(2) + half])
    assert geometric_mean(np.array([3.0])) == (pytest.approx(3.0), None, None)
