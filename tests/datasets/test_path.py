"""Files of one's own: labels, groups and units of `path`."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write
from ase.units import Bohr, Hartree, kcal, mol
from example_files import FORCES, SIGMA, SQUARE, h2, xyz

from mlffbench.data import LazySequence
from mlffbench.datasets.path import path


@pytest.mark.parametrize("key", ["energy", "Energy", "dft_energy", "TotEnergy", "E", "free_energy"])
def test_energies_are_found_under_their_usual_names(key, tmp_path):
    data = path(xyz(tmp_path / "a.xyz", f"{key}=-1.5", f"{key}=-2.5"))
    assert data.labels.energy.tolist() == [-1.5, -2.5]
    assert not data.columns
    np.testing.assert_allclose(data.labels.forces[0], FORCES)


def test_keys_may_be_given(tmp_path):
    file = xyz(tmp_path / "a.xyz", "energy=-1 dft_energy=-2 my=-3")
    assert path(file, energy_key="dft_energy").labels.energy.tolist() == [-2.0]
    data = path(file, energy_key="my")
    assert data.labels.energy.tolist() == [-3.0]
    assert not data.columns


def test_named_tests_are_groups(tmp_path):
    train = xyz(tmp_path / "train.xyz", "energy=1 group=old", "energy=2 group=old")
    hot, scan = xyz(tmp_path / "hot.xyz", "energy=3"), xyz(tmp_path / "scan.xyz", "energy=4", forces=False)
    data = path(train, tests={"600K": hot, "dihedral": scan}, level="PBE")
    assert data.columns["group"].tolist() == ["train", "train", "600K", "dihedral"]
    assert data.labels.forces[3] is None
    assert data.card["train"] == "train"
    assert data.card["level"] == "PBE"
    assert data.card["groups"] == {"train": 2, "600K": 1, "dihedral": 1}
    with pytest.raises(ValueError, match=r"hot.xyz' is in two groups, 'train' and '600K'"):
        path(str(tmp_path), tests={"600K": hot})
    with pytest.raises(ValueError, match="cannot be named 'train'"):
        path(train, tests={"train": hot})
    with pytest.raises(ValueError, match="not both"):
        path(train, tests={"600K": hot}, group_key="x")


def test_a_key_may_name_the_groups(tmp_path):
    file = xyz(tmp_path / "a.xyz", "energy=1 temperature=300", "energy=2 temperature=600")
    data = path(file, group_key="temperature", train="300")
    assert data.columns["group"].tolist() == ["300", "600"]
    assert data.card["train"] == "300"
    assert data.card["level"] == "unknown"
    with pytest.raises(ValueError, match=r"no frame has group_key 'temprature'.*did you mean 'temperature'"):
        path(file, group_key="temprature")
    with pytest.raises(ValueError, match=r"no group '30' to train on.*did you mean '300'"):
        path(file, group_key="temperature", train="30")


def test_energies_of_isolated_atoms(tmp_path):
    file = xyz(tmp_path / "a.xyz", "energy=1")
    lone = tmp_path / "atoms.xyz"
    lone.write_text('1\nProperties=species:S:1:pos:R:3 energy=-13.6 pbc="F F F"\nH 0 0 0\n')
    assert path(file, isolated_atoms=str(lone)).atomic_energies == {"H": -13.6}
    assert path(file, isolated_atoms={"H": -1}).atomic_energies == {"H": -1.0}
    with pytest.raises(ValueError, match="frame 0 has 2 atoms; isolated atoms come one a frame"):
        path(file, isolated_atoms=file)


@pytest.mark.parametrize(
    ("units", "energy", "length"), [("kcal/mol", kcal / mol, 1.0), ("Hartree", Hartree, Bohr)]
)
@pytest.mark.parametrize("suffix", ["xyz", "db", "traj"])
def test_units_hold_for_every_label(units, energy, length, suffix, tmp_path):
    lone = Atoms("H", info={"energy": -0.5, "config_type": "isolated_atom"})
    frames = [h2(energy=-1.0, forces=FORCES, stress=SIGMA, periodic=True)]
    write(tmp_path / f"a.{suffix}", frames + ([lone] if suffix == "xyz" else []))
    for lazy in (False, True):
        data = path(str(tmp_path / f"a.{suffix}"), units=units, lazy=lazy)
        np.testing.assert_allclose(data.labels.energy, [-energy])
        np.testing.assert_allclose(data.labels.forces[0], FORCES * energy / length)
        np.testing.assert_allclose(data.labels.stress[0], SIGMA * energy / length**3)
        np.testing.assert_allclose(data.frames[0].positions[1], [0, 0, 0.75])
        assert data.card["converted_from"] == units
        assert data.atomic_energies == ({"H": -0.5 * energy} if suffix == "xyz" else None)


def test_units_of_virials_and_isolated_atoms(tmp_path):
    square = " ".join(str(x) for x in SQUARE.ravel())
    cell = 'Lattice="2 0 0 0 2 0 0 0 2" pbc="T T T"'
    file = tmp_path / "a.xyz"
    file.write_text(f'1\nenergy=1 energy_kinetic=2 T=3 virial="{square}" {cell}\nH 0 0 0\n')
    lone = tmp_path / "atoms.xyz"
    lone.write_text("1\nenergy=-0.5\nH 0 0 0\n")
    data = path(str(file), units="Hartree", isolated_atoms=str(lone))
    np.testing.assert_allclose(data.labels.stress[0], -SIGMA / 8 * Hartree)  # a virial over Å³
    assert data.atomic_energies == {"H": -0.5 * Hartree}
    assert data.columns["energy_kinetic"].tolist() == [2 * Hartree]
    assert data.columns["T"].tolist() == [3]
    assert path(str(file), units="Hartree", isolated_atoms={"H": -1}).atomic_energies == {"H": -1}


def test_acetylacetone(shared_data):
    folder = shared_data / "acac"
    tests = {name: str(folder / f"test_{name}.xyz") for name in ("H_transfer", "dihedral")}
    atoms = str(folder / "isolated_atoms.xyz")
    data = path(str(folder / "train_300K.xyz"), tests=tests, isolated_atoms=atoms)
    assert data.card["groups"] == {"train": 500, "H_transfer": 15, "dihedral": 45}
    assert data.atomic_energies["H"] == pytest.approx(-13.568422178)
    assert [f is None for f in data.labels.forces] == [False] * 500 + [True] * 60
    assert np.isnan(data.columns["dihedral_angle"][500])


def test_revised_md17(shared_data):
    data = path(str(shared_data / "rmd17" / "rmd17_ethanol_train_01.npz"), units="kcal/mol")
    assert len(data) == 1000
    assert data.labels.energy[0] == pytest.approx(-97079.92222179 * kcal / mol)
    assert data.frames[0].get_chemical_formula() == "C2H6O"


def test_size_decides(labelled, tmp_path, monkeypatch):
    write(tmp_path / "a.xyz", labelled)
    assert isinstance(path(str(tmp_path / "a.xyz")).frames, list)
    monkeypatch.setattr("mlffbench.datasets.path.LARGE", 1000)
    assert isinstance(path(str(tmp_path / "a.xyz")).frames, LazySequence)


def test_long_run_numbers_are_groups_with_all_their_digits(tmp_path):
    frames = []
    for i in range(6):
        atoms = bulk("Cu", cubic=True)
        atoms.rattle(0.05, seed=i)
        atoms.calc = SinglePointCalculator(atoms, energy=float(i), forces=np.zeros((4, 3)))
        atoms.info |= {"run": 20240100 + i // 2, "digest": 2**53 + i // 2}
        frames.append(atoms)
    write(tmp_path / "runs.xyz", frames)
    for key, first in (("run", 20240100), ("digest", 2**53)):
        groups = path(tmp_path / "runs.xyz", group_key=key).card["groups"]
        assert groups == {str(first + k): 2 for k in range(3)}
