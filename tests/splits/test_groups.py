"""The split by groups: values of a column, or of the structures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from example_splits import counts, dataset, mixture

from mlffbench.splits.groups import groups


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
    make = lambda seed: groups(dataset(), seed, train="train_300K").digest
    assert make(0) == make(0) != make(1)


@pytest.mark.parametrize(
    ("keywords", "sentence"),
    [
        ({"train": ["dihedrl"]}, "no group 'dihedrl'; did you mean 'dihedral'"),
        ({"train": "dihedral", "column": "temprature"}, "no column 'temprature'.* mean 'temperature'"),
        ({}, "give train: the values of 'group' to train on"),
        ({"train": "dihedral", "test_fraction": 1.0}, "test_fraction must be"),
        ({"train": "dihedral", "test_fraction": 0.9}, "holding out 4 of 4 frames .* leaves none"),
    ],
)
def test_groups_refuses(keywords, sentence):
    with pytest.raises(ValueError, match=sentence):
        groups(dataset(), **keywords)


def test_values_that_differ_in_the_seventh_digit_are_two_groups():
    data = dataset()
    data = replace(data, columns={"run": 20240100.0 + np.arange(len(data)) // 2})
    for leave in (20240101, 20240101.0, "20240101", np.int64(20240101), [20240101.0]):
        assert groups(data, column="run", leave=leave, test_fraction=0).tests["20240101"].tolist() == [2, 3]


def test_a_frame_without_a_group_is_refused():
    with pytest.raises(ValueError, match=r"1 frames \(first: frame 1\) have no 'group'"):
        groups(dataset(["a", "", "b"]), train="a")


@pytest.mark.parametrize(
    ("column", "leave", "left"),
    [
        ("composition", "CH4", {"CH4": 4}),
        ("n_atoms", 3, {"3": 6}),
        ("size", [3, "2"], {"3": 6, "2": 5}),
        ("elements", "H-O", {"H-O": 6}),
    ],
)
def test_groups_leaves_out_what_the_structures_themselves_say(column, leave, left):
    split = groups(mixture(), column=column, leave=leave, test_fraction=0)
    assert counts(split) == {"train": 15 - sum(left.values()), **left}


def test_a_column_of_the_dataset_comes_before_a_computed_one():
    named = dataset(["liquid", "ice", "ice"], column="composition")
    assert counts(groups(named, column="composition", leave="ice", test_fraction=0)) == {"train": 1, "ice": 2}


@pytest.mark.parametrize(
    ("keywords", "sentence"),
    [
        ({"leave": "H2O", "train": "CH4"}, "give leave, or train and tests"),
        ({"leave": ["H2O", "N2", "CH4"]}, "leaves no value of 'composition' to train on"),
        ({"leave": "H20"}, "no group 'H20'; did you mean 'H2O'"),
        ({}, "or leave: those to test on, among .'H2O'"),
    ],
)
def test_leaving_out_refuses(keywords, sentence):
    with pytest.raises(ValueError, match=sentence):
        groups(mixture(), column="composition", **keywords)
