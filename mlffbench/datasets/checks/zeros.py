"""Labels that are exactly zero: missing ones, filled in."""

from __future__ import annotations

import numpy as np

from mlffbench.data import Dataset, Finding
from mlffbench.datasets.checks.common.frame_selection import forces_of, stress_of, usable

__all__ = ["zeros"]


def zeros(dataset: Dataset) -> list[Finding]:
    """Energies, forces of whole molecules or stresses that are exactly zero: missing labels read as zero.

    Forces are judged in frames of three or more atoms that are not periodic: those on atoms of a perfect
    crystal do vanish.
    """
    frames = [int(i) for i in usable(dataset)]
    exact = {
        "energies": [i for i in frames if dataset.labels.energy[i] == 0],
        "forces": [i for i in frames if _without_forces(dataset, i)],
        "stresses": [i for i in frames if (s := stress_of(dataset, i)) is not None and not s.any()],
    }
    return [
        Finding(
            "zeros",
            f"the {what} of {len(found)} of {len(frames)} frames are exactly zero"
            f"; if they are missing, give None or leave the key out",
            tuple(found),
        )
        for what, found in exact.items()
        if found
    ]


def _without_forces(dataset: Dataset, i: int) -> bool:
    forces, atoms = forces_of(dataset, i), dataset.frames[i]
    return forces is not None and len(atoms) > 2 and not atoms.pbc.any() and not np.any(forces)
