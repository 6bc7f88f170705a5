"""Splits: who trains, who tests, and the sentences for what cannot be done."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms

from mlffbench.data import Dataset, Labels
from mlffbench.splits.groups import groups
from mlffbench.splits.official import official
from mlffbench.splits.random import random

GROUPS = ["train_300K"] * 20 + ["test_600K"] * 5 + ["test_300K"] * 6 + ["dihedral"] * 4


def dataset(names=GROUPS, card=None, column="group"):
    n = len(names)
    columns = {column: np.array(names), "temperature": np.arange(n) % 3 * 100.0}
    return Dataset("toy", [Atoms("H")] * n, Labels(np.zeros(n)), columns, card or {})


def counts(split):
    return {"train": len(split.train), **{k: len(v) for k, v in split.tests.items()}}


# ---------------------------------------------------------------- official
def test_official_uses_the_card_and_tests_on_every_other_group():
    split = official(dataset(card={"train": "train_300K", "in_domain": "test_600K"}))
    assert counts(split) == {"train": 20, "test_600K": 5, "test_300K": 6, "dihedral": 4}
    assert split.in_domain == "test_600K"


@pytest.mark.parametrize(
    ("names", "train", "expected"),
    [
        (["train_300K", "b", "test_300K"], "train_300K", "test_300K"),
        (["train_300K", "b", "300K"], "train_300K", "300K"),
        (["300K_train", "b", "300K_test"], "300K_train", "300K_test"),
        (["train", "b", "test"], "train", "test"),
        (["train", "b", "c"], "train", "b"),
    ],
)
def test_official_finds_the_in_domain_test(names, train, expected):
    assert official(dataset(names), train=train).in_domain == expected


def test_the_cards_in_domain_test_belongs_to_the_cards_training_group():
    card = {"train": "train_300K", "in_domain": "test_300K"}
    names = ["train_300K", "test_300K", "train_600K", "test_600K"]
    assert official(dataset(names, card)).in_domain == "test_300K"
    assert official(dataset(names, card), train="train_600K").in_domain == "test_600K"


def test_official_with_fewer_frames_and_tests():
    make = lambda seed: official(dataset(), seed, "train_300K", ["dihedral"], n_train=7)  # noqa: E731
    assert counts(make(0)) == {"train": 7, "dihedral": 4}
    assert make(0).digest == make(0).digest != make(1).digest
    assert make(0).in_domain == "dihedral"
    assert official(dataset(), 0, "train_300K").digest == official(dataset(), 1, "train_300K").digest


@pytest.mark.parametrize(
    ("keywords", "sentence"),
    [
        ({"train": "train_30K"}, "no group 'train_30K'; there are .* did you mean 'train_300K'"),
        ({"train": "train_300K", "tests": ["dihedrals"]}, "did you mean 'dihedral'"),
        ({"train": "train_300K", "tests": ["train_300K"]}, "no group 'train_300K'"),
        ({"train": "train_300K", "n_train": 21}, "cannot draw 21 frames from group 'train_300K', which has"),
        ({"train": "train_300K", "in_domain": "test_60K"}, "did you mean 'test_600K'"),
        ({}, "names no training group: give train, one of .*'dihedral'"),
    ],
)
def test_official_refuses(keywords, sentence):
    with pytest.raises(ValueError, match=sentence):
        official(dataset(), **keywords)


def test_official_needs_groups():
    with pytest.raises(ValueError, match=r"no column 'group'; there are .* use the split 'random'"):
        official(dataset(column="family"))
    with pytest.raises(ValueError, match="only the group 'a'; use the split 'random'"):
        official(dataset(["a", "a"]), train="a")


# ---------------------------------------------------------------- random
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


# ---------------------------------------------------------------- groups
def test_groups_leaves_values_of_any_column_out():
    split = groups(dataset(), column="temperature", train=[0, "100"], test_fraction=0.25)
    assert counts(split) == {"train": 18, "in_domain": 6, "200": 11}
    assert split.in_domain == "in_domain"
    assert set(split.train % 3) == {0, 1}


def test_groups_defaults_to_the_cards_group_and_may_hold_nothing_out():
    split = groups(dataset(card={"train": "train_300K"}), test_fraction=0, tests="dihedral")
    assert counts(split) == {"train": 20, "dihedral": 4}
    assert split.in_domain is None


def test_groups_is_decided_by_the_seed():
    make = lambda seed: groups(dataset(), seed, train="train_300K").digest  # noqa: E731
    assert make(0) == make(0) != make(1)


@pytest.mark.parametrize(
    ("keywords", "sentence"),
    [
        ({"train": ["dihedrl"]}, "no group 'dihedrl'; .* did you mean 'dihedral'"),
        ({"train": "dihedral", "column": "temprature"}, "no column 'temprature'.* mean 'temperature'"),
        ({}, "give train: the values of 'group' to train on"),
        ({"train": "dihedral", "test_fraction": 1.0}, "test_fraction must be"),
        ({"train": "dihedral", "test_fraction": 0.9}, "holding out 4 of 4 frames .* leaves none"),
    ],
)
def test_groups_refuses(keywords, sentence):
    with pytest.raises(ValueError, match=sentence):
        groups(dataset(), **keywords)


def test_a_frame_without_a_group_is_refused():
    with pytest.raises(ValueError, match=r"1 frames \(first: frame 1\) have no 'group'"):
        groups(dataset(["a", "", "b"]), train="a")
