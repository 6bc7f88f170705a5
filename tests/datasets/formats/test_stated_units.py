"""Units that a file states beside its labels: used, and contradictions refused."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from ase.units import Bohr, Hartree, kcal, mol
from example_files import FORCES, xyz

from mlffbench.datasets.path import path


def npz(file, **more):
    """Two hydrogen molecules as sGDML stores them."""
    positions = np.array([[[0, 0, 0], [0, 0, 0.75 + 0.1 * i]] for i in range(2)])
    np.savez(file, type="d", z=[1, 1], R=positions, E=np.array([-1.0, -2.0]), F=[FORCES] * 2, **more)
    return str(file)


def test_sgdml_says_its_units(tmp_path):
    file = npz(tmp_path / "a.npz", r_unit="Ang", e_unit="kcal/mol")
    for given in (None, "kcal/mol"):
        data = path(file, units=given)
        np.testing.assert_allclose(data.labels.energy, [-kcal / mol, -2 * kcal / mol])
        np.testing.assert_allclose(data.labels.forces[0], FORCES * kcal / mol)
        assert data.card["converted_from"] == "kcal/mol"
    with pytest.raises(ValueError, match=r"energies in kcal/mol, so units='eV' would be wrong; leave it out"):
        path(file, units="eV")


@pytest.mark.parametrize("lazy", [False, True])
def test_positions_in_bohr_are_converted(lazy, tmp_path):
    data = path(npz(tmp_path / "a.npz", r_unit="Bohr", e_unit=b"Ha"), lazy=lazy)
    data = pickle.loads(pickle.dumps(data))
    np.testing.assert_allclose(data.frames[1].positions[1, 2], 0.85 * Bohr)
    np.testing.assert_allclose(data.labels.forces[0], FORCES * Hartree / Bohr)
    hartree_per_angstrom = path(npz(tmp_path / "b.npz", r_unit="Ang", e_unit="Hartree"), lazy=lazy)
    np.testing.assert_allclose(hartree_per_angstrom.labels.forces[0], FORCES * Hartree)


def test_an_array_without_units_needs_them_and_a_word_that_is_none_is_refused(tmp_path):
    with pytest.raises(ValueError, match="do not tell units"):
        path(npz(tmp_path / "a.npz", r_unit="Ang"))
    with pytest.raises(ValueError, match=r"a.npz: 'furlong' is no known unit of length"):
        path(npz(tmp_path / "a.npz", r_unit="furlong", e_unit="eV"))


@pytest.mark.parametrize(
    ("words", "energy", "force"),
    [
        ("energy_unit=Hartree force_unit=eV/Ang", Hartree, 1.0),
        ('units="kcal/mol"', kcal / mol, kcal / mol),
        ("energy_units=eV", 1.0, 1.0),
        ("units=monomers", 1.0, 1.0),
        ('units="kcal/mol, Angstrom"', kcal / mol, kcal / mol),
        ('units="Hartree/bohr"', Hartree, Hartree / Bohr),
        ('units="eV Angstrom"', 1.0, 1.0),
        ("units=real", kcal / mol, kcal / mol),
        ("units=metal", 1.0, 1.0),
    ],
)
def test_extended_xyz_may_say_its_units(words, energy, force, tmp_path):
    data = path(xyz(tmp_path / "a.xyz", f"energy=-1 {words}", f"energy=-2 {words}"))
    np.testing.assert_allclose(data.labels.energy, [-energy, -2 * energy])
    np.testing.assert_allclose(data.labels.forces[0], FORCES * force)


def test_contradictions_in_extended_xyz_are_refused(tmp_path):
    file = xyz(tmp_path / "a.xyz", "energy=-1 energy_unit=Hartree", "energy=-2 energy_unit=eV")
    with pytest.raises(ValueError, match=r"frames of different units, energy_unit = \['Hartree', 'eV'\]"):
        path(file)
    with pytest.raises(ValueError, match="energies in eV, so units='Hartree' would be wrong"):
        path(xyz(tmp_path / "a.xyz", "energy=-1 energy_unit=eV"), units="Hartree")


def test_files_of_different_units_are_not_joined(tmp_path):
    xyz(tmp_path / "a.xyz", "energy=-1 energy_unit=Hartree")
    xyz(tmp_path / "b.xyz", "energy=-1")
    with pytest.raises(ValueError, match="files of different units, Hartree and eV, in one dataset"):
        path(str(tmp_path))
