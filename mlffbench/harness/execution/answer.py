"""Answer of a child process: document, predictions and fitted model, in a folder below the results."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mlffbench.forcefield import ForceField
from mlffbench.harness.outcome import Outcome
from mlffbench.system.array_archive import read_arrays
from mlffbench.system.atomic_write import atomic_write
from mlffbench.system.failures import catch_failure

__all__ = ["DOCUMENT", "Answer", "answered_model", "has_answer", "read_answer", "write_answer", "write_model"]

Answer = tuple[dict[str, Any], dict[str, np.ndarray] | None]

DOCUMENT, PREDICTIONS, MODEL = "outcome.json", "predictions.npz", "model.mlff"


def write_model(folder: Path, model: ForceField, largest: int | None) -> dict[str, str]:
    """Write the fitted model; return the ``reason`` if it has more bytes than `largest`, or cannot be saved.

    Raises
    ------
    DiskFullError
        There is no room for it.
    """
    if largest == 0:
        return {"reason": "keep_models: none"}
    file = folder / MODEL
    _, failure = catch_failure(lambda: model.save(file))
    if failure is not None:
        return {"reason": f"its model cannot be saved: {failure['message']}"}
    size = file.stat().st_size
    if largest is None or size <= largest:
        return {}
    file.unlink()
    sizes = f"its model has {size / 1e6:.1f} MB, more than {largest / 1e6:g} MB"
    return {"reason": f"{sizes}; 'keep_models: all' keeps any size"}


def answered_model(folder: Path) -> Path | None:
    """The model file of an answer."""
    file = folder / MODEL
    return file if file.is_file() and not file.is_symlink() else None


def write_answer(folder: Path, outcome: Outcome, predictions: Mapping[str, np.ndarray] | None) -> None:
    """Write predictions, then the outcome: an outcome on disk means a whole answer."""
    if predictions is not None:
        with atomic_write(folder / PREDICTIONS, durable=False) as file:
            np.savez(file, **predictions)  # type: ignore[arg-type]
    with atomic_write(folder / DOCUMENT, durable=False) as file:
        file.write(json.dumps(outcome.to_json()).encode())


def has_answer(folder: Path) -> bool:
    """True once the answer is whole."""
    return (folder / DOCUMENT).exists()


def read_answer(folder: Path) -> Answer | None:
    """Read the document and the predictions; None if the process died before it had written both."""
    if not has_answer(folder):
        return None
    try:
        document = json.loads((folder / DOCUMENT).read_text(encoding="utf-8"))
        arrays = folder / PREDICTIONS
        return document, read_arrays(arrays) if arrays.exists() else None
    except ValueError:
        return None
