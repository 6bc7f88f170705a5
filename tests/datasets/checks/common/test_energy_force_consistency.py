"""Energies against the work of forces and stresses, and the stiffness of bonds."""

from __future__ import annotations

import pytest
from planted_mistakes import acac, check, silicon, springs, strained

from mlffbench.datasets.checks.common.bond_stiffness import relative_stiffness
from mlffbench.datasets.checks.common.energy_force_consistency import force_slope, stress_slope


def test_labels_of_public_data_fit(shared_data):
    """Energies against the work of forces and stresses: 1 but for what is not harmonic."""
    assert force_slope(acac(shared_data)).value == pytest.approx(1, abs=0.1)
    assert force_slope(silicon(shared_data)).value == pytest.approx(1, abs=0.1)
    assert stress_slope(silicon(shared_data)).value == pytest.approx(1, abs=0.01)
    assert relative_stiffness(silicon(shared_data)) == pytest.approx(1, abs=0.3)
    assert relative_stiffness(acac(shared_data)) == pytest.approx(1.4, abs=0.3)


def test_a_spring_has_slope_one_and_its_stiffness():
    data = springs()
    assert force_slope(data).value == pytest.approx(1.0, abs=1e-9)
    expected = 40 / (0.76 + 0.31) ** 2  # covalent radii of C and H
    assert relative_stiffness(data) == pytest.approx(30 / expected, abs=1e-9)


def test_a_harmonic_crystal_has_stress_slope_one():
    assert stress_slope(strained()).value == pytest.approx(1.0, abs=0.01)
    assert stress_slope(strained(-1)).value == pytest.approx(-1.0, abs=0.01)
    assert not check("stress_order", strained())
