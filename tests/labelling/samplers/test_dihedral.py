"""Rigid and relaxed scans of a dihedral angle."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from ase.calculators.calculator import Calculator, all_changes
from example_samples import assert_same_shapes, malonaldehyde

from mlffbench.labelling.samplers.dihedral import dihedral
from mlffbench.properties.bonds import atoms_beyond_bond, bonds


@pytest.mark.parametrize(("name", "indices"), [("H2O2", (2, 0, 1, 3)), ("C2H6", (2, 0, 1, 5))])
def test_dihedrals_are_those_asked_for_and_nothing_stretches(name, indices):
    atoms = molecule(name)
    frames = dihedral(atoms, None, 0, indices, n_frames=7, start=-90, stop=180)
    wanted = np.linspace(-90, 180, 7)
    found = np.array([f.get_dihedral(*indices) for f in frames])
    assert np.allclose((found - wanted + 180) % 360, 180, atol=1e-6)
    assert [f.info["coordinate"] for f in frames] == pytest.approx(wanted)
    bonded = bonds(atoms)
    for frame in frames:
        lengths = [frame.get_distance(i, j) for i, j in bonded]
        assert np.allclose(lengths, [atoms.get_distance(i, j) for i, j in bonded], atol=1e-9)


def test_the_smaller_side_turns_whichever_end_it_is():
    atoms = molecule("CH3CH2OH")
    far, carbon, oxygen, hydroxyl = 0, 1, 2, 3
    assert atoms_beyond_bond(atoms, (carbon, oxygen)).tolist() == [oxygen, hydroxyl]
    assert len(atoms_beyond_bond(atoms, (oxygen, carbon))) == 7
    for order in ((far, carbon, oxygen, hydroxyl), (hydroxyl, oxygen, carbon, far)):
        frames = dihedral(atoms, None, 0, order, n_frames=3, start=30, stop=90)
        assert np.allclose([f.get_dihedral(*order) for f in frames], [30, 60, 90], atol=1e-6)
        fixed = [i for i in range(9) if i != hydroxyl]
        skeleton = frames[0].get_all_distances()[np.ix_(fixed, fixed)]
        assert np.allclose(skeleton, atoms.get_all_distances()[np.ix_(fixed, fixed)], atol=1e-9)


def peroxide() -> Atoms:
    return molecule("H2O2")


def test_what_cannot_be_turned_is_a_sentence():
    with pytest.raises(ValueError, match="part of a ring"):
        dihedral(molecule("C6H6"), None, 0, (0, 1, 2, 3), 3)
    with pytest.raises(ValueError, match="not a bond"):
        dihedral(molecule("C6H6"), None, 0, (0, 1, 3, 2), 3)
    with pytest.raises(ValueError, match="four different atoms"):
        dihedral(molecule("C6H6"), None, 0, (0, 1, 1, 2), 3)
    with pytest.raises(ValueError, match="needs a calculator"):
        dihedral(peroxide(), None, 0, (2, 0, 1, 3), 3, relax=True)


class Quartet(Calculator):
    """Harmonic pair distances of a chain of four, whose rest length depends on nothing: any angle is free."""

    implemented_properties: ClassVar[list[str]] = ["energy", "forces"]
    pairs = ((0, 1, 1.0), (1, 2, 1.45), (2, 3, 1.0), (0, 2, 2.0), (1, 3, 2.0))

    def calculate(self, atoms=None, properties=None, system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        energy, forces = 0.0, np.zeros((4, 3))
        for i, j, rest in self.pairs:
            d = self.atoms.positions[j] - self.atoms.positions[i]
            r = np.linalg.norm(d)
            energy += 10 * (r - rest) ** 2
            forces[i] += 20 * (r - rest) * d / r
            forces[j] -= 20 * (r - rest) * d / r
        self.results = {"energy": energy, "forces": forces}


def test_a_relaxed_scan_relaxes_all_but_the_angle():
    atoms = Atoms("HOOH", [(0.0, 0.95, 0.2), (0, 0, 0), (1.5, 0, 0), (1.5, 0.3, 0.9)])
    frames = dihedral(atoms, Quartet(), 0, (0, 1, 2, 3), 5, start=40, stop=160, relax=True, fmax=1e-3)
    angles = [f.get_dihedral(0, 1, 2, 3) for f in frames]
    assert np.allclose(angles, np.linspace(40, 160, 5), atol=1e-3)
    for frame in frames:
        for i, j, rest in Quartet.pairs:
            assert frame.get_distance(i, j) == pytest.approx(rest, abs=1e-3)


@pytest.mark.slow
def test_the_dihedral_scan_of_the_built_in_dataset():
    start, known, xtb = malonaldehyde("dihedral")
    ours = dihedral(start, xtb, 0, [0, 1, 2, 3], 4, stop=22.5, relax=True, hold=[[2, 3, 4, 5]])
    assert_same_shapes(ours, known[:4], 0.01)
