"""NaN and infinity in structures and labels."""

from __future__ import annotations

import numpy as np

from mlffbench.data import Dataset, Finding, PerFrame

__all__ = ["not_finite"]


def not_finite(dataset: Dataset) -> list[Finding]:
    """Positions, cells, energies, forces or stresses that are NaN or infinite."""
    labels = dataset.labels
    structures = {
        "positions": [i for i, a in enumerate(dataset.frames) if not np.isfinite(a.positions).all()],
        "cells": [i for i, a in enumerate(dataset.frames) if not np.isfinite(a.cell.array).all()],
        "energies": np.flatnonzero(~np.isfinite(labels.energy)).tolist(),
        "forces": _not_finite(labels.forces),
        "stresses": _not_finite(labels.stress),
    }
    return [
        Finding(
            "not_finite",
            f"the {what} of {len(frames)} of {len(dataset)} frames are not finite; leave "
            "them out, or set what is missing to None",
            tuple(frames),
            certain=True,
        )
        for what, frames in structures.items()
        if frames
    ]


def _not_finite(values: PerFrame | None) -> list[int]:
    """Frames whose label is there and not finite."""
    return [i for i, v in enumerate(values or ()) if v is not None and not np.isfinite(v).all()]
