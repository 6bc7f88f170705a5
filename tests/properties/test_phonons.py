"""Phonons of springs in closed form, imaginary modes, and errors between spectra."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones
from ase.neighborlist import neighbor_list

from mlffbench.properties.phonons import phonons
from mlffbench.properties.thermal_expansion import thermal_expansion

K, D = 3.0, 2.6  # eV/Å², Å


class Springs(Calculator):
    """½ k (r − d)² between atoms nearer than 1.2 d: exact harmonic frequencies at rest."""

    implemented_properties: ClassVar[list[str]] = ["energy", "forces"]

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        i, r, d = neighbor_list("iDd", self.atoms, 1.2 * D)
        forces = np.zeros((len(self.atoms), 3))
        np.add.at(forces, i, (K * (d - D) / d)[:, None] * r)
        self.results = {"energy": float((K * (d - D) ** 2).sum() / 4), "forces": forces}


def test_springs_have_their_exact_phonons() -> None:
    atoms = bulk("Cu", a=D * 2**0.5)
    found = phonons(Springs(), atoms, min_length=8.0, displacement=1e-3, mesh=4, n_path=61)
    thz = np.sqrt(K * units._e / 1e-20 / (atoms.get_masses()[0] * units._amu)) / (2 * np.pi * 1e12)
    at = {name: int(np.argmin(np.abs(found.distance - x))) for x, name in found.labels}
    np.testing.assert_allclose(found.bands[at["X"]], thz * np.array([4, 4, 8]) ** 0.5, rtol=2e-3)
    np.testing.assert_allclose(found.bands[at["L"]], thz * np.array([2, 2, 8]) ** 0.5, rtol=2e-3)
    np.testing.assert_allclose(found.bands[0], 0, atol=1e-3)
    assert found.imaginary == 0
    # the mean of ω² over all modes is the trace of the self force constant: 12 neighbours, k each, over 3 m
    assert found.mean_square_frequency == pytest.approx(thz**2 * 12 / 3, rel=5e-3)
    grid = np.linspace(-2, 1.3 * found.max_frequency, 800)
    assert np.trapezoid(found.density(grid), grid) == pytest.approx(3, rel=1e-3)


def test_a_structure_that_is_no_minimum_has_imaginary_modes() -> None:
    found = phonons(
        LennardJones(sigma=2.5, epsilon=0.1, rc=6.0), bulk("Cu", "sc", a=2.75), min_length=7.0, mesh=4
    )
    assert found.imaginary > 0.1
    assert found.bands.min() < 0


def test_the_error_of_scaled_phonons_is_their_scale() -> None:
    small = {"min_length": 4.0, "mesh": 3, "n_path": 11}
    soft, stiff = (
        phonons(LennardJones(sigma=2.5, epsilon=e, rc=5.0), bulk("Cu", a=3.85), **small) for e in (0.1, 0.121)
    )
    assert stiff.frequency_error(soft) == pytest.approx(0.1 * soft.mean_square_frequency**0.5, rel=1e-6)
    assert stiff.max_frequency_error(soft) == pytest.approx(0.1 * soft.max_frequency, rel=1e-6)
    with pytest.raises(ValueError, match="different points"):
        soft.frequency_error(phonons(EMT(), bulk("Cu"), min_length=4.0, mesh=2, n_path=11))


def test_left_handed_cell_vectors_give_the_same_phonons() -> None:
    right = bulk("Cu", a=3.59)
    for vectors in (right.cell.array[[1, 0, 2]], -right.cell.array):
        left = Atoms(right.numbers, right.positions, cell=vectors, pbc=True)
        assert np.linalg.det(left.cell.array) < 0 or np.linalg.det(right.cell.array) < 0
        expected, predicted = (phonons(EMT(), a, min_length=5, mesh=4) for a in (right, left))
        assert predicted.max_frequency == pytest.approx(expected.max_frequency, abs=1e-3)
        assert predicted.mean_square_frequency == pytest.approx(expected.mean_square_frequency, rel=1e-4)


def test_left_handed_cell_vectors_give_the_same_expansion() -> None:
    right = bulk("Cu", a=3.59)
    left = Atoms(right.numbers, right.positions, cell=right.cell.array[[1, 0, 2]], pbc=True)
    expected, predicted = (
        thermal_expansion(EMT(), a, min_length=4, mesh=4).coefficients for a in (right, left)
    )
    assert predicted == pytest.approx(expected, rel=1e-3)
