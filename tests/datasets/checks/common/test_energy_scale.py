"""Energies on their own scale, where there are no forces."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.emt import EMT
from ase.units import Hartree, Rydberg, kcal, kJ, mol
from planted_mistakes import part, rmd17

from mlffbench.data import Labels
from mlffbench.datasets.checks.common.checkup import checkup
from mlffbench.datasets.checks.common.energy_scale import energy_scale
from mlffbench.datasets.formats.to_dataset import from_frames
from mlffbench.datasets.silicon import silicon

UNITS = {"kcal/mol": kcal / mol, "kJ/mol": kJ / mol, "Hartree": Hartree, "Rydberg": Rydberg}


def energies_of(frames: list[Atoms]):
    """Frames with EMT's energies and nothing else."""
    for atoms in frames:
        atoms.calc = EMT()
        atoms.info["energy"], atoms.calc = atoms.get_potential_energy(), None
    return from_frames("d", frames)


def copper():
    frames = [bulk("Cu", cubic=True) for _ in range(30)]
    for i, atoms in enumerate(frames):
        atoms.rattle(0.08, seed=i)
    return energies_of(frames)


def alloys():
    """Crystals of which no two have the same atoms."""
    rng, frames = np.random.default_rng(0), []
    for i in range(40):
        atoms = bulk("Cu", cubic=True) * (1, 1, int(rng.integers(1, 3)))
        atoms.symbols = rng.choice(["Cu", "Ag", "Au", "Ni", "Pd", "Pt"], len(atoms))
        atoms.set_cell(atoms.cell * rng.uniform(0.98, 1.15), scale_atoms=True)
        atoms.rattle(0.1, seed=i)
        frames.append(atoms)
    return energies_of(frames)


def molecules():
    names = ("C2H6", "CH4", "H2O", "C2H4", "CH3OH", "NH3", "C2H2", "H2CO", "C3H8", "CH3CN", "C4H4O", "HCN")
    frames = [molecule(name) for name in names * 2]
    for i, atoms in enumerate(frames):
        atoms.rattle(0.05, seed=i)
    return energies_of(frames)


def alone(data, unit: float = 1.0):
    """The dataset with its energies only, stored in another unit."""
    energy = (data.labels.energy - data.labels.energy.mean()) / unit  # no total energies
    return replace(data, labels=Labels(energy, None, None))


@pytest.mark.parametrize("make", [lambda _: copper(), lambda data: part(rmd17(data, "ethanol"), range(300))])
def test_energies_rise_with_the_strain_of_bonds(make, shared_data):
    data = make(shared_data)
    scale = energy_scale(alone(data))
    assert 0.7 < scale.ratio < 1.7
    assert not scale.is_unlikely
    assert not [f for f in checkup(alone(data)) if f.check == "energy_units"]
    for unit in UNITS.values():
        wrong = alone(data, unit)
        assert energy_scale(wrong).ratio == pytest.approx(scale.ratio / unit)
        (finding,) = (f for f in checkup(wrong) if f.check == "energy_units")
        assert "times as steeply with the strain of bonds" in finding.message
        assert not finding.certain
        named = ("kcal/mol or kJ/mol" if unit < 1 else "Hartree or Rydberg") in finding.message
        assert named


@pytest.mark.parametrize("make", [alloys, molecules, silicon])
def test_energies_spread_little_around_those_of_their_composition(make):
    data = make()
    assert not [f for f in checkup(alone(data)) if f.check == "energy_units"]
    (finding,) = (f for f in checkup(alone(data, kJ / mol)) if f.check == "energy_units")
    assert "eV an atom around those of their composition" in finding.message


def test_few_frames_and_lone_atoms_have_no_scale():
    frames = [Atoms("H", info={"energy": float(i)}) for i in range(30)]
    assert energy_scale(from_frames("d", frames)) is None
    assert energy_scale(part(copper(), range(5))) is None
