"""Two levels of theory, seen as one constant shift between near frames."""

from __future__ import annotations

import pytest
from planted_mistakes import ODD, SOME, acac, atomised, energies, silicon, springs

from mlffbench.datasets.checks.common.level_shift import level_shift


def test_the_shift_of_another_level_has_its_size_and_sign(shared_data):
    shift = level_shift(energies(silicon(shared_data), ODD, lambda e: e + 30))
    assert shift.size == pytest.approx(30, rel=0.01)
    parity = 1 if shift.sign == "above" else 0
    assert all(i % 2 == parity for i in shift.frames)


def test_one_level_has_no_shift(shared_data):
    assert level_shift(silicon(shared_data)) is None
    assert level_shift(springs()) is None


def test_mixed_zeros_are_no_levels(shared_data):
    assert level_shift(atomised(acac(shared_data), SOME)) is None
