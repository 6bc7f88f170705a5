"""The split by blocks in time."""

from __future__ import annotations

import numpy as np
import pytest
from example_splits import GROUPS, dataset, series
from scipy.signal import lfilter

from mlffbench.data import Dataset
from mlffbench.splits.blocks import blocks


def ar1(rho, n, seed):
    """x_t = ρ x_{t−1} + noise."""
    return lfilter([1.0], [1.0, -rho], np.random.default_rng(seed).normal(size=n))


def test_the_block_length_follows_from_the_autocorrelation_and_is_noted():
    notes = blocks(series(ar1(0.8, 4000, 1))).notes
    assert notes["autocorrelation_time"] == pytest.approx(4.5, rel=0.25)  # ½ · 1.8 / 0.2
    assert notes["block_length"] == pytest.approx(10 * notes["autocorrelation_time"], abs=1.0)
    assert notes["blocks"] == round(4000 / notes["block_length"])


def test_blocks_are_contiguous_in_time_not_in_the_file():
    order = np.random.default_rng(5).permutation(100)
    data = series(np.zeros(100), {"time": order * 0.5})
    split = blocks(data, block=10)
    times = np.sort(order[split.tests["test"]])
    assert len(times) == 20
    assert all(np.array_equal(t, t[0] + np.arange(10)) and t[0] % 10 == 0 for t in np.split(times, 2))
    assert split.in_domain == "test"
    assert len(split.train) == 80


def test_blocks_never_reach_from_one_trajectory_into_the_next():
    names = np.repeat(["a", "b", "c"], [33, 40, 27])
    order = np.random.default_rng(0).permutation(100)
    split = blocks(series(np.zeros(100), {"trajectory": names[order], "step": order}), block=10, train=0.5)
    tested = np.zeros(100, dtype=bool)
    tested[order[split.tests["test"]]] = True
    for part in np.split(tested, [33, 73]):
        runs = np.diff(np.flatnonzero(np.diff(part.astype(int), prepend=2, append=2)))
        assert runs.min() >= 8  # blocks of 11, 10 and 9 frames


def test_a_gap_parts_training_from_test_frames():
    data = series(np.zeros(100))
    split, whole = (blocks(data, block=10, gap=gap) for gap in (3, 0))
    distance = np.abs(split.train[:, None] - split.tests["test"]).min()
    assert distance == 4
    assert split.tests["test"].tolist() == whole.tests["test"].tolist()
    assert split.notes["left_out"] == len(whole.train) - len(split.train) > 0


def test_blocks_within_groups_and_without_times():
    times = np.where(np.array(GROUPS) == "dihedral", np.nan, np.arange(len(GROUPS)))
    data = dataset()
    data = Dataset("toy", data.frames, data.labels, {**data.columns, "time": times})
    split = blocks(data, block=2, groups=["test_300K", "dihedral"])
    assert set(np.array(GROUPS)[[*split.train, *split.tests["test"]]]) == {"test_300K", "dihedral"}


@pytest.mark.parametrize(
    ("keywords", "sentence"),
    [
        ({"block": 0}, "block must be 'auto' or a number of frames"),
        ({"block": "long"}, "block must be 'auto' or a number of frames"),
        ({"gap": 1.5}, "gap must be a number of frames"),
        ({"block": 70}, r"the 100 frames are one block of 70 \(autocorrelation time of the energy 0.5"),
        ({"block": 5, "gap": 100}, "a gap of 100 frames beside blocks of 5 leaves none"),
        ({"trajectory": "run"}, "no column 'run'"),
    ],
)
def test_blocks_refuses(keywords, sentence):
    with pytest.raises(ValueError, match=sentence):
        blocks(series(np.zeros(100)), **keywords)


def test_blocks_refuses_a_trajectory_that_knows_some_of_its_times():
    with pytest.raises(ValueError, match="1 frames of a trajectory have no 'time', others have one"):
        blocks(series(np.zeros(20), {"time": np.array([*range(19), np.nan])}))
