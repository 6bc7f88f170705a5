"""Net torques on molecules: forces and positions in different orientations."""

from __future__ import annotations

import numpy as np

from mlffbench.data import Dataset, Finding
from mlffbench.datasets.checks.common.frame_selection import forces_of, usable_frames

__all__ = ["net_torque"]


def net_torque(dataset: Dataset, share: float = 0.05, strength: float = 0.1) -> list[Finding]:
    """Molecules with a net torque: |Σ r×F| above `share` of Σ |r||F|, where forces exceed `strength` (eV/Å).

    A free molecule's energy does not depend on its orientation, so the torque vanishes. It does not where a
    program printed forces in a standard orientation and positions in that of the input, or where the atoms
    of the forces are in another order.
    """
    bad, looked_at = [], 0
    for i in map(int, usable_frames(dataset)):
        atoms, forces = dataset.frames[i], forces_of(dataset, i)
        if forces is None or atoms.pbc.any() or len(atoms) < 2 or np.abs(forces).max() < strength:
            continue
        looked_at += 1
        arms = atoms.positions - atoms.positions.mean(axis=0)
        pull = np.sum(np.linalg.norm(arms, axis=1) * np.linalg.norm(forces, axis=1))
        if np.linalg.norm(np.cross(arms, forces - forces.mean(axis=0)).sum(axis=0)) > share * pull:
            bad.append(i)
    if not bad:
        return []
    text = (
        f"the forces of {len(bad)} of {looked_at} molecules would turn them; forces and "
        "positions are in different orientations (a standard orientation?) or atoms in different orders"
    )
    return [Finding("net_torque", text, tuple(bad))]
