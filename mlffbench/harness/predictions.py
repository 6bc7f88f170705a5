"""Conversion of true and predicted labels to flat arrays and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mlffbench.data import Labels

__all__ = ["pack", "unpack"]


def pack(test: str, n_atoms: Sequence[int], true: Labels, predicted: Labels) -> dict[str, np.ndarray]:
    """Flatten the true and predicted labels of a test group; missing labels become NaN."""
    arrays = {"n_atoms": np.asarray(n_atoms, dtype=int)}
    for side, labels in (("true", true), ("predicted", predicted)):
        arrays[f"energy_{side}"] = labels.energy
        if labels.energy_std is not None:
            arrays[f"energy_std_{side}"] = labels.energy_std
        for name, rows in (("forces", n_atoms), ("stress", None), ("forces_std", n_atoms)):
            values = getattr(labels, name)
            if values is not None:
                arrays[f"{name}_{side}"] = _flat(values, rows)
    return {f"{test}/{name}": array for name, array in arrays.items()}


def _flat(values: Sequence[np.ndarray | None], rows: Sequence[int] | None) -> np.ndarray:
    if rows is None:
        return np.array([np.full(6, np.nan) if v is None else v for v in values])
    return np.concatenate(
        [np.full((n, 3), np.nan) if v is None else v for v, n in zip(values, rows, strict=True)]
    )


def unpack(arrays: Mapping[str, np.ndarray], test: str) -> tuple[list[int], Labels, Labels]:
    """Invert `pack`: return atoms per frame, true labels, predicted labels."""
    n_atoms = arrays[f"{test}/n_atoms"]
    true, predicted = (_labels(arrays, test, n_atoms, side) for side in ("true", "predicted"))
    return n_atoms.tolist(), true, predicted


def _labels(arrays: Mapping[str, np.ndarray], test: str, n_atoms: np.ndarray, side: str) -> Labels:
    def frames(name: str) -> tuple[np.ndarray | None, ...] | None:
        flat = arrays.get(f"{test}/{name}_{side}")
        if flat is None:
            return None
        parts = list(flat) if name == "stress" else np.split(flat, np.cumsum(n_atoms)[:-1])
        return tuple(None if np.isnan(p).any() else p for p in parts)

    return Labels(
        energy=arrays[f"{test}/energy_{side}"],
        forces=frames("forces"),
        stress=frames("stress"),
        energy_std=arrays.get(f"{test}/energy_std_{side}"),
        forces_std=frames("forces_std"),
    )
