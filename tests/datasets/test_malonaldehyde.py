"""The built-in DFT data: sound, as the card says, and in agreement with an independent witness."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from ase.neighborlist import natural_cutoffs, neighbor_list
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from mlffbench.datasets.malonaldehyde import malonaldehyde
from mlffbench.properties.geometry import superposed_rmsd
from mlffbench.properties.reaction_path import permuted


@pytest.fixture(scope="module")
def data():
    return malonaldehyde()


def test_groups_are_as_the_card_says(data):
    names, counts = np.unique(data.columns["group"], return_counts=True)
    assert dict(zip(names.tolist(), counts.tolist(), strict=True)) == data.card["groups"]
    assert {"train_300K", "test_300K", "test_600K", "test_1200K", "proton_transfer", "dihedral"} == set(names)


def test_every_frame_is_one_whole_molecule(data):
    for i, atoms in enumerate(data.frames):
        assert atoms.get_chemical_formula() == "C3H4O2"
        source, target = neighbor_list("ij", atoms, natural_cutoffs(atoms, mult=1.5))
        bonds = coo_matrix((np.ones(len(source)), (source, target)), shape=(9, 9))
        assert connected_components(bonds)[0] == 1, f"frame {i} fell apart"


def test_forces_are_complete_and_add_up_to_nothing(data):
    for forces in data.labels.forces:
        assert forces.shape == (9, 3)
        assert np.abs(forces.sum(axis=0)).max() < 1e-4


def test_molecules_are_bound_against_their_isolated_atoms(data):
    atoms = sum(data.atomic_energies[s] for s in data.frames[0].symbols)
    binding = (data.labels.energy - atoms) / 9
    assert (binding < -4.0).all()
    assert (binding > -6.5).all()


def test_forces_agree_with_finite_differences_and_with_orca(data):
    checks = data.card["checks"]
    assert max(checks["finite_difference_meV_per_A"]) < 1.0
    assert checks["unconverged"] == 0
    assert checks["witness"]["force_rms_difference_meV_per_A"] < 5.0
    assert checks["witness"]["relative_energy_rms_difference_meV"] < 5.0


def test_forces_along_the_paths_explain_the_energies(data):
    """ΔE = −∫F·dr by the trapezoidal rule, neighbours superposed: a jump or a wrong sign would show."""
    from ase.build import minimize_rotation_and_translation

    for group in ("proton_transfer", "dihedral"):
        path = np.flatnonzero(data.columns["group"] == group)
        for i, j in pairwise(path):
            first, second = data.frames[i].copy(), data.frames[j].copy()
            second.arrays["forces"] = np.array(data.labels.forces[j])
            before = second.positions - second.positions.mean(axis=0)
            minimize_rotation_and_translation(first, second)
            rotation = np.linalg.lstsq(before, second.positions - second.positions.mean(axis=0))[0]
            forces = (data.labels.forces[i] + data.labels.forces[j] @ rotation) / 2
            work = -np.sum(forces * (second.positions - first.positions))
            assert data.labels.energy[j] - data.labels.energy[i] == pytest.approx(work, abs=0.03)


def test_train_and_test_share_no_trajectory(data):
    groups, trajectories = data.columns["group"], data.columns["trajectory"]
    assert not set(trajectories[groups == "train_300K"]) & set(trajectories[groups != "train_300K"])


def test_hotter_is_wider(data):
    spread = [data.labels.energy[data.columns["group"] == f"test_{t}K"].std() for t in (300, 600, 1200)]
    assert spread == sorted(spread)


# ---------------------------------------------------------------- the reference
def test_the_saddle_is_one_and_lies_between_mirror_images(data):
    values, saddle = data.reference.values, data.reference.saddles["transfer_saddle"]
    barrier = values["transfer_saddle"]["energy"] - values["minimum"]["energy"]
    assert barrier == pytest.approx(0.0236, abs=1e-3)
    imaginary = {name: sum(v < 0 for q, v in values[name].items() if "wavenumber" in q) for name in values}
    assert imaginary == {**dict.fromkeys(values, 0), "transfer_saddle": 1}
    numbers = [v for q, v in values["minimum"].items() if "wavenumber" in q]
    assert len(numbers) == 3 * 9 - 6
    assert 200 < min(numbers) < max(numbers) < 3400
    image = permuted(saddle, data.card["molecule"]["permutation"], data.card["molecule"]["mirror"])
    assert superposed_rmsd(image, saddle) < 2e-3
    assert saddle.get_distance(0, 5) == pytest.approx(saddle.get_distance(4, 5), abs=2e-3)


def test_the_minimum_lies_below_every_labelled_frame_and_every_conformer(data):
    values = data.reference.values
    lowest = values["minimum"]["energy"]
    assert lowest < data.labels.energy.min()
    assert data.labels.energy.min() - lowest < 0.1
    above = {name: values[name]["energy"] - lowest for name in data.reference.structures}
    assert min(above, key=above.get) == "minimum"
    assert all(0.4 < above[name] < 1.0 for name in ("open_enol", "s_trans_enol", "keto_dialdehyde"))


def test_the_labelled_path_has_the_barrier_of_the_reference(data):
    path = data.labels.energy[data.columns["group"] == "proton_transfer"]
    hump = path[len(path) // 2] - path.min()  # of another method's path
    assert hump == pytest.approx(0.0236, abs=0.01)
