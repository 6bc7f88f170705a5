"""Labels that are exactly zero, or one number throughout, because they are missing."""

from __future__ import annotations

import numpy as np
from ase import Atoms

from mlffbench.data import Dataset, Finding
from mlffbench.datasets.checks.common.frame_selection import forces_of, stress_of, usable_frames
from mlffbench.descriptors.neighbours import neighbour_list

__all__ = ["zeros"]

FILLERS = {10.0**n - 1 for n in range(3, 10)} | {10.0**n for n in (8, 9, 10, 12, 15, 20, 30, 99)}
REACH, SHORT, BALANCED = 5.0, 0.1, 1e-3  # Å, Å, and a fraction


def zeros(dataset: Dataset) -> list[Finding]:
    """Energies, stresses and forces on all atoms that are exactly zero, or a filler such as -999 throughout.

    Missing labels are often read as zeros. Forces are checked in molecules of three or more atoms, and in
    crystals whose atoms are displaced: in a perfect crystal they do vanish.
    """
    frames = [int(i) for i in usable_frames(dataset)]
    zero_labels = {
        "energies": [i for i in frames if dataset.labels.energy[i] == 0],
        "forces": [i for i in frames if _has_zero_forces(dataset, i)],
        "stresses": [i for i in frames if (s := stress_of(dataset, i)) is not None and not s.any()],
    }
    fillers = {
        "energies": [i for i in frames if abs(float(dataset.labels.energy[i])) in FILLERS],
        "forces": [i for i in frames if (f := forces_of(dataset, i)) is not None and _is_one_number(f)],
        "stresses": [i for i in frames if (s := stress_of(dataset, i)) is not None and _is_one_number(s)],
    }
    rows = [(what, indices, "exactly zero") for what, indices in zero_labels.items()]
    rows += [(what, indices, "a filler, one number throughout") for what, indices in fillers.items()]
    return [
        Finding(
            "zeros",
            f"the {what} of {len(indices)} of {len(frames)} frames are {words}"
            f"; if they are missing, give None or leave the key out",
            tuple(indices),
        )
        for what, indices, words in rows
        if indices
    ]


def _is_one_number(values: np.ndarray) -> bool:
    """True for several numbers that are all the same and not zero."""
    first = values.flat[0] if values.size > 3 else 0
    return bool(first != 0 and (values == first).all())


def _has_zero_forces(dataset: Dataset, i: int) -> bool:
    """Zero forces on all atoms, where the structure does not make them vanish."""
    forces, atoms = forces_of(dataset, i), dataset.frames[i]
    if forces is None or np.any(forces):
        return False
    return _is_displaced(atoms) if atoms.pbc.any() else len(atoms) > 2


def _is_displaced(atoms: Atoms) -> bool:
    """True for a crystal with an atom whose neighbours, each pulling by its distance, do not balance.

    Where they balance to `BALANCED` of their pull, symmetry may make the true force vanish.
    """
    i, j, distance, vector = neighbour_list("ijdD", atoms, REACH)
    if len(i) == 0:
        return False
    pull = (atoms.numbers[j] * np.exp(-distance) / np.maximum(distance, SHORT))[:, None] * vector
    total, size = np.zeros((len(atoms), 3)), np.zeros(len(atoms))
    np.add.at(total, i, pull)
    np.add.at(size, i, np.linalg.norm(pull, axis=1))
    return bool((np.linalg.norm(total, axis=1) > BALANCED * size).any())
