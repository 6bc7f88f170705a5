"""Frames and labels as flat arrays, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from ase import Atoms

from mlffbench.data import Labels

__all__ = ["frame_arrays", "frames_of", "label_arrays", "labels_from"]

Arrays = dict[str, np.ndarray]
PER_FRAME = {"forces": (-1, 3), "stress": (-1, 6), "forces_std": (-1, 3)}  # rows of their flat arrays


def frame_arrays(frames: Sequence[Atoms]) -> Arrays:
    """Atomic numbers and positions of all frames one after the other; their sizes, cells and periodicity."""
    return {
        "sizes": np.array([len(atoms) for atoms in frames]),
        "numbers": np.concatenate([atoms.numbers for atoms in frames]),
        "positions": np.concatenate([atoms.positions for atoms in frames]),
        "cells": np.array([atoms.cell.array for atoms in frames]),
        "pbc": np.array([atoms.pbc for atoms in frames]),
    }


def frames_of(arrays: Mapping[str, np.ndarray]) -> list[Atoms]:
    """Frames of `frame_arrays`."""
    ends = np.cumsum(arrays["sizes"])[:-1]
    columns = [np.split(arrays[name], ends) for name in ("numbers", "positions")]
    return [
        Atoms(numbers, positions, cell=cell, pbc=pbc)
        for numbers, positions, cell, pbc in zip(*columns, arrays["cells"], arrays["pbc"], strict=True)
    ]


def label_arrays(labels: Labels) -> Arrays:
    """Labels of all frames one after the other, and for each the frames that have it."""
    arrays = {"energy": labels.energy}
    if labels.energy_std is not None:
        arrays["energy_std"] = labels.energy_std
    for name, shape in PER_FRAME.items():
        values = getattr(labels, name)
        if values is not None:
            listed = list(values)
            arrays[f"{name}_given"] = np.array([value is not None for value in listed])
            given = [value.reshape(shape) for value in listed if value is not None]
            arrays[name] = np.concatenate(given)
    return arrays


def labels_from(arrays: Mapping[str, np.ndarray], sizes: np.ndarray) -> Labels:
    """Labels of `label_arrays`, of frames with these numbers of atoms."""
    parts = {name: _per_frame(arrays, name, sizes) for name in PER_FRAME if name in arrays}
    return Labels(arrays["energy"], energy_std=arrays.get("energy_std"), **parts)


def _per_frame(
    arrays: Mapping[str, np.ndarray], name: str, sizes: np.ndarray
) -> tuple[np.ndarray | None, ...]:
    given = arrays[f"{name}_given"]
    rows = np.ones(len(sizes), dtype=int) if name == "stress" else sizes
    parts = iter(np.split(arrays[name], np.cumsum(rows[given])[:-1]))
    flat = (lambda part: part[0]) if name == "stress" else (lambda part: part)
    return tuple(flat(next(parts)) if is_given else None for is_given in given)
