"""MD17's arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase.units import Bohr, Hartree, kcal, mol
from example_files import FORCES

from mlffbench.datasets.path import path


@pytest.mark.parametrize(
    ("units", "energy", "force"),
    [("eV", 1.0, 1.0), ("kcal/mol", kcal / mol, kcal / mol), ("Hartree", Hartree, Hartree / Bohr)],
)
@pytest.mark.parametrize("names", ["nuclear_charges coords energies forces", "z R E F"])
def test_npz_is_converted(units, energy, force, names, tmp_path):
    arrays = ([1, 1], np.ones((3, 2, 3)) * [[[0.0], [1.0]]], np.array([1.0, 2.0, 3.0]), [FORCES] * 3)
    index = {"old_indices": np.array([7, 8, 9])}
    np.savez(tmp_path / "a.npz", **dict(zip(names.split(), arrays, strict=True)), **index)
    data = path(str(tmp_path / "a.npz"), units=units)
    np.testing.assert_allclose(data.labels.energy, energy * arrays[2])
    np.testing.assert_allclose(data.labels.forces[2], force * FORCES)
    assert data.columns["old_indices"].tolist() == [7, 8, 9]
    assert data.elements == ["H"]


@pytest.mark.parametrize("padding", [0, -1, np.nan])
@pytest.mark.parametrize("lazy", [False, True])
def test_padding_is_no_atom(padding, lazy, tmp_path):
    numbers = np.array([[6, 1, 1, 1], [7, 1, padding, padding], [8, padding, 1, padding]])
    positions, forces = np.arange(36.0).reshape(3, 4, 3), np.arange(36.0).reshape(3, 4, 3) / 10
    positions[~(numbers > 0)] = forces[~(numbers > 0)] = 0
    arrays = {"Z": numbers, "R": positions, "F": forces, "E": np.array([1.0, 2.0, 3.0]), "N": [4, 2, 2]}
    np.savez(tmp_path / "a.npz", **arrays)
    data = path(str(tmp_path / "a.npz"), units="eV", lazy=lazy)
    assert [a.get_chemical_formula() for a in data.frames] == ["CH3", "HN", "HO"]
    assert data.elements == ["H", "C", "N", "O"]
    np.testing.assert_array_equal(data.labels.forces[2], forces[2][[0, 2]])
    np.testing.assert_array_equal(data.frames[1].positions, positions[1][:2])


def test_padding_of_one_molecule_is_no_atom(tmp_path):
    np.savez(tmp_path / "a.npz", z=[8, 1, 1, 0], R=np.ones((2, 4, 3)), E=[1.0, 2.0], F=np.ones((2, 4, 3)))
    data = path(str(tmp_path / "a.npz"), units="eV")
    assert data.frames[0].get_chemical_formula() == "H2O"
    assert data.labels.forces[1].shape == (3, 3)


def test_npz_is_refused_with_a_sentence(tmp_path):
    file = str(tmp_path / "a.npz")
    np.savez(file, z=[1, 1], R=np.ones((3, 2, 3)), E=np.zeros(2))
    with pytest.raises(ValueError, match=r"do not tell units; .* \['eV', 'kcal/mol', 'Hartree'\]"):
        path(file)
    with pytest.raises(ValueError, match="did you mean 'kcal/mol'"):
        path(file, units="kcal")
    with pytest.raises(ValueError, match=r"3 frames, but 'E' has shape \(2,\)"):
        path(file, units="eV")
    np.savez(file, charges=[1, 1], R=np.ones((3, 2, 3)))
    with pytest.raises(ValueError, match=r"none of \['nuclear_charges'.*among its arrays \['R', 'charges'\]"):
        path(file, units="eV")
    (tmp_path / "cut.npz").write_bytes(Path(file).read_bytes()[:300])
    with pytest.raises(ValueError, match=r"cut.npz is no \.npz archive"):
        path(str(tmp_path / "cut.npz"), units="eV")
