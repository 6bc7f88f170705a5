"""Dissociation curves against closed forms, and their defects."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from ase.calculators.emt import EMT
from ase.calculators.morse import MorsePotential
from example_chain import Chain, chain

from mlffbench.properties.dissociation import dissociation


def test_a_morse_molecule_dissociates_as_its_formula_says() -> None:
    epsilon, rho, r0 = 4.0, 3.0, 1.2
    calculator = MorsePotential(epsilon=epsilon, rho0=rho, r0=r0, rcut1=30.0, rcut2=31.0)
    atoms = Atoms("N2", [[0.1, 0, 0], [0.1, 0, r0]])
    found = dissociation(calculator, atoms, (0, 1), longest=9.0)
    x = np.exp(-rho * (found.distances / r0 - 1))
    far = np.exp(-rho * (9.0 / r0 - 1))
    np.testing.assert_allclose(found.energies, epsilon * (x * (x - 2) - far * (far - 2)), atol=1e-9)
    np.testing.assert_allclose(found.forces, 2 * epsilon * rho / r0 * (x - 1) * x, atol=1e-9)
    assert found.depth == pytest.approx(epsilon, abs=1e-6)
    assert found.fall == 0
    assert found.discontinuity < 1e-3
    assert (found.force_flips, found.energy_jump, found.symbols) == (1, 0, ("N", "N"))
    assert found.tortuosity == pytest.approx(1)


@pytest.mark.parametrize(("bond", "n_broken"), [((0, 1), 1), ((2, 1), 2)])
def test_a_bond_takes_its_side_of_the_molecule_with_it(bond: tuple[int, int], n_broken: int) -> None:
    """The end's bond breaks with one second neighbour, the middle's with two."""
    calculator = Chain()
    found = dissociation(calculator, chain(calculator.gauche()), bond, longest=12.0)
    first = calculator.depth[0] if n_broken == 1 else calculator.depth[1]
    assert found.depth == pytest.approx(first + 1.5 * n_broken, abs=1e-3)
    assert found.fall == pytest.approx(0, abs=1e-9)
    assert found.discontinuity < 1e-3


def test_a_jump_in_a_curve_shows_whole() -> None:
    class Torn(Chain):
        """0.3 eV lower where the first bond is longer than 2.5 Å."""

        def energies(self, x: np.ndarray) -> np.ndarray:
            return super().energies(x) - 5.3 * (np.linalg.norm(x[:, 0] - x[:, 1], axis=-1) > 2.5)

    found = dissociation(Torn(), chain(55), (0, 1))
    assert found.discontinuity == pytest.approx(5.3, abs=0.01)
    assert found.fall > 0.3
    with pytest.raises(ValueError, match="part of a ring"):
        dissociation(EMT(), molecule("C6H6"), (0, 1))
    with pytest.raises(ValueError, match="cannot be pulled to 1 Å"):
        dissociation(Chain(), chain(55), (0, 1), longest=1.0)
