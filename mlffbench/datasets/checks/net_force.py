"""Forces that do not add up to zero."""

from __future__ import annotations

import numpy as np

from mlffbench.data import Dataset, Finding
from mlffbench.datasets.checks.common.frame_selection import forces_of, usable_frames

__all__ = ["net_force"]


def net_force(dataset: Dataset, tolerance: float = 0.05, share: float = 0.005) -> list[Finding]:
    """Frames with a net force: |Σ F| above `tolerance` (eV/Å) and above `share` of Σ |F|.

    Without an external field the forces on all atoms add up to zero. They do not with loose integration
    grids, with an atom left out, or where forces were read from the wrong frame.
    """
    frames = [(int(i), f) for i in usable_frames(dataset) if (f := forces_of(dataset, int(i))) is not None]
    net = np.array([np.linalg.norm(f.sum(axis=0)) for _, f in frames])
    total = np.array([np.linalg.norm(f, axis=1).sum() for _, f in frames])
    bad = np.flatnonzero((net > tolerance) & (net > share * total))
    if len(bad) == 0:
        return []
    indices = [frames[k][0] for k in bad]
    text = (
        f"the forces of {len(indices)} of {len(frames)} frames do not add up to zero but to "
        f"{np.median(net[bad]):.3g} eV/Å, at most {net[bad].max():.3g}; the reference "
        "calculation is loose, or forces are missing or belong to other frames"
    )
    return [Finding("net_force", text, tuple(indices))]
