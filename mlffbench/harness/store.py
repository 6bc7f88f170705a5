"""Results folder: outcome documents and predictions, written atomically."""

from __future__ import annotations

import json
import math
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from mlffbench.system.atomic_write import atomic_write
from mlffbench.system.text_file import read_text

__all__ = ["Store"]


class Store:
    """Results folder: ``<id>.json``, ``predictions/<id>.npz`` and ``unfinished/<id>`` for each case."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    def document_path(self, id: str) -> Path:
        return self.folder / f"{id}.json"

    def predictions_path(self, id: str) -> Path:
        return self.folder / "predictions" / f"{id}.npz"

    def unfinished_path(self, id: str) -> Path:
        """Folder of the checkpoints of a case that is not finished."""
        return self.folder / "unfinished" / id

    def forget_unfinished(self, id: str) -> None:
        """Remove the checkpoints of a case."""
        shutil.rmtree(self.unfinished_path(id), ignore_errors=True)
        with suppress(OSError):
            self.unfinished_path(id).parent.rmdir()

    def save(self, document: Mapping[str, Any], predictions: Mapping[str, np.ndarray] | None = None) -> None:
        """Write predictions, then the document: a document on disk means a finished case."""
        if predictions is not None:
            with atomic_write(self.predictions_path(document["id"])) as file:
                np.savez_compressed(file, **predictions)  # type: ignore[arg-type]
        text = json.dumps(_finite(document), indent=1, ensure_ascii=False, allow_nan=False)
        with atomic_write(self.document_path(document["id"])) as file:
            file.write(f"{text}\n".encode())

    def load(self, id: str) -> dict[str, Any] | None:
        """Read the document of a case; None if it has not finished.

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
        """Read all documents, sorted by file name."""
        return [_read(path) for path in sorted(self.folder.glob("*.json"))]

    def predictions(self, id: str) -> dict[str, np.ndarray] | None:
        """Read the predictions of a case; None if the file is missing."""
        path = self.predictions_path(id)
        if not path.exists():
            return None
        try:
            with np.load(path) as archive:
                return dict(archive)
        except (ValueError, EOFError, BadZipFile) as error:
            raise ValueError(
                f"{path} holds no predictions ({error}); run the case again with --force"
            ) from None

    def check_rights(self) -> None:
        """Raise an OSError if the folder cannot be written, before hours are spent on a fit."""
        for folder in (self.folder, self.folder / "predictions"):
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=folder, suffix=".part"):
                pass

    def clean(self) -> None:
        """Remove half-written files of a killed run."""
        for part in [*self.folder.glob("*.part"), *self.folder.glob("predictions/*.part")]:
            part.unlink(missing_ok=True)


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"{path} is not a result document ({error}); remove it to run the case again"
        ) from None
    if not isinstance(document, dict) or not {"id", "status", "case"} <= set(document):
        raise ValueError(f"{path} is not a result document: it lacks 'id', 'status' or 'case'")
    return document


def _finite(value: Any) -> Any:
    """Replace non-finite numbers by None, as JSON has no NaN."""
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
