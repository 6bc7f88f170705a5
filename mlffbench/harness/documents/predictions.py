"""Conversion of true and predicted labels to flat arrays and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mlffbench.data import Labels

__all__ = ["check", "pack", "predicted_tests", "unpack"]

SHAPES: dict[str, tuple[str | int, ...]] = {  # rows and columns: n frames, N atoms of all frames
    "energy": ("n",),
    "energy_std": ("n",),
    "forces": ("N", 3),
    "forces_std": ("N", 3),
    "stress": ("n", 6),
}


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


def check(arrays: Mapping[str, np.ndarray], document: Mapping[str, Any]) -> None:
    """Raise a ValueError if the arrays are not those of the test groups of a document."""
    for test, n_frames in predicted_tests(document).items():
        _check_group(arrays, test, n_frames)


def predicted_tests(document: Mapping[str, Any]) -> dict[str, int | None]:
    """Test groups of a document that were predicted, and their numbers of frames."""
    failed = {failure["test"] for failure in document.get("test_failures") or ()}
    tests = (document.get("split") or {}).get("tests") or {}
    return {test: n_frames for test, n_frames in tests.items() if test not in failed}


def _check_group(arrays: Mapping[str, np.ndarray], test: str, n_frames: int | None) -> None:
    needed = [f"{test}/{name}" for name in ("n_atoms", "energy_true", "energy_predicted")]
    if absent := [name for name in needed if name not in arrays]:
        raise ValueError(f"it lacks {', '.join(absent)}")
    n_atoms = arrays[f"{test}/n_atoms"]
    if n_atoms.ndim != 1 or n_atoms.dtype.kind not in "iu" or not (n_atoms > 0).all():
        raise ValueError(f"{test}/n_atoms are no numbers of atoms")
    if n_frames not in (None, len(n_atoms)):
        raise ValueError(f"it holds {len(n_atoms)} frames of {test}, the document {n_frames}")
    sizes: dict[str | int, int] = {"n": len(n_atoms), "N": sum(n_atoms.tolist())}
    for name, shape in SHAPES.items():
        for key in (f"{test}/{name}_true", f"{test}/{name}_predicted"):
            wanted = tuple(sizes[size] if isinstance(size, str) else size for size in shape)
            if key in arrays and (arrays[key].shape != wanted or arrays[key].dtype.kind != "f"):
                raise ValueError(f"{key} is {arrays[key].shape} of {arrays[key].dtype}, not {wanted} floats")
