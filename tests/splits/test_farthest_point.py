"""The split by farthest-point sampling."""

from __future__ import annotations

import numpy as np
import pytest
from example_splits import SOAP, counts, odd_ones

from mlffbench.splits.farthest_point import farthest, farthest_point


def test_farthest_points_against_brute_force():
    points = np.random.default_rng(0).normal(size=(60, 5))
    picked = [7]
    for _ in range(19):
        gaps = [min(np.linalg.norm(p - points[j]) for j in picked) for p in points]
        picked.append(int(np.argmax(gaps)))
    found, reach = farthest(points, 20, 7)
    assert found.tolist() == picked
    assert reach == pytest.approx(max(min(np.linalg.norm(p - points[j]) for j in picked) for p in points))


def test_farthest_points_pick_twins_last_and_once():
    points = np.repeat(np.eye(3), 4, axis=0)
    found, reach = farthest(points, 12, 0)
    assert sorted(found) == list(range(12))
    assert {i // 4 for i in found[:3]} == {0, 1, 2}
    assert reach == 0.0


def test_farthest_point_trains_on_the_odd_ones_and_is_nested():
    odd, data = odd_ones()
    small, large = (farthest_point(data, train=n, **SOAP) for n in (4, 8))
    assert set(odd) < set(small.train) < set(large.train)
    assert len(large.tests["test"]) == len(data) - 8
    assert large.in_domain is None
    assert counts(farthest_point(data, train=4, test=0.5, **SOAP)) == {"train": 4, "test": 12}


@pytest.mark.parametrize(
    ("keywords", "sentence"),
    [
        ({"max_frames": 23}, "24 frames of toy are more than max_frames=23"),
        ({"train": 24}, "takes all 24 frames"),
        ({"train": 20, "test": 5}, "cannot draw 5 frames from the 4 frames"),
    ],
)
def test_splits_in_soap_space_refuse(keywords, sentence):
    with pytest.raises(ValueError, match=sentence):
        farthest_point(odd_ones()[1], **{**SOAP, **keywords})
