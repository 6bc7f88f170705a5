"""Selection of frames for checks: usable ones, families of the same atoms, subsamples, finite labels."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
from ase import Atoms

from mlffbench.data import Dataset
from mlffbench.datasets.checks.common.memoise import memoised

__all__ = [
    "families",
    "forces_of",
    "is_sound",
    "stress_of",
    "subsample",
    "usable_frames",
]

SHORT, FLAT = 0.1, 1e-3  # least length of a cell vector, Å; least singular value of their directions
RUN = 10  # consecutive frames stay together: neighbours in time are neighbours in space


def subsample(indices: np.ndarray, most: int) -> np.ndarray:
    """Return at most `most` of the indices: evenly spaced runs of consecutive ones, always the same."""
    if len(indices) <= most:
        return indices
    starts = np.linspace(0, len(indices) - RUN, max(1, most // RUN)).astype(int)
    return indices[np.unique(starts[:, None] + np.arange(RUN))][:most]


@memoised
def usable_frames(dataset: Dataset) -> np.ndarray:
    """Indices, ascending, of the frames with finite structure and energy, and a cell where periodic."""
    sound = np.array([is_sound(a) for a in dataset.frames], dtype=bool)
    return np.flatnonzero(sound & np.isfinite(dataset.labels.energy))


def is_sound(atoms: Atoms) -> bool:
    """Finite structure with atoms, and linearly independent cell vectors in the periodic directions."""
    vectors = atoms.cell.array[atoms.pbc]
    if len(atoms) == 0 or not np.isfinite(atoms.positions).all() or not np.isfinite(atoms.cell.array).all():
        return False
    if len(vectors) == 0:
        return True
    lengths = np.linalg.norm(vectors, axis=1)
    if lengths.min() < SHORT:
        return False
    return bool(np.linalg.svd(vectors / lengths[:, None], compute_uv=False).min() > FLAT)


def forces_of(dataset: Dataset, i: int) -> np.ndarray | None:
    """Forces of frame `i` if they are finite and of the right shape, else None."""
    forces = None if dataset.labels.forces is None else dataset.labels.forces[i]
    if forces is None or len(forces) != len(dataset.frames[i]) or not np.isfinite(forces).all():
        return None
    return forces


def stress_of(dataset: Dataset, i: int) -> np.ndarray | None:
    """Stress of frame `i` if it is finite and the frame has a volume, else None."""
    stress = None if dataset.labels.stress is None else dataset.labels.stress[i]
    atoms = dataset.frames[i]
    if stress is None or not np.isfinite(stress).all() or not atoms.pbc.all() or not is_sound(atoms):
        return None
    return stress


@memoised
def families(dataset: Dataset) -> list[np.ndarray]:
    """Usable frames with the same atoms in the same order and the same pbc; largest family first."""
    members: dict[Any, list[int]] = defaultdict(list)
    for i in usable_frames(dataset):
        atoms = dataset.frames[int(i)]
        members[atoms.numbers.tobytes(), atoms.pbc.tobytes()].append(int(i))
    return sorted((np.array(m) for m in members.values()), key=lambda m: (-len(m), m[0]))
