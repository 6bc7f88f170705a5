"""Groups of training frames that a search holds out as wholes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms

from mlffbench.data import Dataset, Labels, Spec, Split
from mlffbench.harness.case import Case
from mlffbench.harness.case_data import CaseData
from mlffbench.harness.inputs import DataInputs, UsedColumns

FRAMES = [Atoms("H2"), Atoms("O2"), Atoms("H2"), Atoms("O2O2"), Atoms("HO"), Atoms("O2")]
COLUMNS = {
    "group": np.array(["a", "a", "b", "b", "b", "b"]),
    "trajectory": np.array(["1", "2", "1", "2", "1", ""]),
    "run": np.array([7.0, 7.0, 8.0, 8.0, 8.0, 8.0]),
}
TRAIN = {"first": [0, 1, 2, 3], "with a frame of none": [0, 1, 2, 5], "of one group": [2, 3]}


def groups(split, train="first", without=()):
    columns = {name: values for name, values in COLUMNS.items() if name not in without}
    data = Dataset("demo", FRAMES, Labels(np.zeros(6)), columns=columns)
    case = Case("s", "row", Spec("demo"), Spec.parse(split), Spec("tuned"), 0, data.digest)
    found = CaseData(case, data, replace(data), DataInputs.of(data), UsedColumns({}), {})
    return found.groups(Split(np.array(TRAIN[train]), {"test": np.array([4])}, None))


@pytest.mark.parametrize(
    ("split", "expected"),
    [
        ({"kfold": {"column": "composition"}}, ["H2", "O2", "H2", "O4"]),
        ({"kfold": {"column": "elements"}}, ["H", "O", "H", "O"]),
        ({"kfold": {"column": "n_atoms"}}, ["2", "2", "2", "4"]),
        ({"kfold": {"column": "run"}}, ["7", "7", "8", "8"]),
        ({"groups": {"train": ["a", "b"]}}, ["a", "a", "b", "b"]),
        ({"blocks": {"trajectory": "run"}}, ["7", "7", "8", "8"]),
        ({"learning_curve": {"split": {"kfold": {"column": "composition"}}}}, ["H2", "O2", "H2", "O4"]),
        ("learning_curve", ["1", "2", "1", "2"]),
        ("kfold", ["1", "2", "1", "2"]),
        ("random", ["1", "2", "1", "2"]),
    ],
)
def test_groups_are_those_of_the_split_else_trajectories(split, expected):
    assert groups(split) == expected


def test_one_group_says_nothing_and_leaves_trajectories():
    assert groups("groups", "of one group") == ["1", "2"]


def test_frames_without_a_trajectory_are_no_group():
    assert groups("random", "with a frame of none") is None
    assert groups("random", without=["trajectory"]) is None
