"""Labels that are exactly zero because they are missing."""

from __future__ import annotations

import numpy as np

from mlffbench.data import Dataset, Finding
from mlffbench.datasets.checks.common.frame_selection import forces_of, stress_of, usable_frames

__all__ = ["zeros"]


def zeros(dataset: Dataset) -> list[Finding]:
    """Energies, stresses and forces on all atoms of a molecule that are exactly zero.

    Missing labels are often read as zeros. Forces are checked in frames of three or more atoms that are not
    periodic: in a perfect crystal they do vanish.
    """
    frames = [int(i) for i in usable_frames(dataset)]
    zero_labels = {
        "energies": [i for i in frames if dataset.labels.energy[i] == 0],
        "forces": [i for i in frames if _has_zero_forces(dataset, i)],
        "stresses": [i for i in frames if (s := stress_of(dataset, i)) is not None and not s.any()],
    }
    return [
        Finding(
            "zeros",
            f"the {what} of {len(indices)} of {len(frames)} frames are exactly zero"
            f"; if they are missing, give None or leave the key out",
            tuple(indices),
        )
        for what, indices in zero_labels.items()
        if indices
    ]


def _has_zero_forces(dataset: Dataset, i: int) -> bool:
    """Zero forces on all atoms of a molecule."""
    forces, atoms = forces_of(dataset, i), dataset.frames[i]
    return forces is not None and len(atoms) > 2 and not atoms.pbc.any() and not np.any(forces)
