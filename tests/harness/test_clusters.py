"""Clusters of test frames, from columns and from correlation in time."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms

from mlffbench.data import Dataset, Labels
from mlffbench.harness.clusters import blocks_of, cluster_results, clusters_of_group
from mlffbench.harness.error_sums import ErrorSums


def dataset(n, energy=None, **columns):
    energies = np.random.default_rng(0).normal(size=n) if energy is None else energy
    frames = [Atoms("ArAr", [[0, 0, 0], [3.8, 0, 0]]) for _ in range(n)]
    return Dataset("argon", frames, Labels(energies), {k: np.asarray(v) for k, v in columns.items()})


def correlated(n, rho, seed=0):
    """An AR(1) process: τ = ½ (1 + ρ)/(1 − ρ)."""
    rng, values = np.random.default_rng(seed), np.zeros(n)
    for i in range(1, n):
        values[i] = rho * values[i - 1] + rng.normal()
    return values


def of(data, test="test", column=None):
    return clusters_of_group(data, test, np.arange(len(data)), column)


def test_frames_of_one_trajectory_are_one_cluster():
    found = of(dataset(60, trajectory=np.repeat([f"run {i}" for i in range(6)], 10)))
    assert (found.n, found.unit, found.reason) == (6, "trajectories", "")
    assert found.labels.tolist() == np.repeat(range(6), 10).tolist()


def test_frames_without_a_name_are_clusters_of_their_own():
    names = [*np.repeat(list("abcde"), 4), "", "", "nan"]
    assert of(dataset(23, molecule=names)).n == 8


def test_the_column_of_the_split_comes_first():
    data = dataset(30, trajectory=np.repeat(range(5), 6), batch=np.repeat(range(10), 3))
    assert of(data, column="batch").unit == "values of batch"
    assert of(data).unit == "trajectories"


def test_points_of_a_path_are_no_sample():
    found = of(dataset(25, coordinate=np.linspace(0, 1, 25)), "dihedral")
    assert found.reason == "dihedral is a path of 25 points, no sample"
    assert np.unique(found.usable).tolist() == [0]


def test_independent_frames_are_clusters():
    assert of(dataset(80)).unit == "test frames"


def test_correlated_frames_of_one_trajectory_become_blocks():
    """ρ = 0.8: τ = 4.5, blocks of some 23 frames."""
    found = of(dataset(1000, correlated(1000, 0.8)))
    length = int(found.unit.split()[2])
    assert 15 <= length <= 32
    assert found.n == 1000 // length
    assert (np.diff(found.labels) >= 0).all()


def test_blocks_follow_time_not_the_file():
    energy, order = correlated(400, 0.9), np.random.default_rng(1).permutation(400)
    shuffled = of(dataset(400, energy[order], time_fs=np.arange(400.0)[order]))
    assert shuffled.unit.startswith("blocks of")
    assert (np.diff(shuffled.labels[np.argsort(order)]) >= 0).all()
    assert of(dataset(400, energy[order])).unit == "test frames"  # nothing tells that they are a trajectory


def test_short_trajectories_have_no_interval_but_a_reason():
    found = of(dataset(50, correlated(50, 0.97)), "600K")
    assert found.reason.startswith("600K has 50 frame(s), correlated over blocks of")
    assert of(dataset(3), "few").reason == "few has 3 frame(s), fewer than 5"


def test_levels_of_kinds_of_frames_are_no_correlation():
    energy = np.repeat([-5.0, -3.0, 0.0], 30) + 0.01 * np.random.default_rng(0).normal(size=90)
    assert of(dataset(90, energy)).reason
    assert of(dataset(90, energy, kind=np.repeat(["bulk", "slab", "vacancy"], 30))).unit == "test frames"


def test_documents_hold_sums_that_give_the_scores():
    rng = np.random.default_rng(0)
    n_atoms = [2, 3, 2, 3, 2, 3]
    forces = [None, *(rng.normal(size=(n, 3)) for n in n_atoms[1:])]  # a frame without forces
    true = Labels(rng.normal(size=6), forces)
    predicted = Labels(rng.normal(size=6), [rng.normal(size=(n, 3)) for n in n_atoms])
    entry = cluster_results(blocks_of(true.energy, "t"), n_atoms, true, predicted)
    assert entry["n"] == 6
    errors = np.concatenate([(p - t).ravel() for t, p in zip(forces[1:], predicted.forces[1:], strict=True)])
    sums = ErrorSums.from_json(entry["sums"]["forces"])
    assert len(sums) == 5
    assert sums.value("rmse") == pytest.approx(np.sqrt(np.mean(errors**2)), rel=1e-6)
    assert set(entry["sums"]) == {"energy_per_atom", "energy_per_atom_shifted", "forces"}


def test_digests_tell_frames_and_clusters_apart():
    data = dataset(10)
    same, other = of(data).digest(data.labels), of(data).digest(Labels(data.labels.energy + 0.1))
    assert same == of(dataset(10)).digest(dataset(10).labels) != other
