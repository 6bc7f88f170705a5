"""Symmetries: a true potential passes, each broken one is caught."""

from __future__ import annotations

from typing import Any

import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from example_potentials import ETHANE, FlawedEMT

from mlffbench.properties.invariance import invariance


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
    found = invariance(FlawedEMT(mistake), ETHANE)
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
