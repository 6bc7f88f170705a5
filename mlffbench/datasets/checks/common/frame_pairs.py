"""Pairs of similar frames, with energy difference, work of the forces and work of the stress between them.

    E_j − E_i ≈ −½ Σ (F_i + F_j)·Δx + ½ (V_i σ_i + V_j σ_j):ε

The trapezoid rule, exact for a quadratic energy. Molecules are superposed first, mirror images included, as
these have the same energy; cells are rotated back, and their strain ε is logarithmic.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.stress import full_3x3_to_voigt_6_stress, voigt_6_to_full_3x3_stress
from scipy.spatial.distance import cdist

from mlffbench.data import Dataset
from mlffbench.datasets.checks.common.frame_selection import families, forces_of, stress_of, subsample
from mlffbench.datasets.checks.common.memoise import memoised
from mlffbench.datasets.checks.common.nearest_neighbours import distance_percentiles

__all__ = ["STRAIN_TO_DISTANCE", "FramePairs", "near_pairs", "pairs_among"]

FAMILIES, MEMBERS, NEAREST = 12, 400, 4  # families; frames of each; neighbours of a frame
FAR, STRAIN_TO_DISTANCE = 1.0, 2.5  # Å: distance of no pairs; distance that a strain of 1 counts as
FEATURES = 600  # distances or coordinates compared in the search for near frames


@dataclass(frozen=True)
class FramePairs:
    """Pairs of frames i and j; nan where a label is missing.

    Attributes
    ----------
    i, j : (n,) arrays of int
    distance : (n,) array
        Root mean square over the atoms, Å, strain left out.
    energy : (n,) array
        E_j − E_i.
    force_work : (n,) array
        −½ Σ (F_i + F_j)·Δx.
    virial : (n, 6) array
        ½ (V_i σ_i + V_j σ_j), Voigt order.
    shape : (n, 6) array
        Strain ε from the cell of i to that of j, Voigt order with engineering shears.
    """

    i: np.ndarray
    j: np.ndarray
    distance: np.ndarray
    energy: np.ndarray
    force_work: np.ndarray
    virial: np.ndarray
    shape: np.ndarray

    def __len__(self) -> int:
        return len(self.i)

    @property
    def stress_work(self) -> np.ndarray:
        """Work of the stress, ½ (V_i σ_i + V_j σ_j):ε."""
        return np.sum(self.virial * self.shape, axis=1)

    @property
    def strain(self) -> np.ndarray:
        """Norm of the strain, (n,)."""
        return np.linalg.norm(self.shape, axis=1)

    def __getitem__(self, key: np.ndarray) -> FramePairs:
        return FramePairs(*(values[key] for values in vars(self).values()))


@memoised
def near_pairs(dataset: Dataset) -> FramePairs:
    """Pairs of each frame with its nearest ones, in a sample of the largest families.

    None if the positions are not in Å.
    """
    if not 0.5 < distance_percentiles(dataset)[1] < 1.5:
        return concatenate([])
    parts = [
        pairs_among(dataset, subsample(family, MEMBERS))
        for family in families(dataset)[:FAMILIES]
        if len(family) > NEAREST
    ]
    return concatenate(parts)


def concatenate(parts: list[FramePairs]) -> FramePairs:
    """Concatenate several lists of pairs."""
    if not parts:
        none = np.empty(0)
        indices, voigt = none.astype(int), np.empty((0, 6))
        return FramePairs(indices, indices, none, none, none, voigt, voigt)
    return FramePairs(*(np.concatenate(v) for v in zip(*(vars(p).values() for p in parts), strict=True)))


def pairs_among(dataset: Dataset, members: np.ndarray) -> FramePairs:
    """Pairs of each of these frames of one family with its nearest ones among them."""
    frames = [dataset.frames[int(i)] for i in members]
    apart = _periodic_distances(frames) if frames[0].pbc.any() else _molecular_distances(frames)
    np.fill_diagonal(apart, np.inf)
    count = min(NEAREST, len(members) - 1)
    nearest = np.argpartition(apart, count - 1, axis=1)[:, :count]
    one, two = np.repeat(np.arange(len(members)), count), nearest.ravel()
    close = apart[one, two] < FAR
    unique = np.unique(np.sort(np.stack([one, two], axis=1)[close], axis=1), axis=0)
    if len(unique) == 0:
        return concatenate([])
    rows = [_pair(dataset, int(members[a]), int(members[b])) for a, b in unique]
    distance, force_work, virial, shape = (np.array(v) for v in zip(*rows, strict=True))
    i, j = members[unique.T]
    energy = dataset.labels.energy[j] - dataset.labels.energy[i]
    return FramePairs(i, j, distance, energy, force_work, virial, shape)


# ---------------------------------------------------------------- distances between frames
def _molecular_distances(frames: list[Atoms]) -> np.ndarray:
    """Distances of molecules from their interatomic distances: invariant to rotation and reflection."""
    positions = np.array([a.positions for a in frames])
    one, two = np.triu_indices(positions.shape[1], 1)
    step = -(-len(one) // FEATURES) or 1
    inside = np.linalg.norm(positions[:, one[::step]] - positions[:, two[::step]], axis=-1)
    return cdist(inside, inside) / np.sqrt(max(1, inside.shape[1]))


def _periodic_distances(frames: list[Atoms]) -> np.ndarray:
    """Distances of periodic frames from displacements to the nearest images and the strain of the cells."""
    step = -(-3 * len(frames[0]) // FEATURES)
    cells = np.array([_cell(a) for a in frames])
    inside = np.array([a.positions @ np.linalg.inv(c) for a, c in zip(frames, cells, strict=True)])[:, ::step]
    periodic = frames[0].pbc
    apart = np.empty((len(frames), len(frames)))
    for k, cell in enumerate(cells):
        moved = inside - inside[k]
        moved = (moved - np.round(moved) * periodic) @ cell
        moved -= moved.mean(axis=1, keepdims=True)
        metric = cells @ cells.transpose(0, 2, 1)
        strain = np.abs(metric - metric[k]).sum(axis=(1, 2)) / np.trace(metric[k])
        apart[k] = np.sqrt((moved**2).sum(axis=(1, 2)) / moved.shape[1]) + strain * STRAIN_TO_DISTANCE
    return (apart + apart.T) / 2


def _cell(atoms: Atoms) -> np.ndarray:
    """Cell vectors; of length one in directions without one."""
    return np.asarray(atoms.cell.complete())


# ---------------------------------------------------------------- work between two frames
def _pair(dataset: Dataset, i: int, j: int) -> tuple[float, float, np.ndarray, np.ndarray]:
    """Distance in Å, work of the forces, mean virial and strain of a pair."""
    a, b = dataset.frames[i], dataset.frames[j]
    if a.pbc.any():
        moved, rotation, strain = _periodic_move(a, b)
    else:
        (moved, rotation), strain = _molecular_move(a, b), np.zeros((3, 3))
    forces = [forces_of(dataset, k) for k in (i, j)]
    force_work = np.nan
    if forces[0] is not None and forces[1] is not None:
        force_work = -0.5 * float(np.sum((forces[0] + forces[1] @ rotation) * moved))
    distance = float(np.sqrt((moved**2).sum() / len(a)))
    shape = full_3x3_to_voigt_6_stress(strain) * [1, 1, 1, 2, 2, 2]
    return distance, force_work, _mean_virial(dataset, i, j, rotation), shape


def _molecular_move(a: Atoms, b: Atoms) -> tuple[np.ndarray, np.ndarray]:
    """Displacements from a to the superposed b, and the rotation or reflection that superposes b (Kabsch)."""
    one, two = a.positions - a.positions.mean(axis=0), b.positions - b.positions.mean(axis=0)
    left, _, right = np.linalg.svd(two.T @ one)
    rotation = left @ right
    return two @ rotation - one, rotation


def _periodic_move(a: Atoms, b: Atoms) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Displacements in the mean cell, rotation from the cell of b to that of a, logarithmic strain."""
    one, two = _cell(a), _cell(b)
    left, stretch, right = np.linalg.svd(np.linalg.inv(one) @ two)  # x_b = x_a G, G = left·stretch·right
    rotation = (left @ right).T
    strain = (left * np.log(stretch)) @ left.T
    moved = b.positions @ np.linalg.inv(two) - a.positions @ np.linalg.inv(one)
    moved = (moved - np.round(moved) * a.pbc) @ ((one + two @ rotation) / 2)
    return moved - moved.mean(axis=0), rotation, strain


def _mean_virial(dataset: Dataset, i: int, j: int, rotation: np.ndarray) -> np.ndarray:
    """Mean virial ½ (V_i σ_i + V_j σ_j), that of j rotated; nan without stresses."""
    stresses = [stress_of(dataset, k) for k in (i, j)]
    if stresses[0] is None or stresses[1] is None:
        return np.full(6, np.nan)
    volumes = [dataset.frames[k].get_volume() for k in (i, j)]
    one, two = (voigt_6_to_full_3x3_stress(s) for s in stresses)
    return full_3x3_to_voigt_6_stress((volumes[0] * one + volumes[1] * rotation.T @ two @ rotation) / 2)
