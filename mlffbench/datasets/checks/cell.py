"""Periodic boundaries without a cell, and crystals without periodic boundaries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from ase import Atoms

from mlffbench.data import Dataset, Finding
from mlffbench.datasets.checks.common.frame_selection import is_sound

__all__ = ["cell"]


def cell(dataset: Dataset, vacuum: float = 3.0) -> list[Finding]:
    """Periodic directions without a cell (refused), cells without pbc that the atoms fill, and mixtures.

    A box around a molecule is no mistake. A cell without pbc is a finding where less than `vacuum` (Å) of it
    is empty in some direction, or where the frame has a stress.
    """
    frames = [i for i, a in enumerate(dataset.frames) if _is_finite(a)]
    flat = [i for i in frames if not is_sound(dataset.frames[i])]
    filled = [i for i in frames if _is_filled(dataset.frames[i], vacuum)]
    stresses = dataset.labels.stress or (None,) * len(dataset)
    stressed = [i for i in frames if stresses[i] is not None and not dataset.frames[i].pbc.all()]
    rows = [
        (flat, "are periodic in a direction without a cell vector; give the cell or set pbc to False", True),
        (
            filled,
            f"fill their cell but have no pbc (less than {vacuum:g} Å are empty); set pbc to True",
            False,
        ),
        (stressed, "have a stress without three periodic directions; set pbc, or drop the stress", False),
        (_mixed(dataset, frames), "have other boundaries (pbc) than most of the same atoms", False),
    ]
    return [
        Finding("cell", f"{len(bad)} of {len(dataset)} frames {text}", tuple(bad), certain)
        for bad, text, certain in rows
        if bad
    ]


def _is_finite(atoms: Atoms) -> bool:
    """Finite structure of one atom or more."""
    return len(atoms) > 0 and bool(np.isfinite(atoms.positions).all() and np.isfinite(atoms.cell.array).all())


def _is_filled(atoms: Atoms, vacuum: float) -> bool:
    """Cell without pbc with less than `vacuum` (Å) empty in some direction: a crystal's, not a box."""
    if atoms.pbc.any() or atoms.cell.rank < 3 or len(atoms) < 2:
        return False
    heights = 1 / np.linalg.norm(np.linalg.inv(atoms.cell.array), axis=0)
    scaled = atoms.positions @ np.linalg.inv(atoms.cell.array)
    return bool(((1 - np.ptp(scaled, axis=0)) * heights).min() < vacuum)


def _mixed(dataset: Dataset, frames: Sequence[int]) -> list[int]:
    """Frames with other pbc than most frames of the same atoms."""
    by_atoms: dict[bytes, dict[bytes, list[int]]] = defaultdict(lambda: defaultdict(list))
    for i in frames:
        atoms = dataset.frames[i]
        by_atoms[np.sort(atoms.numbers).tobytes()][atoms.pbc.tobytes()].append(i)
    return sorted(
        i for by_pbc in by_atoms.values() for part in sorted(by_pbc.values(), key=len)[:-1] for i in part
    )
