"""The sanity of potentials: a true one passes, and each deliberate mistake is caught by what looks for it."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones

from mlffbench.properties.compression import compression
from mlffbench.properties.conservation import conservation
from mlffbench.properties.invariance import invariance


class Wrong(Calculator):
    """EMT, and a mistake."""

    implemented_properties: ClassVar[list[str]] = ["energy", "forces"]

    def __init__(self, mistake: str) -> None:
        super().__init__()
        self.mistake, self.true = mistake, EMT()

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        copy = self.atoms.copy()
        copy.calc = self.true
        energy, forces = copy.get_potential_energy(), copy.get_forces()
        x = copy.positions
        if self.mistake == "turning":
            arms = x - x.mean(axis=0)
            forces = forces + 0.3 * np.stack([-arms[:, 1], arms[:, 0], 0 * arms[:, 0]], axis=1)
        elif self.mistake == "step":
            energy = energy + 0.02 * float(x[0, 0] - x[1:, 0].mean() > 0)
        elif self.mistake == "place":
            energy, forces = energy + 0.1 * x[0, 2], forces - 0.1 * np.eye(len(x), 3)[:, [1, 2, 0]]
        elif self.mistake == "axis":
            energy = energy + 0.1 * float(np.ptp(x[:, 0]))
        elif self.mistake == "first":
            energy = energy + 0.1 * float(np.linalg.norm(x - x[0], axis=1).sum())
        elif self.mistake == "average":
            energy = energy / len(x)
        elif self.mistake == "far":
            forces = forces + 0.01 * np.ptp(x[:, 2])
        self.results = {"energy": float(energy), "forces": forces}


ETHANE = molecule("CH3CH2OH")


# ---------------------------------------------------------------- conservation
def test_true_forces_do_the_work_that_the_energy_says() -> None:
    found = conservation(EMT(), ETHANE)
    assert found.energies.shape == (4, 41)
    assert found.relative_error < 1e-3
    assert found.largest_step < 1e-4


def test_forces_that_turn_are_caught() -> None:
    true, wrong = (conservation(c, ETHANE) for c in (EMT(), Wrong("turning")))
    assert wrong.error > 30 * true.error
    assert wrong.relative_error > 0.01


def test_a_step_of_the_energy_is_found_whole() -> None:
    atoms = ETHANE.copy()
    atoms.positions[0, 0] = atoms.positions[1:, 0].mean()
    found = conservation(Wrong("step"), atoms)
    assert found.largest_step == pytest.approx(0.02, rel=0.05)


# ---------------------------------------------------------------- invariance
@pytest.mark.parametrize("atoms", [ETHANE, bulk("Cu", cubic=True) * (2, 1, 1)], ids=["molecule", "crystal"])
def test_a_true_potential_is_invariant(atoms: Atoms) -> None:
    rattled = atoms.copy()
    rattled.rattle(0.05, seed=1)
    found = invariance(EMT(), rattled)
    for energy, forces in (found.translation, found.rotation, found.permutation):
        assert energy < 1e-9
        assert forces < 1e-7
    assert found.extensivity is not None
    assert found.extensivity < 1e-9
    assert (found.locality is None) == bool(atoms.pbc.any())
    assert found.locality is None or found.locality < 1e-9


@pytest.mark.parametrize(
    ("mistake", "caught"),
    [
        ("place", "translation"),
        ("axis", "rotation"),
        ("first", "permutation"),
        ("average", "extensivity"),
        ("far", "locality"),
    ],
)
def test_each_broken_symmetry_is_caught(mistake: str, caught: str) -> None:
    found = invariance(Wrong(mistake), ETHANE)
    value = getattr(found, caught)
    assert (value[0] if isinstance(value, tuple) else value) > 1e-3


def test_what_a_model_refuses_is_not_measured() -> None:
    class One(EMT):
        def calculate(self, atoms: Any = None, *args: Any, **kwargs: Any) -> None:
            if len(atoms) != len(ETHANE):
                raise ValueError("one molecule only")
            super().calculate(atoms, *args, **kwargs)

    found = invariance(One(), ETHANE)
    assert found.extensivity is None
    assert found.locality is None


# ---------------------------------------------------------------- compression
def test_a_wall_has_no_holes_and_a_hole_is_found() -> None:
    crystal = bulk("Cu", a=3.6)
    wall = compression(LennardJones(sigma=2.3, epsilon=0.2, rc=6.0), crystal, n=21)
    assert (wall.holes, wall.depth) == (0, 0.0)

    class Hole(LennardJones):
        def calculate(self, *args: Any, **kwargs: Any) -> None:
            super().calculate(*args, **kwargs)
            if self.atoms.get_volume() < 4.0:
                self.results["energy"] *= -1

    found = compression(Hole(sigma=2.3, epsilon=0.2, rc=6.0), crystal, n=21)
    assert found.holes > 1
    assert found.depth > 1
