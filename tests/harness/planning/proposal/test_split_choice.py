"""Splits that do not flatter, and the reasons for them."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import bulk, molecule
from example_proposals import dataset, walk

from mlffbench.harness.planning.proposal.problem_kind import problem_kind
from mlffbench.harness.planning.proposal.split_choice import choose_split
from mlffbench.registry import load


def choice(data):
    return choose_split(data, problem_kind(data))


def rattled(atoms, n, seed=0):
    frames = [atoms.copy() for _ in range(n)]
    for i, frame in enumerate(frames):
        frame.rattle(0.1, seed=seed + i)
    return frames


def test_unrelated_frames_are_split_at_random_with_a_word_on_it():
    made = choice(dataset(rattled(molecule("CH4"), 40)))
    assert made.spec.name == "random"
    assert "flatters" in made.reason


def test_a_time_series_is_cut_into_blocks():
    data = dataset(walk(molecule("CH4"), 100))
    made = choice(data)
    assert made.spec.name == "blocks"
    assert "times as far apart as random ones" in made.reason
    near = np.abs(made.split.train[:, None] - made.split.tests["test"]).min(axis=0)
    assert np.median(near) > 1  # of a random split, 1


def test_a_series_of_one_correlation_time_has_shorter_blocks_and_says_so():
    frames = walk(molecule("CH4"), 60)
    data = dataset(frames)
    object.__setattr__(data.labels, "energy", np.arange(60.0))
    made = choice(data)
    assert made.spec.params == {"block": 6}
    assert "shorter ones than ten correlation times" in made.reason
    assert len(made.split.train) == 48


def test_the_hottest_frames_test_the_transfer():
    columns = {"temperature": [300.0] * 30 + [600.0] * 20 + [1200.0] * 10}
    made = choice(dataset(rattled(molecule("CH4"), 60), columns))
    assert made.spec.params == {"column": "temperature", "leave": ["1200"], "test_fraction": 0.2}
    assert set(made.split.tests) == {"in_domain", "1200"}


def test_where_most_frames_are_hot_the_coldest_train():
    columns = {"T": [300.0] * 20 + [1200.0] * 40}
    made = choice(dataset(rattled(molecule("CH4"), 60), columns))
    assert made.spec.params["leave"] == ["1200"]
    assert len(made.split.train) == 16


def test_the_rarest_groups_that_are_no_new_elements_are_left_out():
    frames = rattled(bulk("Si"), 40) + rattled(bulk("SiC", "zincblende", 4.3), 30) + rattled(bulk("Ge"), 6)
    columns = {"config_type": ["si"] * 34 + ["si_hot"] * 6 + ["sic"] * 30 + ["ge"] * 6}
    made = choice(dataset(frames, columns))
    assert made.spec.params == {"column": "config_type", "leave": ["si_hot"], "test_fraction": 0.2}


def test_groups_that_cannot_be_left_out_give_way_to_the_next_best_split():
    frames = walk(bulk("Si"), 40)
    made = choice(dataset(frames, {"config_type": ["a"] * 20 + ["b"] * 20}))
    assert made.spec.name == "blocks"


def test_what_the_data_name_as_their_split_comes_first():
    columns = {"split": ["train"] * 30 + ["test"] * 10, "temperature": [300.0] * 20 + [600.0] * 20}
    made = choice(dataset(rattled(molecule("CH4"), 40), columns))
    assert made.spec.name == "groups"
    assert {name: len(part) for name, part in made.split.tests.items()} == {"test": 10}
    card = {"train": "a"}
    assert (
        choice(dataset(rattled(molecule("CH4"), 40), {"group": ["a"] * 30 + ["b"] * 10}, card=card)).spec.name
        == "official"
    )


def test_trajectories_with_names_are_cut_into_blocks_one_by_one():
    frames = walk(molecule("CH4"), 40) + walk(molecule("CH4"), 40, seed=1)
    made = choice(dataset(frames, {"traj_id": ["a"] * 40 + ["b"] * 40}))
    assert made.spec.name == "blocks"
    assert made.spec.params["trajectory"] == "traj_id"
    assert made.split.notes["trajectories"] == 2


def test_rare_compositions_test_the_transfer():
    frames = rattled(molecule("CH4"), 30) + rattled(molecule("C2H6"), 30) + rattled(molecule("C3H8"), 8)
    made = choice(dataset(frames))
    assert made.spec.params == {"column": "composition", "leave": ["C3H8"], "test_fraction": 0.2}


@pytest.mark.parametrize(("n_train", "n_test"), [(10, 5), (1000, 5), (10, 1000)])
def test_a_limited_choice_is_the_split_that_its_spec_makes(n_train, n_test):
    data = dataset(walk(molecule("CH4"), 100))
    full = choice(data)
    made = full.limited(n_train, n_test)
    split = load("splits", made.spec.name)(data, seed=0, **made.spec.params)
    sizes = {name: len(part) for name, part in split.tests.items()}
    assert len(split.train) == len(made.split.train) == min(n_train, len(full.split.train))
    assert sizes == {name: len(part) for name, part in made.split.tests.items()}
    assert max(sizes.values()) <= n_test
    assert "as the budget allows no more" in made.reason
    assert full.limited(1000, 1000) is full
