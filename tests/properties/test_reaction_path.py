"""Reaction paths on surfaces whose saddle points are known."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from ase.constraints import FixCartesian
from example_chain import Chain, chain

from mlffbench.properties.geometry import superposed_rmsd
from mlffbench.properties.reaction_path import reaction_path


class MuellerBrown(Calculator):
    """The surface of K. Müller and L. D. Brown, Theor. Chim. Acta 53, 75 (1979), in 0.01 eV, over x and y."""

    implemented_properties: ClassVar[list[str]] = ["energy", "forces"]
    A, a, b, c, x0, y0 = np.array(
        [
            [-200, -100, -170, 15],
            [-1, -1, -6.5, 0.7],
            [0, 0, 11, 0.6],
            [-10, -10, -6.5, 0.7],
            [1, 0, -0.5, -1],
            [0, 0.5, 1.5, 1],
        ]
    )

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        x, y = self.atoms.positions[0, 0] - self.x0, self.atoms.positions[0, 1] - self.y0
        terms = 0.01 * self.A * np.exp(self.a * x**2 + self.b * x * y + self.c * y**2)
        slope = [
            np.sum(terms * (2 * self.a * x + self.b * y)),
            np.sum(terms * (self.b * x + 2 * self.c * y)),
            0,
        ]
        self.results = {"energy": float(terms.sum()), "forces": -np.array([slope])}


def test_the_path_of_mueller_and_brown_climbs_to_their_saddle_point() -> None:
    """Minima −146.6995 and −108.1667, highest saddle point −40.6648 at (−0.822, 0.624); published values."""
    start, end = (Atoms("H", [[*xy, 0]]) for xy in ((-0.5, 1.4), (0.6, 0.0)))
    start.set_constraint(FixCartesian(0, (False, False, True)))
    found = reaction_path(MuellerBrown(), start, end, n_images=9, fmax=0.005, ends_fmax=1e-3, spring=1.0)
    assert found.barrier == pytest.approx(1.466995 - 0.406648, abs=2e-5)
    assert found.reaction_energy == pytest.approx(1.466995 - 1.081667, abs=2e-5)
    np.testing.assert_allclose(found.saddle.positions[0, :2], [-0.822, 0.624], atol=2e-3)
    straight = np.linalg.norm([0.623 + 0.558, 1.442 - 0.028])
    assert found.lengths[0] == 0
    assert straight < found.lengths[-1] < 1.5 * straight
    assert len(found.images) == len(found.energies) == 9
    assert found.images[4].calc is None
    with pytest.raises(ValueError, match="3 images or more"):
        reaction_path(MuellerBrown(), start, end, n_images=2)


def test_a_molecule_turns_over_by_its_own_barrier() -> None:
    calculator = Chain()
    minimum, mirrored = chain(50), chain(-50)
    found = reaction_path(calculator, minimum, mirrored, n_images=5, fmax=0.02, ends_fmax=1e-3)
    barrier = calculator.torsion(0) - calculator.torsion(calculator.gauche())
    assert found.barrier == pytest.approx(barrier, abs=2e-4)
    assert found.reaction_energy == pytest.approx(0, abs=1e-5)
    assert superposed_rmsd(found.saddle, chain(0)) < 5e-3
