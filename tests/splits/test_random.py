"""The random split."""

from __future__ import annotations

import numpy as np
import pytest
from example_splits import GROUPS, dataset

from mlffbench.splits.random import random


@pytest.mark.parametrize(
    ("train", "test", "sizes"),
    [(0.8, None, (28, 7)), (10, None, (10, 25)), (10, 5, (10, 5)), (0.5, 0.2, (18, 7)), (30, 0.1, (30, 4))],
)
def test_random_takes_shares_and_counts(train, test, sizes):
    split = random(dataset(), 0, train, test)
    assert (len(split.train), len(split.tests["test"])) == sizes
    assert split.in_domain == "test"


def test_random_is_decided_by_the_seed_alone():
    assert random(dataset(), 3).digest == random(dataset(), 3).digest != random(dataset(), 4).digest


def test_random_within_groups():
    split = random(dataset(), groups=["test_600K", "dihedral"], train=6)
    used = np.concatenate([split.train, split.tests["test"]])
    assert set(np.array(GROUPS)[used]) == {"test_600K", "dihedral"}
    assert len(used) == 9


@pytest.mark.parametrize(
    ("keywords", "sentence"),
    [
        ({"train": 36}, "asks for 36 frames, but there are 35"),
        ({"train": 30, "test": 6}, "30 frames to train and 6 to test, but there are 35"),
        ({"train": 35}, "0 to test"),
        ({"train": 1.5}, "a share between 0 and 1 or a number"),
        ({"train": -3}, "a share between 0 and 1 or a number"),
        ({"train": 0.8, "groups": "dihedrl"}, "did you mean 'dihedral'"),
    ],
)
def test_random_refuses(keywords, sentence):
    with pytest.raises(ValueError, match=sentence):
        random(dataset(), **keywords)
