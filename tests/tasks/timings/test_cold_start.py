"""The cold start, in this process and in a new one."""

from __future__ import annotations

import pytest
from ase.build import molecule

from mlffbench.estimators.atomic_reference import AtomicReference
from mlffbench.tasks.timings import cold_start as module
from mlffbench.tasks.timings.cold_start import cold_start

MODEL = AtomicReference().fit([molecule("H2"), molecule("O2")], [-6.0, -8.0])


def test_a_new_process_starts_from_nothing():
    here = cold_start(MODEL, molecule("H2O"), "cpu", False, 60.0)
    new = cold_start(MODEL, molecule("H2O"), "cpu", True, 60.0)
    assert set(here) == {"load", "first_prediction"}
    assert set(new) == {"start", "load", "first_prediction"}
    assert new["start"] > 0.1, "Python and numpy take longer"
    assert all(seconds > 0 for seconds in (*here.values(), *new.values()))


def test_a_new_process_that_takes_too_long_is_ended():
    with pytest.raises(TimeoutError, match=r"made no prediction in 0.01 s; raise max_seconds"):
        cold_start(MODEL, molecule("H2O"), "cpu", True, 0.01)


def test_what_the_new_process_says_is_told(monkeypatch):
    monkeypatch.setattr(module, "PROGRAM", "raise SystemExit('no room')")
    with pytest.raises(RuntimeError, match="the new process failed: no room"):
        cold_start(MODEL, molecule("H2O"), "cpu", True, 60.0)
