"""Outcome documents on disk, written whole or not at all."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from mlffbench.data import Labels
from mlffbench.system.atomic_write import whole

__all__ = ["Store", "pack", "unpack"]


class Store:
    """A results folder: ``<id>.json`` a case, ``predictions/<id>.npz`` and ``unfinished/<id>`` beside."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    def document_path(self, id: str) -> Path:
        return self.folder / f"{id}.json"

    def predictions_path(self, id: str) -> Path:
        return self.folder / "predictions" / f"{id}.npz"

    def unfinished_path(self, id: str) -> Path:
        """The folder of what a case has finished before its document can be written."""
        return self.folder / "unfinished" / id

    def forget_unfinished(self, id: str) -> None:
        """Remove that folder, and the one around it when it was the last."""
        shutil.rmtree(self.unfinished_path(id), ignore_errors=True)
        with suppress(OSError):
            self.unfinished_path(id).parent.rmdir()

    def save(self, document: Mapping[str, Any], predictions: Mapping[str, np.ndarray] | None = None) -> None:
        """Predictions first, the document last: a document on disk is a finished case."""
        if predictions is not None:
            with whole(self.predictions_path(document["id"])) as file:
                np.savez_compressed(file, **predictions)  # type: ignore[arg-type]
        text = json.dumps(_finite(document), indent=1, ensure_ascii=False, allow_nan=False)
        with whole(self.document_path(document["id"])) as file:
            file.write(f"{text}\n".encode())

    def load(self, id: str) -> dict[str, Any] | None:
        """The document of a case, None if it has not finished.

        Raises
        ------
        ValueError
            The file is not a document; the message names it.
        """
        path = self.document_path(id)
        if not path.exists():
            return None
        return _read(path)

    def documents(self) -> list[dict[str, Any]]:
        """All documents, by name of file."""
        return [_read(path) for path in sorted(self.folder.glob("*.json"))]

    def predictions(self, id: str) -> dict[str, np.ndarray] | None:
        """The arrays of a case, None if they are not here."""
        path = self.predictions_path(id)
        if not path.exists():
            return None
        with np.load(path) as archive:
            return dict(archive)

    def clean(self) -> None:
        """Remove what a killed run left half-written."""
        for part in [*self.folder.glob("*.part"), *self.folder.glob("predictions/*.part")]:
            part.unlink(missing_ok=True)


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(
            f"{path} is not a result document ({error}); remove it to run the case again"
        ) from None
    if not isinstance(document, dict) or not {"id", "status", "case"} <= set(document):
        raise ValueError(f"{path} is not a result document: it lacks 'id', 'status' or 'case'")
    return document


def _finite(value: Any) -> Any:
    """JSON has no NaN: what is not finite is missing."""
    if isinstance(value, Mapping):
        return {str(k): _finite(v) for k, v in value.items()}
    if isinstance(value, np.ndarray | list | tuple):
        return [_finite(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


# ---------------------------------------------------------------- predictions as arrays
def pack(test: str, n_atoms: Sequence[int], true: Labels, predicted: Labels) -> dict[str, np.ndarray]:
    """Truth and prediction of a test group as flat arrays; NaN where there is no label."""
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
    """``pack`` undone: atoms per frame, truth, prediction."""
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
