"""Deterministic subsample of a large dataset, for the figures of its page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from mlffbench.data import Dataset
from mlffbench.report.datasheet.groups import groups

__all__ = ["evenly_spaced", "subsample"]

MOST = 20_000  # frames
LEAST = 20  # frames of a group: small groups keep the shape of their distributions


def subsample(dataset: Dataset, most: int = MOST) -> Dataset:
    """Pick about `most` frames, evenly spaced in each group, and hold them in memory.

    A dataset in memory that is no larger is returned as it is.
    """
    if len(dataset) <= most and isinstance(dataset.frames, list | tuple):
        return dataset
    parts = evenly_spaced(groups(dataset), most / len(dataset))
    picks = np.sort(np.concatenate(list(parts.values())))
    labels = dataset.labels[picks]
    return Dataset(
        name=dataset.name,
        frames=[dataset.frames[int(i)] for i in picks],
        labels=replace(labels, forces=_read(labels.forces), stress=_read(labels.stress)),
        columns={name: np.asarray(values)[picks] for name, values in dataset.columns.items()},
        card=dataset.card,
        atomic_energies=dataset.atomic_energies,
    )


def _read(values: Iterable[np.ndarray | None] | None) -> tuple[np.ndarray | None, ...] | None:
    return None if values is None else tuple(values)


def evenly_spaced(parts: dict[str, np.ndarray], share: float) -> dict[str, np.ndarray]:
    """Evenly spaced indices, this share of each part; small parts are kept whole."""
    if share >= 1:
        return dict(parts)
    sizes = {name: min(len(p), max(LEAST, round(share * len(p)))) for name, p in parts.items()}
    return {
        name: picks[np.linspace(0, len(picks) - 1, sizes[name]).round().astype(int)]
        for name, picks in parts.items()
    }
