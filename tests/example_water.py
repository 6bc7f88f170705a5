"""Rattled water molecules whose energies and forces are known exactly."""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.build import molecule

from mlffbench.data import Labels


def springs(n: int = 8) -> tuple[list[Atoms], Labels]:
    """Rattled water with harmonic O-H springs, k = 20 eV/Å²."""
    frames, energy, forces = [], [], []
    for seed in range(n):
        atoms = molecule("H2O")
        atoms.rattle(0.05, seed=seed)
        vectors = atoms.positions[1:] - atoms.positions[0]
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        pull = -20.0 * (lengths - 0.97) * vectors / lengths
        frames.append(atoms)
        energy.append(10.0 * float(((lengths - 0.97) ** 2).sum()))
        forces.append(np.vstack([-pull.sum(axis=0), pull]))
    return frames, Labels(np.array(energy), tuple(forces))
