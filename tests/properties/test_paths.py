"""Paths, torsions, bonds and shapes of molecules on surfaces whose stationary points are known."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk, molecule
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones
from ase.calculators.morse import MorsePotential
from ase.constraints import FixCartesian
from example_chain import Chain, chain

from mlffbench.properties.conformers import conformers
from mlffbench.properties.dissociation import dissociation
from mlffbench.properties.geometry import geometry, superposed_rmsd
from mlffbench.properties.hessian import hessian
from mlffbench.properties.reaction_path import reaction_path
from mlffbench.properties.relaxation import relaxed
from mlffbench.properties.torsion import torsion
from mlffbench.properties.vibrations import vibrations


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


def rest_energy(calculator: Chain) -> float:
    return -float(calculator.depth.sum())


# ---------------------------------------------------------------- reaction path
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


# ---------------------------------------------------------------- torsion
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


# ---------------------------------------------------------------- dissociation
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


# ---------------------------------------------------------------- geometry
def test_turned_mirrored_and_moved_molecules_are_the_same() -> None:
    atoms = molecule("CH3CH2OH")
    moved = atoms.copy()
    moved.positions *= [1, 1, -1]
    moved.rotate(50, (1, 2, 3))
    moved.positions += [3, 2, 1]
    assert superposed_rmsd(moved, atoms) < 1e-12
    wide = atoms.copy()
    wide.positions *= 1.1
    centred = atoms.positions - atoms.positions.mean(axis=0)
    assert superposed_rmsd(wide, atoms) == pytest.approx(0.1 * np.sqrt((centred**2).sum() / len(atoms)))
    with pytest.raises(ValueError, match="the same order"):
        superposed_rmsd(atoms, atoms[::-1])


def test_a_displaced_molecule_finds_back() -> None:
    calculator = Chain()
    reference = chain(calculator.gauche())
    start = reference.copy()
    start.rattle(0.05, seed=1)
    found = geometry(calculator, start, reference)
    assert superposed_rmsd(start, reference) > 0.02
    assert found.rmsd < 1e-3
    assert found.bond_error < 1e-3
    assert found.angle_error < 0.1
    assert found.same_molecule
    assert found.energy == pytest.approx(
        rest_energy(calculator) + calculator.torsion(calculator.gauche()), abs=1e-6
    )


def test_errors_of_bonds_and_angles_are_those_of_the_potential() -> None:
    longer = Chain(bond=1.47)
    reference = chain(Chain().gauche())
    assert geometry(longer, reference).bond_error == pytest.approx(0.07, abs=1e-3)
    wider = Chain(second=2.5)
    wide, narrow = (chain(60, c).get_angle(0, 1, 2) for c in (wider, Chain()))
    found = geometry(wider, reference)
    assert found.angle_error == pytest.approx(wide - narrow, abs=0.1)
    assert found.bond_error < 1e-3
    apart = geometry(LennardJones(sigma=2.0, epsilon=0.1, rc=9.0), molecule("N2"))
    assert (apart.changed_bonds, apart.same_molecule, apart.angle_error) == (1, False, None)


# ---------------------------------------------------------------- conformers
def test_conformers_have_the_energies_of_their_angles() -> None:
    calculator = Chain()
    g = calculator.gauche()
    found = conformers(
        calculator,
        {"trans": chain(170), "gauche": chain(50), "mirrored": chain(-70)},
        fmax=1e-3,
    )
    above = calculator.torsion(180) - calculator.torsion(g)
    assert found.energies["trans"] == pytest.approx(above, abs=1e-4)
    assert found.energies["gauche"] == pytest.approx(0, abs=1e-4)
    assert found.collapsed == {"mirrored": "gauche"}
    assert found.broken == ()
    apart = conformers(LennardJones(sigma=2.0, epsilon=0.1, rc=9.0), {"N2": molecule("N2")})
    assert apart.broken == ("N2",)
    assert found.errors({"trans": 7.1, "gauche": 7.0})["trans"] == pytest.approx(above - 0.1, abs=1e-4)
    assert found.rank_error({"trans": 7.1, "gauche": 7.0}) == 0
    assert found.rank_error({"trans": 6.9, "gauche": 7.0}) == 1
    with pytest.raises(ValueError, match="two structures with a reference"):
        found.errors({"trans": 0.0})
    with pytest.raises(ValueError, match="one composition"):
        conformers(EMT(), {"a": molecule("N2"), "b": molecule("O2")})


# ---------------------------------------------------------------- vibrations
def test_a_crystal_has_three_rigid_motions_and_no_rotations() -> None:
    atoms = relaxed(EMT(), bulk("Cu", a=3.59) * (2, 1, 1), fmax=1e-4)
    found = vibrations(EMT(), atoms)
    squares = np.linalg.eigvalsh(hessian(EMT(), atoms).symmetric)[3:] / atoms.get_masses()[0]
    expected = units._hbar * np.sqrt(squares * units._e / 1e-20 / units._amu) / units._e / units.invcm
    assert len(found.wavenumbers) == 3 * 2 - 3
    np.testing.assert_allclose(found.wavenumbers, expected, rtol=1e-6)
