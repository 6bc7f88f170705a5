"""Which frames a check looks at: sound ones, by their atoms, at most so many."""

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
    "spread",
    "stress_of",
    "usable",
]

SHORT, FLAT = 0.1, 1e-3  # Å of a cell vector; least singular value of the vectors' directions
RUN = 10  # consecutive frames stay together: neighbours in time are neighbours in space


def spread(indices: np.ndarray, most: int) -> np.ndarray:
    """At most so many of the indices: runs of consecutive ones, spread evenly; always the same."""
    if len(indices) <= most:
        return indices
    starts = np.linspace(0, len(indices) - RUN, max(1, most // RUN)).astype(int)
    return indices[np.unique(starts[:, None] + np.arange(RUN))][:most]


@memoised
def usable(dataset: Dataset) -> np.ndarray:
    """The frames, ascending, of finite structure and energy whose periodic directions have a cell."""
    sound = np.array([is_sound(a) for a in dataset.frames], dtype=bool)
    return np.flatnonzero(sound & np.isfinite(dataset.labels.energy))


def is_sound(atoms: Atoms) -> bool:
    """Atoms at finite places; periodic directions with vectors that are not in one plane."""
    given = atoms.cell.array[atoms.pbc]
    if len(atoms) == 0 or not np.isfinite(atoms.positions).all() or not np.isfinite(atoms.cell.array).all():
        return False
    if len(given) == 0:
        return True
    lengths = np.linalg.norm(given, axis=1)
    if lengths.min() < SHORT:
        return False
    return bool(np.linalg.svd(given / lengths[:, None], compute_uv=False).min() > FLAT)


def forces_of(dataset: Dataset, i: int) -> np.ndarray | None:
    """Finite forces of the right shape, or None."""
    forces = None if dataset.labels.forces is None else dataset.labels.forces[i]
    if forces is None or len(forces) != len(dataset.frames[i]) or not np.isfinite(forces).all():
        return None
    return forces


def stress_of(dataset: Dataset, i: int) -> np.ndarray | None:
    """A finite stress of a frame with a volume, or None."""
    stress = None if dataset.labels.stress is None else dataset.labels.stress[i]
    atoms = dataset.frames[i]
    if stress is None or not np.isfinite(stress).all() or not atoms.pbc.all() or not is_sound(atoms):
        return None
    return stress


@memoised
def families(dataset: Dataset) -> list[np.ndarray]:
    """Usable frames with the same atoms in the same order and the same boundaries; the largest first."""
    members: dict[Any, list[int]] = defaultdict(list)
    for i in usable(dataset):
        atoms = dataset.frames[int(i)]
        members[atoms.numbers.tobytes(), atoms.pbc.tobytes()].append(int(i))
    return sorted((np.array(m) for m in members.values()), key=lambda m: (-len(m), m[0]))
