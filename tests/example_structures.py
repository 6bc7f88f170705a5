"""Molecules, crystals and labelled copper cells that several test files share."""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.emt import EMT

from mlffbench.data import Labels, labels_of


def molecules() -> list[Atoms]:
    return [molecule("CH3CH2OH"), molecule("C6H6"), Atoms("O")]


def crystals() -> list[Atoms]:
    """Cells smaller than the cutoff: several images of one neighbour."""
    salt, copper = bulk("NaCl", "rocksalt", a=5.6), bulk("Cu")
    salt.rattle(0.1, seed=1)
    return [salt, copper, bulk("Cu").repeat((2, 1, 1))]


def copper(n: int, seed: int = 0) -> tuple[list[Atoms], Labels]:
    """Strained and rattled cells of four atoms."""
    rng = np.random.default_rng(seed)
    frames = []
    for _ in range(n):
        atoms = bulk("Cu", cubic=True)
        atoms.set_cell(atoms.cell @ (np.eye(3) + rng.normal(scale=0.02, size=(3, 3))), scale_atoms=True)
        atoms.positions += rng.normal(scale=0.05, size=(4, 3))
        atoms.calc = EMT()
        atoms.get_stress()
        frames.append(atoms)
    labels = labels_of(frames)
    return [Atoms(a.numbers, a.positions, cell=a.cell, pbc=True) for a in frames], labels
