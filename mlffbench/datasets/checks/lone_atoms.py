"""Frames of one atom without neighbours, which are no training data."""

from __future__ import annotations

import numpy as np

from mlffbench.data import Dataset, Finding

__all__ = ["lone_atoms"]


def lone_atoms(dataset: Dataset, distance: float = 6.0) -> list[Finding]:
    """Frames of one atom whose nearest image is more than `distance` (Å) away.

    Their energies are references of the elements, from which fits subtract; as frames they have no forces to
    learn, and their errors count like those of molecules.
    """
    frames = [i for i, a in enumerate(dataset.frames) if len(a) == 1 and _shortest(a.cell[a.pbc]) > distance]
    text = (
        f"{len(frames)} of {len(dataset)} frames are one atom without neighbours; if they are isolated atoms "
        "write config_type=isolated_atom, else leave them out"
    )
    return [Finding("lone_atoms", text, tuple(frames))] if frames else []


def _shortest(vectors: np.ndarray) -> float:
    """Length of the shortest cell vector, Å; infinite without one."""
    return float(np.linalg.norm(vectors, axis=1).min(initial=np.inf))
