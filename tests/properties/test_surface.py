"""Surface energies of potentials for which they are known."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111
from ase.calculators.emt import EMT
from ase.optimize import BFGS
from example_potentials import BOND_ENERGY, BOND_LENGTH, BondedNeighbours

from mlffbench.labelling.calculators.stillinger_weber import stillinger_weber
from mlffbench.properties.surface import surface_energy

JOULE = 16.02176634  # J/m² of one eV/Å²


@pytest.mark.parametrize(("hkl", "broken", "area"), [
    ((1, 1, 1), 3, 3**0.5 / 4), ((1, 0, 0), 4, 1 / 2), ((1, 1, 0), 6, 2**-0.5), ((3, 1, 1), 7, 11**0.5 / 4),
])  # fmt: skip
def test_surfaces_of_a_pair_crystal_cost_half_their_broken_bonds(
    hkl: tuple[int, ...], broken: int, area: float
) -> None:
    """Bonds cut per atom of the plane; fcc, whatever cell it is given in."""
    for cubic in (False, True):
        found = surface_energy(
            BondedNeighbours(), bulk("Cu", a=BOND_LENGTH * 2**0.5, cubic=cubic), hkl, thickness=6.0
        )
        assert found.area == pytest.approx(area * 2 * BOND_LENGTH**2)
        exact = broken * BOND_ENERGY / 2 / found.area * JOULE
        assert found.unrelaxed_energy == pytest.approx(exact, rel=1e-6)
        assert found.energy == pytest.approx(exact, rel=1e-6)
        assert np.ptp(found.atoms.positions[:, 2]) <= found.atoms.cell[2, 2] - 12.0 + 1e-6


SI = bulk("Si", "diamond", a=5.43095)


def test_silicon_is_cut_where_it_breaks_fewest_bonds() -> None:
    """One bond of 2.1682 eV per (111) surface atom, two per (100); no angle changes its energy."""
    for hkl, broken in {(1, 1, 1): 1, (1, 0, 0): 2}.items():
        found = surface_energy(stillinger_weber(), SI, hkl)
        assert found.unrelaxed_energy == pytest.approx(broken * 2.1682 / 2 / found.area * JOULE, rel=1e-3)


def test_copper_111_is_that_of_ases_own_slab() -> None:
    crystal = bulk("Cu", a=3.59)
    found = surface_energy(EMT(), crystal, (1, 1, 1), thickness=10.0)
    slab = fcc111("Cu", (1, 1, len(found.atoms)), a=3.59, vacuum=10.0)
    slab.calc, crystal.calc = EMT(), EMT()
    whole = len(slab) * crystal.get_potential_energy()
    area = np.linalg.norm(np.cross(*slab.cell[:2]))
    before = (slab.get_potential_energy() - whole) / (2 * area) * JOULE
    BFGS(slab, logfile=None).run(fmax=0.01)
    after = (slab.get_potential_energy() - whole) / (2 * area) * JOULE
    assert found.unrelaxed_energy == pytest.approx(before, rel=1e-6)
    assert found.energy == pytest.approx(after, rel=1e-4)
    assert found.energy < found.unrelaxed_energy


def test_no_surface_without_indices_or_a_crystal() -> None:
    with pytest.raises(ValueError, match=r"three integers, not all zero; got \(0, 0, 0\)"):
        surface_energy(EMT(), bulk("Cu"), (0, 0, 0))
    with pytest.raises(ValueError, match="no crystal"):
        surface_energy(EMT(), Atoms("Cu", cell=[9, 9, 9]))
