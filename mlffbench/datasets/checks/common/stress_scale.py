"""Size of stresses against that of the forces, which needs no strained frames and no stiffness.

The virial V σ is the sum of forces times distances of bonds; where N atoms vibrate it is about √N times the
force on an atom times the distance of neighbours: the ratio of both is 0.3 to 1 in sets of crystals.
"""

from __future__ import annotations

import numpy as np

from mlffbench.data import Dataset
from mlffbench.datasets.checks.common.force_scale import ordinary_distances
from mlffbench.datasets.checks.common.frame_selection import forces_of, stress_of
from mlffbench.datasets.checks.common.memoise import memoised
from mlffbench.datasets.checks.common.nearest_neighbours import nearest_distances

__all__ = ["relative_stress"]

MOVING, LEAST = 0.1, 5  # eV/Å: force on the atoms of a frame that is not at rest; frames


@memoised
def relative_stress(dataset: Dataset) -> float | None:
    """Median of V |σ| over √N |F| d in crystals whose atoms are displaced; None without such frames."""
    ratios, near = [], nearest_distances(dataset)
    for i in ordinary_distances(dataset):
        stress, forces = stress_of(dataset, i), forces_of(dataset, i)
        if stress is None or forces is None or not stress.any():
            continue
        force = float(np.sqrt(np.mean(np.sum(forces**2, axis=1))))
        expected = np.sqrt(len(forces)) * force * float(np.median(near[i][0]))
        if force > MOVING:
            ratios.append(float(np.linalg.norm(stress)) * dataset.frames[i].get_volume() / expected)
    return float(np.median(ratios)) if len(ratios) >= LEAST else None
