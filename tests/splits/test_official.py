"""The official split: groups of the dataset, by the card or by name."""

from __future__ import annotations

import pytest
from example_splits import counts, dataset

from mlffbench.splits.official import official


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
    make = lambda seed: official(dataset(), seed, "train_300K", ["dihedral"], n_train=7)
    assert counts(make(0)) == {"train": 7, "dihedral": 4}
    assert make(0).digest == make(0).digest != make(1).digest
    assert make(0).in_domain == "dihedral"
    assert official(dataset(), 0, "train_300K").digest == official(dataset(), 1, "train_300K").digest


@pytest.mark.parametrize(
    ("keywords", "sentence"),
    [
        ({"train": "train_30K"}, "no group 'train_30K'; did you mean 'train_300K'. There are"),
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
