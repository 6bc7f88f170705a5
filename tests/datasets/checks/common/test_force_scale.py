"""Forces on their own scale, also where no two frames are near."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator

from mlffbench.datasets.checks.common.checkup import checkup
from mlffbench.datasets.checks.common.force_scale import force_scale
from mlffbench.datasets.formats.to_dataset import from_frames

KCAL = 23.0605


def labelled(frames: list[Atoms], energy: float = 1.0, force: float = 1.0, stress: float | None = None):
    out = []
    for atoms in frames:
        atoms.calc = EMT()
        results = {"energy": energy * atoms.get_potential_energy(), "forces": force * atoms.get_forces()}
        if stress is not None:
            results["stress"] = stress * atoms.get_stress()
        bare = atoms.copy()
        bare.calc = SinglePointCalculator(bare, **results)
        out.append(bare)
    return from_frames("d", out)


def copper() -> list[Atoms]:
    frames = [bulk("Cu", cubic=True) for _ in range(20)]
    for i, atoms in enumerate(frames):
        atoms.rattle(0.08, seed=i)
    return frames


def alloys(n: int = 30) -> list[Atoms]:
    """Diverse crystals: no two have the same atoms."""
    rng, frames = np.random.default_rng(0), []
    for i in range(n):
        atoms = bulk("Cu", cubic=True) * (1, 1, int(rng.integers(1, 3)))
        atoms.symbols = rng.choice(["Cu", "Ag", "Au", "Ni", "Pd", "Pt"], len(atoms))
        atoms.set_cell(atoms.cell * rng.uniform(1.0, 1.15), scale_atoms=True)
        atoms.rattle(0.1, seed=i)
        frames.append(atoms)
    return frames


def molecules() -> list[Atoms]:
    names = ("C2H6", "CH4", "H2O", "C2H4", "CH3OH", "NH3", "C2H2", "H2CO", "C3H8", "CH3CN")
    frames = [molecule(name) for name in names]
    for i, atoms in enumerate(frames):
        atoms.rattle(0.05, seed=i)
    return frames


@pytest.mark.parametrize("frames", [copper, alloys, molecules])
def test_forces_in_ev_are_no_finding(frames):
    data = labelled(frames())
    assert not [f for f in checkup(data) if f.check in ("force_units", "stress_units")]
    assert force_scale(data) is None or not force_scale(data).is_unlikely


@pytest.mark.parametrize("frames", [copper, alloys, molecules])
@pytest.mark.parametrize(("unit", "size"), [("kcal/mol", KCAL), ("kJ/mol", 96.485)])
def test_energies_and_forces_in_one_other_unit_are_found(frames, unit, size):
    (finding,) = [f for f in checkup(labelled(frames(), size, size)) if f.check == "force_units"]
    assert unit in finding.message or frames is molecules


def test_copper_in_hartree_and_bohr_is_named():
    (finding,) = [
        f for f in checkup(labelled(copper(), 1 / 27.2114, 1 / 51.4221)) if f.check == "force_units"
    ]
    assert "forces look like Hartree/bohr" in finding.message


@pytest.mark.parametrize("size", [1602.2, -1602.2, 160.22])
@pytest.mark.parametrize("frames", [copper, alloys])
def test_stresses_in_gpa_or_kbar_are_found_without_near_strained_frames(frames, size):
    assert not [f for f in checkup(labelled(frames(), stress=1.0)) if f.check == "stress_units"]
    (finding,) = [f for f in checkup(labelled(frames(), stress=size)) if f.check == "stress_units"]
    assert "GPa or kbar" in finding.message


def test_compressed_crystals_may_have_large_stresses():
    frames = []
    for i in range(12):
        atoms = bulk("Cu", a=2.7, cubic=True)
        atoms.rattle(0.02, seed=i)
        frames.append(atoms)
    data = labelled(frames, stress=1.0)
    assert np.median([np.abs(s).max() for s in data.labels.stress]) > 1.0
    assert not [f for f in checkup(data) if f.check == "stress_units"]
