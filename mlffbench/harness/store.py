"""Results folder: outcome documents and predictions, written atomically and believed only after a check."""

from __future__ import annotations

import io
import json
import math
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from mlffbench.harness.document import ID, is_own_case, read_document
from mlffbench.harness.predictions import check
from mlffbench.system.array_archive import arrays_of
from mlffbench.system.atomic_write import atomic_write, remove_parts
from mlffbench.system.plain_text import plain_text, plain_texts

__all__ = ["Store"]

Content = TypeVar("Content")
Stamp = tuple[int, int, int]


class Store:
    """Results folder: ``<id>.json``, ``predictions/<id>.npz`` and ``unfinished/<id>`` for each case.

    A document names the digest of its predictions: both belong to one fit, or the predictions are not used.

    Attributes
    ----------
    folder : Path
    set_aside : dict of Path to str
        Files that were read and cannot be used, and why. They count as absent and cost no other file.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self.set_aside: dict[Path, str] = {}
        self._seen: dict[Path, tuple[Stamp, dict[str, Any]]] = {}

    def document_path(self, id: str) -> Path:
        return self.folder / f"{_checked(id)}.json"

    def predictions_path(self, id: str) -> Path:
        return self._subfolder("predictions") / f"{_checked(id)}.npz"

    def unfinished_path(self, id: str) -> Path:
        """Folder of the checkpoints of a case that is not finished."""
        return self.unfinished_folder / _checked(id)

    @property
    def unfinished_folder(self) -> Path:
        """Folder of all that is under way.

        Raises
        ------
        OSError
            It is a link.
        """
        return self._subfolder("unfinished")

    def _subfolder(self, name: str) -> Path:
        folder = self.folder / name
        if folder.is_symlink():
            raise OSError(f"{folder} is a link, through which nothing is written; put a folder in its place")
        return folder

    def forget_unfinished(self, id: str) -> None:
        """Remove the checkpoints of a case."""
        shutil.rmtree(self.unfinished_path(id), ignore_errors=True)
        with suppress(OSError):
            self.unfinished_path(id).parent.rmdir()

    # ------------------------------------------------------------ writing
    def save(self, document: Mapping[str, Any], predictions: Mapping[str, np.ndarray] | None = None) -> None:
        """Write predictions, then the document: a document on disk means a finished case.

        The old predictions stay until the document that names the new ones is there: whenever the process
        dies, the document has the predictions of its own fit.
        """
        id = document["id"]
        if predictions is not None:
            self._settle(id)
            document = {**document, "predictions": self._write_next(id, predictions)}
        text = json.dumps(_finite(plain_texts(document)), indent=1, ensure_ascii=False, allow_nan=False)
        with atomic_write(_free(self.document_path(id))) as file:
            file.write(f"{text}\n".encode())
        if predictions is not None:
            self._settle(id)
        elif document.get("status") == "failed":
            self.predictions_path(id).unlink(missing_ok=True)

    def _next_path(self, id: str) -> Path:
        """Predictions of a document that is about to be written."""
        return self.predictions_path(id).with_suffix(".next.npz")

    def _write_next(self, id: str, predictions: Mapping[str, np.ndarray]) -> str:
        """Write predictions beside the old ones; return their digest."""
        archive = io.BytesIO()
        named = {plain_text(name): array for name, array in predictions.items()}
        np.savez_compressed(archive, **named)  # type: ignore[arg-type]
        with atomic_write(self._next_path(id)) as file:
            file.write(archive.getbuffer())
        return sha256(archive.getbuffer()).hexdigest()

    def _settle(self, id: str) -> None:
        """Give new predictions their final name, if the document that belongs to them was written."""
        document = self._document(self.document_path(id))
        if document is not None and _is_of(document, self._next_path(id)):
            with suppress(FileNotFoundError):  # another driver was faster
                os.replace(self._next_path(id), _free(self.predictions_path(id)))

    # ------------------------------------------------------------ reading
    def load(self, id: str) -> dict[str, Any] | None:
        """Read the document of a case; None if it has not finished, or its document cannot be used."""
        path = self.document_path(id)
        document = self._document(path)
        if document is not None and not is_own_case(document):
            self.set_aside[path] = "the case in it is not the one that its name says"
            return None
        return document

    def documents(self, ids: Iterable[str] | None = None) -> list[dict[str, Any]]:
        """Read all documents, or those of some cases, sorted by file name; see `set_aside` for the others."""
        paths = self.folder.glob("*.json") if ids is None else map(self.document_path, ids)
        read = (self._document(path) for path in sorted(paths))
        return [document for document in read if document is not None]

    def predictions(self, id: str) -> dict[str, np.ndarray] | None:
        """Read the predictions of a case; None if the file is missing, or cannot be used."""
        document = self._document(self.document_path(id)) or {}
        path = self.folder / "predictions" / f"{_checked(id)}.npz"
        new = path.with_suffix(".next.npz")
        return self._usable(path, lambda: _arrays(new if _is_of(document, new) else path, document))

    def _document(self, path: Path) -> dict[str, Any] | None:
        """Read a document once, as long as the file stays the same."""
        try:
            status = path.stat()
        except OSError as error:
            if path.is_symlink():
                self.set_aside[path] = str(error.strerror)
            return None
        stamp = status.st_mtime_ns, status.st_size, status.st_ino
        stored = self._seen.get(path)
        if stored is None or stored[0] != stamp:
            document = self._usable(path, lambda: read_document(path))
            if document is None:
                return None
            self._seen[path] = stored = stamp, document
        return stored[1]

    def _usable(self, path: Path, read: Callable[[], Content]) -> Content | None:
        """Content of a file; None if there is none, or it cannot be used."""
        try:
            content = read()
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            self.set_aside[path] = str(getattr(error, "strerror", None) or error)
            return None
        self.set_aside.pop(path, None)
        return content

    # ------------------------------------------------------------ folder
    def check_rights(self) -> None:
        """Raise an OSError if the folder cannot be written, before hours are spent on a fit."""
        self._subfolder("unfinished")
        for folder in (self.folder, self._subfolder("predictions")):
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=folder, suffix=".part"):
                pass

    def clean(self) -> None:
        """Remove half-written files of a killed run, and links among the checkpoints."""
        remove_parts(self.folder)
        remove_parts(self._subfolder("predictions"))
        for root, folders, files in os.walk(self.unfinished_folder):
            for path in (Path(root, name) for name in (*folders, *files)):
                if path.is_symlink():
                    path.unlink()


def _checked(id: str) -> str:
    if not ID.fullmatch(id):
        raise ValueError(f"{id[:100]!r} is no id of a case")
    return id


def _free(path: Path) -> Path:
    """The path, after a folder that lay there was moved aside."""
    if path.is_dir() and not path.is_symlink():
        path.rename(tempfile.mkdtemp(prefix=f"{path.name}.", suffix=".aside", dir=path.parent))
    return path


def _is_of(document: Mapping[str, Any], archive: Path) -> bool:
    """True if the document names the digest of this file of predictions."""
    return archive.is_file() and document.get("predictions") == sha256(archive.read_bytes()).hexdigest()


def _arrays(archive: Path, document: Mapping[str, Any]) -> dict[str, np.ndarray]:
    if archive.exists() and not archive.is_file():
        raise ValueError("it is no regular file")
    content = archive.read_bytes()
    if document.get("predictions") not in (None, sha256(content).hexdigest()):
        raise ValueError("it is damaged, or holds the predictions of another fit")
    arrays = arrays_of(io.BytesIO(content))
    check(arrays, document)
    return arrays


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
