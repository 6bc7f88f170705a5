"""Hessian and asymmetry of forces that are not a gradient."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from ase.calculators.emt import EMT
from example_potentials import Swirl

from mlffbench.properties.hessian import hessian


def test_the_asymmetry_of_a_field_that_turns_is_the_part_that_turns() -> None:
    found = hessian(Swirl(), Atoms("H", [[0.1, 0.2, 0.3]]))
    expected = np.array([[1, 0.5, 0], [-0.5, 1, 0], [0, 0, 1]])
    np.testing.assert_allclose(found.matrix, expected, atol=1e-9)
    np.testing.assert_allclose(found.symmetric, np.eye(3), atol=1e-9)
    assert found.asymmetry == pytest.approx(np.sqrt(2 * 0.25) / np.sqrt(3 + 2 * 0.25))
    assert hessian(EMT(), molecule("H2O")).asymmetry < 1e-4
