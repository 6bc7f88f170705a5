"""Random subsamples of frames."""

from __future__ import annotations

from example_classical import alloys
from sklearn.utils import check_random_state

from mlffbench.descriptors.graph import build
from mlffbench.potentials.classical.design_matrix import random_subsample


def test_too_many_pairs_leave_some_frames_out_by_chance():
    frames, labels = alloys(80)
    few = [random_subsample(frames, labels, 4.0, 1500, check_random_state(s))[0] for s in (0, 0, 1)]
    pairs = [len(build(f, 4.0).source) for f in few]
    assert [len(f) for f in few[:2]] == [len(few[0])] * 2
    assert all(a == b for a, b in zip(few[0], few[1], strict=True))
    assert any(a != b for a, b in zip(few[0], few[2], strict=False))
    assert max(pairs) < 1.3 * 1500
    assert len(few[0]) < 80
