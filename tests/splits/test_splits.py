"""Splits: who trains, who tests, and the sentences for what cannot be done."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from scipy.signal import lfilter
from scipy.spatial.transform import Rotation

from mlffbench import registry
from mlffbench.data import Dataset, Labels
from mlffbench.datasets.lennard_jones import lennard_jones
from mlffbench.splits.blocks import blocks
from mlffbench.splits.clusters import clusters
from mlffbench.splits.common import manifest_file
from mlffbench.splits.common.autocorrelation import autocorrelation_time
from mlffbench.splits.common.quantities import largest_strain
from mlffbench.splits.extrapolation import extrapolation
from mlffbench.splits.farthest_point import farthest, farthest_point
from mlffbench.splits.groups import groups
from mlffbench.splits.kfold import kfold
from mlffbench.splits.learning_curve import learning_curve
from mlffbench.splits.official import official
from mlffbench.splits.random import random

GROUPS = ["train_300K"] * 20 + ["test_600K"] * 5 + ["test_300K"] * 6 + ["dihedral"] * 4
SOAP = {"cutoff": 3.0, "n_max": 2, "l_max": 2}


def dataset(names=GROUPS, card=None, column="group"):
    n = len(names)
    columns = {column: np.array(names), "temperature": np.arange(n) % 3 * 100.0}
    return Dataset("toy", [Atoms("H")] * n, Labels(np.zeros(n)), columns, card or {})


def mixture():
    """6 H2O, 5 N2, 4 CH4."""
    frames = [molecule(name) for name, n in (("H2O", 6), ("N2", 5), ("CH4", 4)) for _ in range(n)]
    return Dataset("toy", frames, Labels(np.zeros(len(frames))))


@cache
def crystals():
    return lennard_jones(n_train=25, n_test=5)


def odd_ones():
    """21 rattled water molecules and, among them at 3 places, structures of another kind."""
    frames = [molecule("H2O") for _ in range(21)] + [molecule(m) for m in ("H2", "O2", "H2O2")]
    rng = np.random.default_rng(0)
    for atoms in frames:
        atoms.positions += rng.normal(scale=0.01, size=atoms.positions.shape)
    return [21, 22, 23], Dataset("toy", frames, Labels(np.zeros(24)))


def ar1(rho, n, seed):
    """x_t = ρ x_{t−1} + noise."""
    return lfilter([1.0], [1.0, -rho], np.random.default_rng(seed).normal(size=n))


def series(energy, columns=None):
    return Dataset("toy", [Atoms("H")] * len(energy), Labels(energy), columns or {})


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
    make = lambda seed: official(dataset(), seed, "train_300K", ["dihedral"], n_train=7)
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
    make = lambda seed: groups(dataset(), seed, train="train_300K").digest
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
        ({"leave": "H20"}, "no group 'H20'; .* did you mean 'H2O'"),
        ({}, "or leave: those to test on, among .'H2O'"),
    ],
)
def test_leaving_out_refuses(keywords, sentence):
    with pytest.raises(ValueError, match=sentence):
        groups(mixture(), column="composition", **keywords)


# ---------------------------------------------------------------- blocks
@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_the_autocorrelation_time_of_an_ar1_process(rho):
    truth = 0.5 * (1 + rho) / (1 - rho)
    found = [autocorrelation_time(ar1(rho, 20_000, seed)) for seed in range(4)]
    assert np.mean(found) == pytest.approx(truth, rel=0.1)


@pytest.mark.parametrize("series", [np.ones(9), np.full(9, -9391.1), [1.0, 2.0], np.tile([1.0, -1.0], 50)])
def test_a_series_without_memory_is_worth_its_frames(series):
    assert autocorrelation_time(np.asarray(series)) == 0.5


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


# ---------------------------------------------------------------- extrapolation
@pytest.mark.parametrize(
    ("by", "data", "measure"),
    [
        ("force", crystals, lambda d, i: np.linalg.norm(d.labels.forces[i], axis=1).max()),
        ("energy", crystals, lambda d, i: d.labels.energy[i]),  # one composition: the energy itself
        ("size", mixture, lambda d, i: len(d.frames[i])),
    ],
)
def test_extrapolation_tests_beyond_all_that_trained(by, data, measure):
    data = data()
    split = extrapolation(data, by=by, train=0.6, test_fraction=0.2)
    value = {k: [measure(data, i) for i in v] for k, v in {"train": split.train, **split.tests}.items()}
    assert max(value["train"] + value["in_domain"]) < min(value["extrapolation"])
    assert sum(map(len, value.values())) == len(data)
    assert split.in_domain == "in_domain"


def test_extrapolation_by_energy_takes_the_composition_off():
    data = mixture()
    excess = np.random.default_rng(0).permutation(len(data)) * 0.01  # eV/atom, the truth to be found again
    counts_ = np.array([[a.numbers.tolist().count(z) for z in (1, 6, 7, 8)] for a in data.frames])
    size = counts_.sum(axis=1)
    excess -= counts_ / size[:, None] @ np.linalg.lstsq(counts_ / size[:, None], excess, rcond=None)[0]
    energy = counts_ @ [-13.6, -1030.0, -1480.0, -2040.0] + size * excess
    split = extrapolation(Dataset("m", data.frames, Labels(energy)), train=0.6, test_fraction=0)
    assert excess[split.train].max() < excess[split.tests["extrapolation"]].min()


def test_extrapolation_by_strain_knows_the_strain_and_no_rotation():
    rng, size = np.random.default_rng(0), np.array([0.0, 0.0, 0.0, 0.01, -0.02, 0.03, -0.04, 0.05])
    frames = [bulk("Ar", "fcc", a=5.26, cubic=True) for _ in size]
    for atoms, e in zip(frames, size, strict=True):
        cell = np.asarray(atoms.cell) @ np.diag([1 + e, 1, 1])
        atoms.set_cell(cell @ Rotation.random(rng=rng).as_matrix(), scale_atoms=True)
    found = largest_strain(Dataset("s", frames, Labels(np.zeros(8))))
    assert found == pytest.approx(np.abs(size + size**2 / 2), abs=1e-12)


def test_extrapolation_in_bins_of_rising_value():
    data = crystals()
    split = extrapolation(data, by="strain", train=0.5, bins=3)
    value = largest_strain(data)
    parts = [value[split.train], *(value[split.tests[f"extrapolation_{b}"]] for b in (1, 2, 3))]
    assert all(a.max() < b.min() for a, b in pairwise(parts))
    assert {len(p) for p in parts[1:]} <= {6, 7}
    assert split.notes["limit"] < split.notes["extrapolation_1"][0]


def test_equal_sizes_are_on_one_side():
    split = extrapolation(mixture(), by="size", train=0.9, test_fraction=0)  # 6 of 3 atoms, 5 of 2, 4 of 5
    assert counts(split) == {"train": 11, "extrapolation": 4}
    split = extrapolation(mixture(), by="size", train=0.1, test_fraction=0)
    assert counts(split) == {"train": 5, "extrapolation": 10}


@pytest.mark.parametrize(
    ("keywords", "sentence"),
    [
        ({"by": "forces"}, "no quantity 'forces' .* did you mean 'force'"),
        ({"by": "force"}, "toy has no forces to order"),
        ({"by": "strain"}, "frame 0 is not periodic in three directions"),
        ({"by": "size", "train": 1.0}, "train must be a share"),
        ({"by": "energy"}, "all frames have the same energy"),
        ({"by": "size", "bins": 3}, "cannot cut 4 frames of 1 different values into 3 bins"),
        ({"by": "size", "bins": 0}, "into 0 bins"),
    ],
)
def test_extrapolation_refuses(keywords, sentence):
    with pytest.raises(ValueError, match=sentence):
        extrapolation(mixture(), **keywords)


def test_extrapolation_refuses_frames_without_the_label():
    labels = Labels(np.zeros(3), (np.ones((1, 3)), None, np.ones((1, 3))))
    with pytest.raises(ValueError, match=r"1 frames \(first: frame 1\) have no forces"):
        extrapolation(Dataset("toy", [Atoms("H")] * 3, labels), by="force")


# ---------------------------------------------------------------- SOAP space
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


def test_clusters_are_kinds_of_structures():
    odd, data = odd_ones()
    seen = set()
    for seed in range(6):
        split = clusters(data, seed, n_clusters=4, **SOAP)
        ((name, test),) = [(k, v) for k, v in split.tests.items() if k != "in_domain"]
        seen.add(name)
        assert split.notes["cluster_sizes"] == [21, 1, 1, 1]
        assert len(test) == split.notes["cluster_sizes"][int(name[-1])]
        assert set(test) == set(range(21)) if name == "cluster_0" else set(test) < set(odd)
        assert len(split.train) + sum(map(len, split.tests.values())) == len(data)
    assert len(seen) > 1
    assert clusters(data, 1, 4, n_tests=3, test_fraction=0, **SOAP).in_domain is None


@pytest.mark.parametrize(
    ("split", "keywords", "sentence"),
    [
        (farthest_point, {"max_frames": 23}, "24 frames of toy are more than max_frames=23"),
        (farthest_point, {"train": 24}, "takes all 24 frames"),
        (farthest_point, {"train": 20, "test": 5}, "cannot draw 5 frames from the 4 frames"),
        (clusters, {"n_tests": 5}, "n_tests must be from 1 to 4"),
        (clusters, {"n_clusters": 30}, "cannot form 30 clusters of 24 frames"),
        (clusters, {"groups": "all"}, "no column 'group'"),
    ],
)
def test_splits_in_soap_space_refuse(split, keywords, sentence):
    with pytest.raises(ValueError, match=sentence):
        split(odd_ones()[1], **{**SOAP, **keywords})


def test_frames_that_are_all_the_same_cannot_be_clustered():
    with pytest.raises(ValueError, match="of 35 frames at 1 places"):
        clusters(dataset(), **SOAP)


# ---------------------------------------------------------------- learning curve, k-fold
@pytest.mark.parametrize(
    "inner", ["official", {"official": {"tests": ["dihedral"]}}, {"random": {"train": 25}}]
)
def test_learning_curves_are_nested_and_keep_the_tests(inner):
    data = dataset(card={"train": "train_300K", "in_domain": "test_600K"})
    splits = [learning_curve(data, 3, n, inner) for n in (2, 5, 11, 1.0 - 1e-12)]
    sets = [set(s.train) for s in splits]
    assert sets[0] < sets[1] < sets[2] < sets[3]
    assert [len(s) for s in sets[:3]] == [2, 5, 11]
    for split in splits:
        assert split.in_domain == splits[0].in_domain
        assert {k: v.tolist() for k, v in split.tests.items()} == {
            k: v.tolist() for k, v in splits[0].tests.items()
        }
    assert set(learning_curve(data, 4, 5, inner).train) != sets[1]


def test_a_learning_curve_of_the_official_split_is_its_own_draw():
    data = dataset(card={"train": "train_300K"})
    assert learning_curve(data, 2, 7).digest == official(data, 2, n_train=7).digest
    draws = [set(official(data, 2, n_train=n).train) for n in (3, 7, 20)]
    assert draws[0] < draws[1] < draws[2]


@pytest.mark.parametrize(
    ("keywords", "error", "sentence"),
    [
        ({"n_train": 21}, ValueError, "n_train .*=21 asks for 21 frames, but there are 20"),
        ({"n_train": 0}, ValueError, "a share between 0 and 1 or a number"),
        ({"split": "oficial"}, LookupError, "no split 'oficial'.* did you mean 'official'"),
        ({"split": {"official": {"trains": "a"}}}, LookupError, "no parameter 'trains'"),
        ({"split": {"official": None, "random": None}}, ValueError, "one name with its keywords"),
    ],
)
def test_learning_curve_refuses(keywords, error, sentence):
    with pytest.raises(error, match=sentence):
        learning_curve(dataset(card={"train": "train_300K"}), **keywords)


@pytest.mark.parametrize("column", [None, "temperature"])
def test_folds_test_every_frame_once(column):
    folds = [kfold(dataset(), 1, k=3, fold=f, column=column) for f in range(3)]
    assert sorted(np.concatenate([s.tests["test"] for s in folds])) == list(range(35))
    assert all(len(s.train) + len(s.tests["test"]) == 35 for s in folds)
    if column is None:
        assert {len(s.tests["test"]) for s in folds} == {11, 12}
        assert kfold(dataset(), 2, k=3).digest != folds[0].digest
    else:
        assert all(not set(s.train % 3) & set(s.tests["test"] % 3) for s in folds)
        assert folds[0].in_domain is None


@pytest.mark.parametrize(
    ("keywords", "sentence"),
    [
        ({"k": 36}, "k must be from 2 to 35, the number of frames"),
        ({"k": 4, "column": "temperature"}, "k must be from 2 to 3, the number of values of 'temperature'"),
        ({"k": 1}, "k must be from 2"),
        ({"fold": 5}, "fold must be from 0 to 4; got 5"),
    ],
)
def test_kfold_refuses(keywords, sentence):
    with pytest.raises(ValueError, match=sentence):
        kfold(dataset(), **keywords)


# ---------------------------------------------------------------- all of them
EVERY: dict[str, dict[str, object]] = {
    "blocks": {"block": 5},
    "clusters": {"n_clusters": 4, **SOAP},
    "extrapolation": {"by": "strain"},
    "farthest_point": {"train": 10, **SOAP},
    "groups": {"train": "train"},
    "kfold": {"fold": 2},
    "learning_curve": {"n_train": 10},
    "manifest": {},
    "official": {"n_train": 10},
    "random": {},
}


def digests(folder):
    """The digest of every split with seeds 0 and 1; run in this process and in another."""
    data = crystals()
    file = Path(folder) / "split.json"
    manifest_file.write(file, manifest_file.export(data, random(data), {}))
    found = {}
    for name in registry.names("splits"):
        keywords = {**EVERY[name], **({"file": str(file)} if name == "manifest" else {})}
        make = registry.build("splits", name, keywords)
        found[name] = [make(data, seed=seed, **keywords).digest for seed in (0, 1)]
    return found


def test_every_split_is_decided_by_its_seed_also_in_another_process(tmp_path):
    here = digests(tmp_path)
    code = f"import json, test_splits; print(json.dumps(test_splits.digests({str(tmp_path)!r})))"
    there = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parent
    )
    assert json.loads(there.stdout) == here
    assert {name for name, (a, b) in here.items() if a == b} == {"manifest"}


@pytest.mark.parametrize("name", [n for n in registry.names("splits") if n != "manifest"])
def test_every_split_is_plain_json_and_names_no_frame_on_both_sides(name):
    data = crystals()
    split = registry.load("splits", name)(data, **EVERY[name])
    assert json.loads(json.dumps(split.notes)) == split.notes
    tested = np.concatenate(list(split.tests.values()))
    assert not set(split.train) & set(tested)
    assert len(np.unique(tested)) == len(tested)
    assert max(*split.train, *tested) < len(data)
