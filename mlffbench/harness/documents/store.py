"""Results folder: documents, predictions and models, written atomically, believed only after a check."""

from __future__ import annotations

import io
import math
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from pydantic_core import from_json

from mlffbench.harness.documents.attachments import Attachments, checked_id, move_aside, no_link
from mlffbench.harness.documents.document import ID, is_own_case, read_document
from mlffbench.harness.documents.layout import document_text
from mlffbench.harness.documents.parts import LARGE
from mlffbench.harness.documents.prediction_pack import NAME, PredictionPack
from mlffbench.harness.documents.predictions import check
from mlffbench.harness.documents.seal import sealed
from mlffbench.harness.documents.unfinished import Unfinished
from mlffbench.system.array_archive import arrays_of
from mlffbench.system.atomic_write import atomic_write, remove_parts
from mlffbench.system.lease import Leases
from mlffbench.system.plain_text import plain_text, plain_texts

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Store"]

KEPT_HEADS = 20_000  # documents of a folder up to which those that were asked for stay in memory

Content = TypeVar("Content")
Stamp = tuple[int, int, int]


class Store:
    """Results folder: ``<id>.json``, ``predictions/<id>.npz``, ``models/<id>.mlff``, ``unfinished/<id>``.

    There is one of each for a case, and ``predictions.zip`` for all cases without a file of predictions. A
    document names the digests of its predictions and of its kept model: they belong to one fit, or are not
    used.

    Attributes
    ----------
    folder : Path
    set_aside : dict of Path to str
        Files that were read and cannot be used, and why. They count as absent and cost no other file.
    removed : dict of str to int
        Ids of the cases whose models were removed and not replaced, and the models' bytes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self.set_aside: dict[Path, str] = {}
        self.removed: dict[str, int] = {}
        self._predictions = Attachments(self.folder, "predictions", ".npz", lambda d: d.get("predictions"))
        self._models = Attachments(self.folder, "models", ".mlff", _model_digest)
        self._seen: dict[Path, tuple[Stamp, dict[str, Any]]] = {}
        self.unfinished = Unfinished(self.folder)
        self._pack: tuple[Stamp, PredictionPack] | None = None
        self._heads: dict[str, tuple[Stamp, str | dict[str, Any]]] | None = None
        self._own_heads: set[str] = set()  # ids of heads whose case is the one that they name

    def document_path(self, id: str) -> Path:
        return self.folder / f"{checked_id(id)}.json"

    def predictions_path(self, id: str) -> Path:
        return self._predictions.path(id)

    def model_path(self, id: str) -> Path:
        """File of the fitted model of a case, whether it is kept or not."""
        return self._models.path(id)

    def unfinished_path(self, id: str) -> Path:
        """Folder of the checkpoints of a case that is not finished."""
        return self.unfinished.path(id)

    @property
    def unfinished_folder(self) -> Path:
        """Folder of all that is under way; an OSError if it is a link."""
        return self.unfinished.folder

    def forget_unfinished(self, id: str) -> None:
        """Remove the checkpoints of a case."""
        self.unfinished.forget(id)

    def leases(self) -> Leases:
        """Leases of cases, by their ids: who holds one may write what belongs to the case."""
        return Leases(no_link(self.folder / "leases"))

    # ------------------------------------------------------------ writing
    def save(
        self,
        document: Mapping[str, Any],
        predictions: Mapping[str, np.ndarray] | None = None,
        model: Path | None = None,
        held: Callable[[], object] = bool,
    ) -> None:
        """Write predictions and model, then the document: a document on disk means a finished case.

        The old ones stay until the document that names the new ones is there: whenever the process dies, the
        document has the predictions and the model of its own fit. A model that no document names any more is
        removed, see `removed`. A damaged document is moved into ``set_aside``.

        Parameters
        ----------
        model : Path, optional
            Model file, which is moved into the results.
        held : callable
            Raises an exception if the case is no longer this run's; called before anything is written, and
            before the document appears.
        """
        id = document["id"]
        archive = None if predictions is None else _archive(predictions)
        held()
        if archive is not None or model is not None:
            self._settle(id)
        if archive is not None:
            document = {**document, "predictions": self._predictions.write_next(id, archive)}
        if model is not None:
            size = model.stat().st_size
            kept = {"sha256": self._models.take_next(id, model), "bytes": size, "file": f"models/{id}.mlff"}
            document = {**document, "kept_model": kept}
        content = sealed(_finite(plain_texts(document)))
        text = document_text(content)
        self._set_damaged_aside(id)
        with atomic_write(self.document_path(id), allowed=held) as file:
            file.write(f"{text}\n".encode())
        if predictions is not None or model is not None:
            self._settle(id)
        if predictions is None and document.get("status") == "failed":
            self._predictions.remove(id)
        self._note_removed(id, 0 if _model_digest(document) else self._models.remove(id))

    def adopt(self, document: Mapping[str, Any], predictions: Path | None, model: Path | None) -> None:
        """Copy a document of another folder here, with files that it names; one that is here stays."""
        for attachments, file in ((self._predictions, predictions), (self._models, model)):
            if file is not None:
                attachments.copy_next(document["id"], file)
        if self.load(document["id"]) != document:
            self.save(document)
        self._settle(document["id"])

    def _set_damaged_aside(self, id: str) -> None:
        """Move a document that cannot be used out of the way; it is never overwritten."""
        path = self.document_path(id)
        if os.path.lexists(path) and self.load(id) is None:
            move_aside(path, no_link(self.folder / "set_aside"))
            self.set_aside.pop(path, None)

    def _settle(self, id: str) -> None:
        """Give new predictions and a new model their final names, if their document was written."""
        document = self._document(self.document_path(id))
        if document is not None:
            self._predictions.settle(document)
            self._models.settle(document)

    def _note_removed(self, id: str, size: int) -> None:
        if size:
            self.removed[id] = size

    def discard_model(self, id: str, reason: str) -> int:
        """Remove the kept model of a case, for a reason that its document then gives; return its bytes."""
        size = self._models.remove(id)
        document = self.load(id)
        if document is not None and _model_digest(document):
            self.save({**document, "kept_model": {"reason": reason}})
        return size

    # ------------------------------------------------------------ reading
    def load(self, id: str) -> dict[str, Any] | None:
        """Read the document of a case; None if it has not finished, or its document cannot be used."""
        path = self.document_path(id)
        return self._own(path, self._document(path))

    def _own(self, path: Path, document: dict[str, Any] | None) -> dict[str, Any] | None:
        """The document, if it is of the case that its name says."""
        if document is not None and not is_own_case(document):
            self.set_aside[path] = "the case in it is not the one that its name says"
            return None
        return document

    def ids(self) -> list[str]:
        """Ids of all files that may be documents, sorted by file name."""
        return [path.stem for path in sorted(self.folder.glob("*.json")) if ID.fullmatch(path.stem)]

    def version(self, id: str) -> tuple[int, int] | None:
        """Identity of the document of a case, a file that is only ever replaced; None if it is missing."""
        try:
            status = self.document_path(id).stat()
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns

    def refresh(self) -> None:
        """Have a network file system look again: it remembers a folder until it writes there."""
        with tempfile.NamedTemporaryFile(dir=self.folder, suffix=".look"):
            pass

    def documents(self, ids: Iterable[str] | None = None) -> list[dict[str, Any]]:
        """Read all documents, or those of some cases, sorted by file name; see `set_aside` for the others."""
        paths = self.folder.glob("*.json") if ids is None else map(self.document_path, ids)
        read = (self._document(path) for path in sorted(paths))
        return [document for document in read if document is not None]

    def table(self, ids: Iterable[str] | None = None, columns: Sequence[str] | None = None) -> pa.Table:
        """Records of all documents, or of those of some cases, see `documents.document_table`."""
        from mlffbench.harness.documents.document_table import document_table

        rows, set_aside = document_table(self.folder, ids, columns)
        self.set_aside |= set_aside
        return rows

    def head(self, id: str) -> dict[str, Any] | None:
        """Read what the state of a case depends on: its document without most numbers, see `records`.

        None as for `load`. In a large folder it comes from the index, unless the document has changed.
        """
        if self._heads is None:
            n_documents = sum(1 for _ in self.folder.glob("*.json"))
            table = self.table(columns=["head"]) if n_documents >= LARGE else None
            self._heads = {} if table is None else _heads(table)
        known = self._heads.get(id)
        if known is None or known[0] != self._stamp(id):
            return self.load(id)
        stamp, head = known
        document = from_json(head) if isinstance(head, str) else head
        if id not in self._own_heads and self._own(self.document_path(id), document) is None:
            return None
        self._own_heads.add(id)
        if len(self._heads) <= KEPT_HEADS:
            self._heads[id] = stamp, document
        return document

    def _stamp(self, id: str) -> Stamp | None:
        """Stamp of the document of a case that the index names; None if it is gone."""
        try:
            return _stamp_of(os.stat(f"{self.folder}{os.sep}{id}.json"))
        except OSError:
            return None

    def predictions(self, id: str) -> dict[str, np.ndarray] | None:
        """Read the predictions of a case, packed ones where it has no file; None if none can be used."""
        document = self._document(self.document_path(id)) or {}
        path = self._predictions.place / f"{checked_id(id)}.npz"
        current = self._predictions.current({**document, "id": id})
        if not os.path.lexists(current):
            return self._usable(self.pack_path, lambda: self._packed(document)) if document else None
        return self._usable(path, lambda: _arrays(current, document))

    @property
    def pack_path(self) -> Path:
        """File of packed predictions, whether it exists or not, see `documents.prediction_pack`."""
        return self.folder / NAME

    def pack(self) -> PredictionPack | None:
        """The packed predictions; None if there are none, or they cannot be used."""
        return self._usable(self.pack_path, self._read_pack)

    def _read_pack(self) -> PredictionPack:
        """The packed predictions, read once, as long as the file stays the same."""
        stamp = _stamp_of(self.pack_path.stat())
        if self._pack is None or self._pack[0] != stamp:
            self._pack = stamp, PredictionPack(self.pack_path)
        return self._pack[1]

    def _packed(self, document: Mapping[str, Any]) -> dict[str, np.ndarray] | None:
        arrays = self._read_pack().arrays(document)
        if arrays is not None:
            check(arrays, document)
        return arrays

    def predictions_file(self, document: Mapping[str, Any]) -> Path | None:
        """File of the predictions of a document; None if it is missing, or of another fit."""
        file = self._predictions.current(document)
        return file if self._predictions.fits(file, document) else None

    def kept_model(self, id: str) -> Path | None:
        """File of the model of a finished case; None if it is not kept, or not the one of its fit."""
        document = self.load(id) or {}
        if not _model_digest(document):
            return None
        file = self._models.current(document)
        return file if self._models.fits(file, document) else None

    def missing_model(self, id: str) -> str:
        """Reason, in words, why `kept_model` gives none."""
        document = self.load(id) or {}
        kept = document.get("kept_model") or {}
        if not _model_digest(document):
            return kept.get("reason") or "its model was not kept"
        if self.model_path(id).exists():
            return "its model file is damaged, or belongs to another fit"
        return "its model file was deleted"

    def _document(self, path: Path) -> dict[str, Any] | None:
        """Read a document once, as long as the file stays the same."""
        try:
            status = path.stat()
        except OSError as error:
            if path.is_symlink():
                self.set_aside[path] = str(error.strerror)
            return None
        stamp = _stamp_of(status)
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
        no_link(self.folder / "unfinished")
        models = self._models.folder
        for folder in (self.folder, self._predictions.folder, *([models] if models.exists() else [])):
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=folder, suffix=".look"):
                pass

    def clean(self) -> None:
        """Settle what a killed run has written, and remove what it has left half-written, and links."""
        remove_parts(self.folder)
        for attachments in (self._predictions, self._models):
            attachments.clean()
            for id in attachments.waiting():
                self._settle(id)
        for root, folders, files in os.walk(self.unfinished_folder):
            for path in (Path(root, name) for name in (*folders, *files)):
                if path.is_symlink():
                    path.unlink()


def _stamp_of(status: os.stat_result) -> Stamp:
    return status.st_mtime_ns, status.st_size, status.st_ino


def _heads(table: pa.Table) -> dict[str, tuple[Stamp, str | dict[str, Any]]]:
    columns = (table[name].to_pylist() for name in ("id", "mtime", "size", "inode", "head"))
    return {id: (tuple(stamp), head) for id, *stamp, head in zip(*columns, strict=True)}


def _model_digest(document: Mapping[str, Any]) -> str | None:
    """SHA-256 of the kept model that a document names."""
    return (document.get("kept_model") or {}).get("sha256")


def _archive(arrays: Mapping[str, np.ndarray]) -> memoryview:
    archive = io.BytesIO()
    np.savez_compressed(archive, **{plain_text(name): a for name, a in arrays.items()})  # type: ignore[arg-type]
    return archive.getbuffer()


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
