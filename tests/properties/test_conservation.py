"""Energy conservation: a true potential passes, deliberate mistakes are caught."""

from __future__ import annotations

import pytest
from ase.calculators.emt import EMT
from example_potentials import ETHANE, FlawedEMT

from mlffbench.properties.conservation import conservation


def test_true_forces_do_the_work_that_the_energy_says() -> None:
    found = conservation(EMT(), ETHANE)
    assert found.energies.shape == (4, 41)
    assert found.relative_error < 1e-3
    assert found.largest_step < 1e-4


def test_forces_that_turn_are_caught() -> None:
    true, wrong = (conservation(c, ETHANE) for c in (EMT(), FlawedEMT("turning")))
    assert wrong.error > 30 * true.error
    assert wrong.relative_error > 0.01


def test_a_step_of_the_energy_is_found_whole() -> None:
    atoms = ETHANE.copy()
    atoms.positions[0, 0] = atoms.positions[1:, 0].mean()
    found = conservation(FlawedEMT("step"), atoms)
    assert found.largest_step == pytest.approx(0.02, rel=0.05)
