"""Shear stresses in another order than that of Voigt."""

from __future__ import annotations

from itertools import permutations

import numpy as np

from mlffbench.data import Dataset, Finding
from mlffbench.datasets.checks.common.energy_force_consistency import force_slope, stress_pairs, stress_slope

__all__ = ["stress_order"]

VOIGT = ("yz", "xz", "xy")
BETTER = 3.0  # another order must explain the energies this much better
LEAST = 10  # pairs with shear


def stress_order(dataset: Dataset) -> list[Finding]:
    """Shear components in another order: VASP writes xx yy zz xy yz zx, Voigt and ASE xx yy zz yz xz xy.

    Energy differences of near frames with sheared cells, less the work of the forces, are compared with the
    work of the stress under each order of its last three components.
    """
    slope, force, near = stress_slope(dataset), force_slope(dataset), stress_pairs(dataset)
    if slope is None:
        return []
    shear = near.shape[:, 3:]
    sheared = np.linalg.norm(shear, axis=1) > 0.3 * near.strain
    if sheared.sum() < LEAST:
        return []
    near, shear, virial = near[sheared], shear[sheared], near.virial[sheared, 3:]
    work = 0.0 if force is None else force.value * np.nan_to_num(near.force_work)
    rest = (near.energy - work) / slope.value - np.sum(near.virial[:, :3] * near.shape[:, :3], axis=1)
    misfit = {
        p: np.median(np.abs(rest - np.sum(virial[:, p] * shear, axis=1))) for p in permutations(range(3))
    }
    best = min(misfit, key=lambda p: (misfit[p], p))
    if not misfit[0, 1, 2] > BETTER * misfit[best]:
        return []
    order = " ".join(VOIGT[best.index(k)] for k in range(3))
    text = (
        f"the shear stresses look like {order}, not yz xz xy: so they explain the energies of {len(near)} "
        f"pairs of sheared cells {misfit[0, 1, 2] / misfit[best]:.1f} times better; reorder them"
    )
    return [Finding("stress_order", text, certain=True)]
