"""Torsion profiles of a molecule whose torsion energy is known."""

from __future__ import annotations

import numpy as np
import pytest
from example_chain import Chain, chain

from mlffbench.properties.torsion import torsion


def rest_energy(calculator: Chain) -> float:
    return -float(calculator.depth.sum())


@pytest.mark.parametrize("relax", [False, True])
def test_the_profile_of_a_torsion_is_its_formula(relax: bool) -> None:
    calculator = Chain()
    start = chain(40)
    if relax:
        start.positions += 0.05 * np.random.default_rng(0).normal(size=(4, 3))
    found = torsion(calculator, start, (0, 1, 2, 3), relax=relax, fmax=1e-3)
    expected = calculator.torsion(found.angles)
    np.testing.assert_allclose(found.energies - rest_energy(calculator), expected, atol=1e-4)
    assert found.barrier == pytest.approx(np.ptp(expected), abs=1e-4)
    assert sorted(found.barriers) == [-120, 0, 120]
    assert found.barriers[0] == pytest.approx(calculator.torsion(0) - expected.min(), abs=1e-4)
    measured = [a.get_dihedral(0, 1, 2, 3) for a in found.structures]
    np.testing.assert_allclose((np.array(measured) - found.angles + 180) % 360, 180, atol=1e-3)


def test_the_ends_of_half_a_turn_can_be_maxima() -> None:
    found = torsion(Chain(), chain(40), (0, 1, 2, 3), angles=np.arange(0, 181, 10))
    assert sorted(found.barriers) == [0, 120]
    with pytest.raises(ValueError, match="two angles or more, ascending"):
        torsion(Chain(), chain(40), (0, 1, 2, 3), angles=[0, 90, 10])
