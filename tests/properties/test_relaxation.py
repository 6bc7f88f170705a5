"""Relaxation of cells and positions against lattice sums and ASE's cell filter."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.filters import FrechetCellFilter
from example_potentials import A6, A12, lennard_jones, rattled

from mlffbench.properties.relaxation import degrees_of_freedom, relax, relaxed


@pytest.mark.parametrize("hydrostatic", [False, True])
def test_the_cell_filter_is_that_of_ase(hydrostatic: bool) -> None:
    """Positions and forces, of a general strain and of none (equal eigenvalues)."""
    shear = np.array([[1.1, 0.2, 0.0], [-0.1, 0.9, 0.3], [0.1, 0.0, 1.2]])
    for strain in (shear, np.diag([1.1, 1.1, 0.9]), np.eye(3), [[1, 0.2, 0], [0, 1, 0], [0, 0, 1]]):
        one, other = rattled(1)[0], rattled(1)[0]
        ours = degrees_of_freedom(one, "hydrostatic" if hydrostatic else True, pressure=0.01 / units.GPa)
        theirs = FrechetCellFilter(other, hydrostatic_strain=hydrostatic, scalar_pressure=0.01)
        for atoms in (one, other):
            atoms.set_cell(atoms.cell.array @ strain, scale_atoms=True)
            atoms.calc = EMT()
        np.testing.assert_allclose(ours.get_positions(), theirs.get_positions(), atol=1e-8)
        np.testing.assert_allclose(ours.get_forces(), theirs.get_forces(), atol=1e-8)


def test_a_cell_relaxes_to_the_lattice_sum() -> None:
    start = bulk("Cu", a=4.1)
    found = relax(lennard_jones(), start, cell=True, fmax=1e-4)
    assert found.converged
    assert found.steps > 0
    nearest = found.atoms.cell.lengths()[0]
    assert nearest == pytest.approx(2.5 * (2 * A12 / A6) ** (1 / 6), rel=1e-3)
    assert found.energy == pytest.approx(-0.1 * A6**2 / (2 * A12), rel=6e-3)
    assert start.cell.lengths()[0] == pytest.approx(4.1 / 2**0.5)  # the start is as it was
    assert found.atoms.calc is None


def test_a_relaxation_that_does_not_arrive_says_so() -> None:
    start = bulk("Cu", cubic=True)
    start.rattle(0.1, seed=0)
    assert not relax(EMT(), start, fmax=1e-3, steps=2).converged
    with pytest.raises(
        ValueError, match=r"not relaxed after 2 steps: the largest force is .* 0\.001 was asked"
    ):
        relaxed(EMT(), start, fmax=1e-3, steps=2)
    with pytest.raises(ValueError, match="not periodic"):
        relax(EMT(), Atoms("Cu"), cell=True)
