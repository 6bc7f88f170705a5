"""SchNetPack's databases."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.db import connect
from ase.units import Bohr, Debye, Hartree, kcal, mol
from example_files import FORCES, SIGMA, SQUARE, same

from mlffbench.datasets.path import path


def write(file, metadata, name="energy", n=3, **data):
    with connect(file) as database:
        database.metadata = metadata
        for i in range(n):
            atoms = Atoms("H2", [(0, 0, 0), (0, 0, 0.75)], cell=[2.0, 2.0, 2.0], pbc=True)
            labels = {
                name: np.array([-1.0 - i]),
                "forces": FORCES,
                "stress": SQUARE[None],
                "dipole_moment": SIGMA[:3],
            }
            database.write(atoms, data={**labels, **data}, fold=i)
    return str(file)


def test_labels_and_their_units(tmp_path):
    words = {
        "energy": "kcal/mol",
        "forces": "kcal/mol/Ang",
        "stress": "eV/Ang/Ang/Ang",
        "dipole_moment": "Debye",
    }
    file = write(tmp_path / "a.db", {"_distance_unit": "Ang", "_property_unit_dict": words})
    data = path(file)
    np.testing.assert_allclose(data.labels.energy, -np.array([1, 2, 3]) * kcal / mol)
    np.testing.assert_allclose(data.labels.forces[2], FORCES * kcal / mol)
    np.testing.assert_allclose(data.labels.stress[0], SIGMA)
    assert data.columns["fold"].tolist() == [0, 1, 2]
    same(data, path(file, lazy=True))
    with pytest.raises(ValueError, match="energies in kcal/mol, so units='Hartree' would be wrong"):
        path(file, units="Hartree")


def test_mixed_units_and_bohr(tmp_path):
    words = {"energy": "Hartree", "forces": "Hartree/Ang", "stress": 1.0}
    data = path(write(tmp_path / "a.db", {"_distance_unit": "Bohr", "_property_unit_dict": words}))
    np.testing.assert_allclose(data.labels.forces[0], FORCES * Hartree)
    np.testing.assert_allclose(data.frames[0].positions[1, 2], 0.75 * Bohr)
    np.testing.assert_allclose(data.frames[0].cell.lengths(), [2 * Bohr] * 3)


def test_other_names_of_energies_can_be_given(tmp_path):
    words = {"energy_U0": "Hartree", "forces": "", "stress": "1"}
    file = write(tmp_path / "a.db", {"_property_unit_dict": words}, "energy_U0")
    with pytest.raises(ValueError, match=r"the frames have .*'energy_U0', 'fold', 'forces'"):
        path(file)
    np.testing.assert_allclose(path(file, energy_key="energy_U0").labels.energy[0], -Hartree)


def test_a_word_that_is_no_unit_is_refused(tmp_path):
    file = write(tmp_path / "a.db", {"_property_unit_dict": {"energy": "furlong", "forces": Debye}})
    with pytest.raises(ValueError, match="'furlong' is no known unit of 'energy'"):
        path(file)


@pytest.mark.parametrize("lazy", [False, True])
def test_charge_and_spin_of_the_frames_are_columns(lazy, tmp_path):
    data = {"total_charge": np.array([1.0]), "spin_multiplicity": np.array([2])}
    words = {"energy": "eV", "forces": "eV/Ang", "stress": "eV/Ang/Ang/Ang"}
    columns = path(write(tmp_path / "a.db", {"_property_unit_dict": words}, **data), lazy=lazy).columns
    assert columns["total_charge"].tolist() == [1, 1, 1]
    assert columns["spin_multiplicity"].tolist() == [2, 2, 2]


@pytest.mark.parametrize("name", ["units", "property_units"])
def test_units_in_the_metadata_of_any_database(name, tmp_path):
    file = write(tmp_path / "a.db", {name: {"energy": "Hartree", "distance": "bohr"}})
    data = path(file)
    np.testing.assert_allclose(data.labels.energy[0], -Hartree)
    np.testing.assert_allclose(data.labels.forces[0], FORCES * Hartree / Bohr)
    np.testing.assert_allclose(data.frames[0].positions[1, 2], 0.75 * Bohr)
