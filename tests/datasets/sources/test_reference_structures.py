"""References of one's own data."""

from __future__ import annotations

import pytest
from ase.build import bulk, molecule
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write
from example_files import xyz

from mlffbench.datasets.path import path


def test_structures_bring_names_and_known_numbers(tmp_path):
    frames = [bulk("Cu", cubic=True), bulk("Cu", "bcc", a=2.87, cubic=True)]
    frames[0].info |= {"name": "fcc", "C11": 176.0, "energy": -3.5, "source": "measured"}
    write(tmp_path / "known.xyz", frames)
    data = xyz(tmp_path / "data.xyz", "energy=-1.5")
    known = path(data, structures=str(tmp_path / "known.xyz"), truth="emt").reference
    assert list(known.structures) == ["fcc", "Cu2"]
    assert known.values == {"fcc": {"C11": 176.0, "energy": -3.5 / 4}, "Cu2": {}}
    assert known.truth == {"emt": {}}
    assert path(data).reference is None


def _known(folder, *frames):
    """Reference values of structures, by name."""
    write(folder / "known.xyz", list(frames))
    return path(
        xyz(folder / "data.xyz", "energy=-1.5"), structures=str(folder / "known.xyz")
    ).reference.values


def _named(atoms, name, **numbers):
    atoms.info |= {"name": name, **numbers}
    return atoms


def test_energies_of_phases_are_per_atom_whatever_their_cells(tmp_path):
    phases = _labelled({"fcc": bulk("Cu", cubic=True), "bcc": bulk("Cu", "bcc", a=2.86)})
    values = _known(tmp_path, *phases)
    for atoms in phases:
        energy = atoms.get_potential_energy() / len(atoms)
        assert values[atoms.info["name"]]["energy"] == pytest.approx(energy, abs=1e-7)


def test_energies_of_molecules_are_those_of_all_atoms(tmp_path):
    (ethane,) = _labelled({"ethane": molecule("C2H6")})
    energy = ethane.get_potential_energy()
    assert _known(tmp_path, ethane)["ethane"]["energy"] == pytest.approx(energy, abs=1e-7)
    per_atom = _named(molecule("C2H6"), "ethane", energy_per_atom=energy / 8)
    assert _known(tmp_path, per_atom)["ethane"] == {"energy": pytest.approx(energy)}


def _labelled(structures):
    """The structures with names and EMT's energies."""
    for name, atoms in structures.items():
        energy = atoms.copy()
        energy.calc = EMT()
        atoms.calc = SinglePointCalculator(atoms, energy=energy.get_potential_energy())
        atoms.info["name"] = name
    return list(structures.values())


def test_energy_per_atom_is_a_name_of_its_own(tmp_path):
    fcc = _named(bulk("Cu", cubic=True), "fcc", energy_per_atom=-3.5)
    assert _known(tmp_path, fcc) == {"fcc": {"energy": -3.5}}
    fcc.info["energy"] = -14.0
    assert _known(tmp_path, fcc) == {"fcc": {"energy": -3.5}}
    fcc.info["energy"] = -3.5
    with pytest.raises(ValueError, match="energy is that of all atoms"):
        _known(tmp_path, fcc)


def test_the_volume_of_a_whole_cell_is_refused(tmp_path):
    fcc = bulk("Cu", cubic=True)
    assert _known(tmp_path, _named(fcc, "fcc", volume=11.6))["fcc"]["volume"] == 11.6
    with pytest.raises(ValueError, match=r"cell of 4 atoms .* give Å³ per atom"):
        _known(tmp_path, _named(fcc, "fcc", volume=46.9))
    assert _known(tmp_path, _named(bulk("Cu"), "fcc", volume=11.8))["fcc"]["volume"] == 11.8


def test_references_that_make_no_sense_are_refused(tmp_path):
    data, twice = xyz(tmp_path / "data.xyz", "energy=-1.5"), tmp_path / "twice.xyz"
    write(twice, [bulk("Cu"), bulk("Cu")])
    with pytest.raises(ValueError, match="several structures named 'Cu'"):
        path(data, structures=str(twice))
    with pytest.raises(FileNotFoundError, match="no file of structures"):
        path(data, structures="nowhere.xyz")
    with pytest.raises(ValueError, match="truth needs structures"):
        path(data, truth="emt")
