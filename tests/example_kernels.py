"""Molecules bound by springs, and dense covariances, that the tests of the kernel models share."""

from __future__ import annotations

import numpy as np
import torch
from ase import Atoms
from ase.build import molecule

from mlffbench.data import Labels
from mlffbench.estimators.soap_gpr import SOAPGPR
from mlffbench.potentials.sgdml.inverse_distances import Points, pair_permutations
from mlffbench.potentials.sgdml.kernel import Kernel
from mlffbench.potentials.sgdml.permutations import closure
from mlffbench.potentials.soap.derivative_kernel import Representers, frame_features, kernel_rows
from mlffbench.potentials.soap.environments import Environments

SMALL = {"n_max": 4, "l_max": 3, "sigma": 0.4}
NO_ATOMS = {"H": 0.0, "O": 0.0}


def water(n: int = 12, seed: int = 0) -> list[Atoms]:
    """Rattled water molecules."""
    rng = np.random.default_rng(seed)
    frames = [molecule("H2O") for _ in range(n)]
    for atoms in frames:
        atoms.positions += rng.normal(scale=0.06, size=(3, 3))
    return frames


def springs(frames: list[Atoms], noise: tuple[float, float] = (0.0, 0.0), forces: bool = True) -> Labels:
    """Springs between all atoms: energies and forces, with normal noise on both."""
    rng = np.random.default_rng(1)
    rest = molecule("H2O").get_all_distances()
    energy, all_forces = [], []
    for atoms in frames:
        vectors = atoms.positions[:, None] - atoms.positions[None]
        distance = np.linalg.norm(vectors, axis=2) + np.eye(3)
        stretch = (distance - rest) * (1 - np.eye(3))
        energy.append(5.0 * np.sum(stretch**2) + rng.normal(scale=noise[0] or 1e-300))
        pull = -20.0 * np.sum((stretch / distance)[:, :, None] * vectors, axis=1)
        all_forces.append(pull + rng.normal(scale=noise[1] or 1e-300, size=(3, 3)))
    return Labels(np.array(energy), tuple(all_forces) if forces else None)


def dense_covariance(model: SOAPGPR, first: Environments, second: Environments) -> torch.Tensor:
    """δ² k between all labels of one batch and those of another, from the kernel between labels."""
    axes = {z: torch.eye(first.unit.shape[1], dtype=torch.float64) for z in model.basis_.numbers}
    left, right = (frame_features(e, model.basis_, axes) for e in (first, second))
    others = [Representers.of([frame], axes) for frame in right]
    blocks = [torch.cat([kernel_rows(f, o, model.kernel_.zeta) for o in others], dim=1) for f in left]
    return model.variance_ * torch.cat(blocks)


def rattled(atoms: Atoms, n: int, width: float = 0.05, seed: int = 0) -> np.ndarray:
    """Positions (n, N, 3) around a structure, Å."""
    rng = np.random.default_rng(seed)
    return atoms.positions + width * rng.normal(size=(n, len(atoms), 3))


def ammonia(n: int = 6, sigma: float = 10.0) -> tuple[Kernel, np.ndarray, np.ndarray]:
    """An sGDML kernel with the six permutations of three hydrogens, its positions and the group."""
    atoms = molecule("NH3")
    hydrogens = [(0, 2, 1, 3), (0, 2, 3, 1)]
    group = np.array(sorted(closure(hydrogens, 4) or []))
    positions = rattled(atoms, n)
    return Kernel(Points.of(torch.from_numpy(positions)), pair_permutations(group), sigma), positions, group


def stacked(described):
    """FCHL19 vectors (n, atoms, f) and derivatives (n, atoms, f, atoms, 3) of equal molecules."""
    vectors = np.stack([d.vectors for d in described])
    n, f = vectors.shape[1:]
    return vectors, np.stack([d.derivatives.reshape(n, f, n, 3) for d in described])
