"""Stresses against forces, in crystals that are softer than metals and covalent ones."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.lj import LennardJones
from ase.calculators.singlepoint import SinglePointCalculator
from ase.units import Bohr, GPa, Hartree, Rydberg

from mlffbench.datasets.checks.common.stress_scale import relative_stress
from mlffbench.datasets.checks.stress_units import stress_units
from mlffbench.datasets.emt_copper import emt_copper
from mlffbench.datasets.formats.to_dataset import from_frames
from mlffbench.datasets.silicon import silicon


def salt(unit: float = 1.0, epsilon: float = 0.1):
    """Soft ionic crystals whose stress is stored in another unit."""
    frames = []
    for i in range(8):
        atoms = bulk("NaCl", "rocksalt", a=5.64, cubic=True)
        atoms.rattle(0.07, seed=i)
        bare = atoms.copy()
        atoms.calc = LennardJones(sigma=2.5, epsilon=epsilon, rc=5)
        results = {"energy": atoms.get_potential_energy(), "forces": atoms.get_forces()}
        bare.calc = SinglePointCalculator(bare, stress=atoms.get_stress() / unit, **results)
        frames.append(bare)
    return from_frames("salt", frames)


@pytest.mark.parametrize("make", [silicon, emt_copper, salt])
def test_stresses_are_those_of_the_forces(make):
    data = make()
    assert 0.2 < relative_stress(data) < 2
    assert stress_units(data) == []


@pytest.mark.parametrize(("unit", "named"), [(Hartree / Bohr**3, "Hartree/bohr"), (Rydberg / Bohr**3, "Ryd")])
def test_stresses_that_are_too_small_are_named(unit, named):
    (finding,) = stress_units(salt(unit))
    assert "times those that the forces of displaced atoms make" in finding.message
    assert named in finding.message
    assert not finding.certain


@pytest.mark.parametrize("unit", [GPa, 0.1 * GPa])
def test_stresses_of_soft_crystals_that_are_too_large_are_named(unit):
    data = salt(unit, epsilon=0.03)
    assert np.median([np.abs(s).max() for s in data.labels.stress]) * unit < 0.01  # 1 GPa
    (finding,) = stress_units(data)
    assert "GPa or kbar" in finding.message


def test_atoms_at_rest_have_no_scale():
    atoms = bulk("NaCl", "rocksalt", a=5.5, cubic=True)
    atoms.calc = SinglePointCalculator(atoms, energy=0.0, forces=np.zeros((8, 3)), stress=np.full(6, 0.01))
    assert relative_stress(from_frames("rest", [atoms] * 8)) is None
