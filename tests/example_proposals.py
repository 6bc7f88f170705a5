"""Datasets in memory whose frames and columns the test chooses; labels mean nothing."""

from __future__ import annotations

import numpy as np

from mlffbench.data import Dataset, Labels

__all__ = ["dataset", "walk"]


def dataset(frames, columns=None, stress=False, forces=True, card=None):
    rng = np.random.default_rng(0)
    labels = Labels(
        rng.normal(size=len(frames)),
        tuple(rng.normal(size=(len(a), 3)) for a in frames) if forces else None,
        tuple(rng.normal(size=6) for _ in frames) if stress else None,
    )
    tables = {name: np.asarray(values) for name, values in (columns or {}).items()}
    return Dataset("example", list(frames), labels, tables, card or {})


def walk(atoms, n, step=0.02, seed=0):
    """Random walk of the atoms: neighbouring frames are near each other."""
    rng = np.random.default_rng(seed)
    frames = [atoms.copy()]
    for _ in range(n - 1):
        frames.append(frames[-1].copy())
        frames[-1].positions += rng.normal(scale=step, size=atoms.positions.shape)
    return frames
