"""Geometry of a relaxed molecule against its reference."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import molecule
from ase.calculators.lj import LennardJones
from example_chain import Chain, chain

from mlffbench.properties.geometry import geometry, superposed_rmsd


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


def rest_energy(calculator: Chain) -> float:
    return -float(calculator.depth.sum())


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
