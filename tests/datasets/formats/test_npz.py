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


CELL = np.diag([3.0, 4.0, 5.0])
SKEWED = CELL + np.eye(3, k=1)


@pytest.mark.parametrize(
    "structure",
    [
        {"lattice": CELL},
        {"Cell": SKEWED.ravel()},
        {"unit_cell": np.array([SKEWED] * 3)},
        {"box": np.array([CELL.ravel()] * 3)},
        {"cell": SKEWED, "pbc": [True, True, False]},
        {"cell": CELL, "pbc": False},
        {"lattice": np.zeros((3, 3))},
    ],
)
def test_npz_with_a_cell(structure, tmp_path):
    file = tmp_path / "a.npz"
    stress = np.arange(27.0).reshape(3, 9)[:, :6]
    np.savez(file, z=[1, 1], R=np.ones((3, 2, 3)), E=np.arange(3.0), stress=stress, **structure)
    (_, value), *rest = structure.items()
    cells = np.broadcast_to(np.reshape(value, (-1, 3, 3)), (3, 3, 3))
    pbc = np.broadcast_to(rest[0][1] if rest else cells[0].any(axis=1), 3)
    for lazy in (False, True):
        data = path(str(file), units="eV", lazy=lazy)
        for atoms, cell in zip(data.frames, cells, strict=True):
            np.testing.assert_array_equal(atoms.cell, cell)
            np.testing.assert_array_equal(atoms.pbc, pbc)
        assert (data.labels.stress is not None) == pbc.all()
        if pbc.all():
            np.testing.assert_array_equal(list(data.labels.stress), stress)
        assert not data.columns


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"lattice": [3.0, 4.0, 5.0]}, r"'lattice' has shape \(3,\), which is not read as a cell"),
        ({"box": 3.0}, r"'box' has shape \(\), which is not read as a cell"),
        ({"cell": np.ones((2, 3, 3))}, r"'cell' has shape \(2, 3, 3\)"),
        ({"cell": CELL, "lattice": SKEWED}, "'lattice' is another cell than that of a second array"),
        (
            {"lattice": SKEWED, "type": "d"},
            "'lattice' are rows or columns, depending on the version of sGDML",
        ),
        ({"cell": CELL, "pbc": ["T", "T", "T"]}, r"'pbc' has shape \(3,\)"),
        ({"F": np.ones((3, 5))}, r"'F' has shape \(3, 5\); .* forces on 2 atoms \(3, 2, 3\)"),
        ({"stress": np.ones((3, 5))}, r"'stress' has shape \(3, 5\)"),
        (
            {"R": np.ones((3, 2))},
            r"'R' has shape \(3, 2\); the positions of n frames of N atoms have \(n, N, 3\)",
        ),
        ({"z": [1, 1, 1]}, r"'z' has shape \(3,\), and 'R' \(3, 2, 3\)"),
        ({"z": np.array(["H", 1], dtype=object)}, "'z' is an array of Python objects, a pickle"),
    ],
)
def test_npz_with_an_array_that_cannot_be_used(arrays, sentence, tmp_path):
    plain = {"z": [1, 1], "R": np.ones((3, 2, 3)), "E": np.zeros(3)}
    np.savez(tmp_path / "a.npz", **plain | arrays)
    with pytest.raises(ValueError, match=sentence):
        path(str(tmp_path / "a.npz"), units="eV")


def test_npz_with_flags_nan_and_unknown_names(tmp_path):
    file = str(tmp_path / "a.npz")
    arrays = {"E": np.arange(3.0), "F": np.full((3, 2, 3), np.nan), "grad": np.ones((3, 2, 3))}
    np.savez(file, z=[1, 1], R=np.ones((3, 2, 3)), ok=[True, False, True], **arrays)
    data = path(file, units="eV")
    assert data.columns["ok"].tolist() == ["True", "False", "True"]
    assert data.labels.forces is None
    assert data.card["missing"] == {"forces": 3}
    assert "forces_key: grad" in data.card["unread"]["grad"]
    np.savez(file, z=[1, 1], R=np.ones((3, 2, 3)), E=[True, False, True])
    with pytest.raises(ValueError, match=r"'E' of frame 0 is .*True.*, not a number"):
        path(file, units="eV")


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


def flat_forces(n_atoms, name):
    """Three frames, whose forces stand in one row."""
    forces = np.arange(9.0 * n_atoms).reshape(3, -1)
    positions = np.arange(3.0 * n_atoms).reshape(1, n_atoms, 3) + np.zeros((3, 1, 1))
    return {"z": [1] * n_atoms, "R": positions, "E": np.zeros(3), name: forces}


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("n_atoms", [2, 3, 4])
def test_forces_in_one_row_are_read(n_atoms, lazy, tmp_path):
    place = str(tmp_path / "a.npz")
    arrays = flat_forces(n_atoms, "F")
    np.savez(place, **arrays)
    expected = arrays["F"].reshape(3, n_atoms, 3)
    np.testing.assert_array_equal(path(place, units="eV", lazy=lazy).labels.forces[1], expected[1])
    np.savez(place, **flat_forces(n_atoms, "gradient_minus"))
    data = path(place, units="eV", lazy=lazy)
    assert data.labels.forces is None
    assert "give forces_key: gradient_minus" in data.card["unread"]["gradient_minus"]
    data = path(place, units="eV", forces_key="gradient_minus", lazy=lazy)
    np.testing.assert_array_equal(data.labels.forces[2], expected[2])


def test_moments_and_charges_of_atoms_are_summed(tmp_path):
    moments = np.array([[1.0, 1.0, 9.0], [2.0, 2.0, 9.0]])  # the third atom is padding
    arrays = {"Z": [[26, 26, 0]] * 2, "R": np.ones((2, 3, 3)), "E": [1.0, 2.0], "magmoms": moments}
    np.savez(tmp_path / "a.npz", charges=moments / 4, **arrays)
    columns = path(str(tmp_path / "a.npz"), units="eV").columns
    assert columns["total_magmoms"].tolist() == [2, 4]
    assert columns["total_charges"].tolist() == [0.5, 1]


@pytest.mark.parametrize("lazy", [False, True])
def test_a_number_that_the_first_frame_lacks_is_a_column(lazy, tmp_path):
    arrays = {"z": [1, 1], "R": np.ones((3, 2, 3)), "T": [np.nan, 300.0, 400.0]}
    np.savez(tmp_path / "a.npz", E=[-1.0, -2.0, -3.0], **arrays)
    np.testing.assert_array_equal(
        path(str(tmp_path / "a.npz"), units="eV", lazy=lazy).columns["T"], [np.nan, 300, 400]
    )
    np.savez(tmp_path / "a.npz", E=[np.nan, -2.0, -3.0], **arrays)
    with pytest.raises(ValueError, match="'E' of frame 0 is not finite"):
        path(str(tmp_path / "a.npz"), units="eV", lazy=lazy)
