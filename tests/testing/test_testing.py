"""A sound model passes the contract."""

from __future__ import annotations

from broken_models import Sound

from mlffbench import testing
from mlffbench.estimators import AtomicReference


def test_a_sound_model_passes(crystals):
    for check in testing.FORCEFIELD_CHECKS:
        check(testing.fitted(Sound, crystals))


def test_a_sound_model_passes_in_small_cells(cells):
    for check in testing.FORCEFIELD_CHECKS:
        check(testing.fitted(Sound, cells))


def test_outsiders_call_one_function():
    testing.check_forcefield(AtomicReference)
