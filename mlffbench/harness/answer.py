"""Answer of a child process: outcome document and predictions, in a folder below the results."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mlffbench.harness.outcome import Outcome
from mlffbench.system.array_archive import read_arrays
from mlffbench.system.atomic_write import atomic_write

__all__ = ["Answer", "has_answer", "read_answer", "write_answer"]

Answer = tuple[dict[str, Any], dict[str, np.ndarray] | None]

DOCUMENT, PREDICTIONS = "outcome.json", "predictions.npz"


def write_answer(folder: Path, outcome: Outcome, predictions: Mapping[str, np.ndarray] | None) -> None:
    """Write predictions, then the outcome: an outcome on disk means a whole answer."""
    if predictions is not None:
        with atomic_write(folder / PREDICTIONS) as file:
            np.savez(file, **predictions)  # type: ignore[arg-type]
    with atomic_write(folder / DOCUMENT) as file:
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
