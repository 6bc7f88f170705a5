"""Predictions of a results folder in one small file: true labels once, errors in steps of their spread."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from pydantic_core import from_json

from mlffbench.harness.documents.parts import Document
from mlffbench.system.array_archive import check_sizes, read_member
from mlffbench.system.atomic_write import atomic_write

__all__ = ["NAME", "Packed", "PredictionPack", "write_pack"]

NAME = "predictions.zip"  # in a results folder
FORMAT = 1
INDEX = "index.json"
STEPS = (None, 256, 64, 16)  # in a standard deviation of the errors, finest first; None keeps every bit
LARGEST = 2**30  # steps; arrays with a larger error, or one that is no number, keep every bit
DATE = (1980, 1, 1, 0, 0, 0)  # of the members: equal predictions are equal bytes

DAMAGES = (  # exceptions of a file that is not what it should be
    *(zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError),
    *(KeyError, TypeError, ValueError, IndexError),
)

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Packed:
    """Facts of a pack that was written.

    Attributes
    ----------
    ids : list of str
        The cases in it.
    left_out : list of str
        Cases of other seeds than the first, for which the limit had no room.
    steps : int or None
        Steps of an error in one standard deviation of the errors; None if every bit was kept.
    size : int
        Bytes.
    """

    ids: list[str]
    left_out: list[str]
    steps: int | None
    size: int


# ---------------------------------------------------------------- reading
class PredictionPack:
    """The packed predictions of a results folder.

    Attributes
    ----------
    steps : int or None
        As in `Packed`.

    Raises
    ------
    OSError
        The file cannot be read.
    ValueError
        It is no such file, or is damaged; the message is the predicate of a sentence.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with _opened(path) as archive:
            check_sizes(archive, [INDEX])
            index = from_json(archive.read(INDEX))
            if index["format"] != FORMAT:
                raise ValueError(f"format {index['format']!r}, not {FORMAT}")
            self.steps: int | None = index["steps"]
            self._cases: dict[str, dict[str, Any]] = dict(index["cases"])

    @property
    def ids(self) -> list[str]:
        """Ids of the cases in it."""
        return list(self._cases)

    def arrays(self, document: Mapping[str, Any]) -> Arrays | None:
        """Arrays of a case, named as in its ``npz`` file; None if there are none, or those of another fit."""
        case = self._cases.get(document["id"])
        if case is None or document.get("predictions") != case["predictions"]:
            return None
        with _opened(self.path) as archive:
            entries: dict[str, dict[str, Any]] = case["arrays"]
            check_sizes(archive, sorted({entry["member"] for entry in entries.values()}))
            exact = {n: read_member(archive, e["member"]) for n, e in entries.items() if e["base"] is None}
            return {n: exact[n] if n in exact else _restored(archive, e, exact) for n, e in entries.items()}


def _restored(archive: zipfile.ZipFile, entry: dict[str, Any], exact: Arrays) -> np.ndarray:
    """The predictions of an entry: the true labels plus the rounded errors."""
    true = exact[entry["base"]]
    planes = read_member(archive, entry["member"])
    folded = np.zeros(true.size, dtype=np.uint32)
    for k, plane in enumerate(planes):
        folded |= plane.astype(np.uint32) << np.uint32(8 * k)
    signed = (folded >> np.uint32(1)).astype(np.int64)
    errors = np.where(folded & np.uint32(1), -signed - 1, signed).reshape(true.shape)
    return true.astype(float) + entry["step"] * errors


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except DAMAGES as error:
        raise ValueError(f"it is no pack of predictions, or is damaged: {error}") from error


# ---------------------------------------------------------------- writing
def write_pack(
    path: Path, documents: Sequence[Document], arrays_of: Callable[[str], Arrays | None], limit: int
) -> Packed:
    """Write the predictions of cases into one file that is no larger than a limit.

    Labels are stored once for all cases that share them. If all bits of the predictions do not fit, their
    errors are rounded to a 256th, a 64th or a 16th of the standard deviation of each array's errors, which
    changes a root mean square error by a few per cent of its standard error at most; then only the first seed
    of each method is kept.

    Parameters
    ----------
    path : Path
    documents : sequence of dict
    arrays_of : callable
        Id -> arrays of its ``npz`` file, or None if there is none.
    limit : int
        Bytes.

    Raises
    ------
    ValueError
        There are no predictions, or they do not fit.
    """
    if not any(arrays_of(document["id"]) is not None for document in documents):
        raise ValueError("there are no predictions to pack: the folder has no usable files in predictions/")
    first = _first_seeds(documents)
    attempts = [(steps, list(documents)) for steps in STEPS]
    if len(first) < len(documents):
        attempts += [(steps, first) for steps in STEPS[1:]]
    for steps, chosen in attempts:
        content = _archive(chosen, arrays_of, steps, limit)
        if content is not None:
            break
    else:
        raise ValueError(f"the predictions do not fit into {limit / 1e6:g} MB, even coarsely rounded")
    with atomic_write(path) as file:
        file.write(content)
    ids = PredictionPack(path).ids
    lost = [d["id"] for d in documents if d["id"] not in ids and arrays_of(d["id"]) is not None]
    return Packed(ids, lost, steps, len(content))


def _first_seeds(documents: Sequence[Document]) -> list[Document]:
    """The document of the lowest seed of each method, settings included, on each problem."""
    lowest: dict[str, Document] = {}
    for document in sorted(documents, key=lambda d: (d["case"].get("seed") or 0, d["id"])):
        case = document["case"]
        key = json.dumps([case.get(k) for k in ("label", "dataset", "split", "estimator", "budget")])
        lowest.setdefault(key, document)
    kept = {document["id"] for document in lowest.values()}
    return [document for document in documents if document["id"] in kept]


def _archive(
    documents: Sequence[Document], arrays_of: Callable[[str], Arrays | None], steps: int | None, limit: int
) -> bytes | None:
    """The file's content; None as soon as it is larger than the limit."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        members, cases = _Members(archive), {}
        for document in documents:
            arrays = arrays_of(document["id"])
            if arrays is not None:
                entries = {name: members.entry(name, arrays, steps) for name in arrays}
                cases[document["id"]] = {"predictions": document.get("predictions"), "arrays": entries}
            if content.tell() > limit:
                return None
        index = {"format": FORMAT, "steps": steps, "cases": cases}
        _write(archive, INDEX, json.dumps(index, separators=(",", ":")).encode())
    return content.getvalue() if content.tell() <= limit else None


class _Members:
    """Arrays in an archive, each content once."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self._names: dict[str, str] = {}

    def entry(self, name: str, arrays: Arrays, steps: int | None) -> dict[str, Any]:
        """Store an array; return its place, and how it is read."""
        base = f"{name.removesuffix('_predicted')}_true"
        if steps is not None and name.endswith("_predicted") and base in arrays:
            true = _label(base, arrays[base], steps)
            with np.errstate(all="ignore"):
                errors = arrays[name] - true
                step = float(np.std(errors)) / steps if errors.size else 0.0
            if step > 0 and np.isfinite(step) and np.abs(errors).max() < LARGEST * step:
                return {"member": self._stored(_planes(errors, step)), "base": base, "step": step}
        return {"member": self._stored(_label(name, arrays[name], steps)), "base": None}

    def _stored(self, array: np.ndarray) -> str:
        file = io.BytesIO()
        np.lib.format.write_array(file, np.ascontiguousarray(array), allow_pickle=False)
        digest = sha256(file.getbuffer()).hexdigest()
        if digest not in self._names:
            self._names[digest] = f"{len(self._names)}.npy"
            _write(self.archive, self._names[digest], file.getvalue())
        return self._names[digest]


def _label(name: str, array: np.ndarray, steps: int | None) -> np.ndarray:
    """The array as it is stored beside rounded errors: in single precision, but for energies."""
    small = (
        steps is not None and array.dtype == np.float64 and not name.rpartition("/")[2].startswith("energy_")
    )
    return array.astype(np.float32) if small else array


def _planes(errors: np.ndarray, step: float) -> np.ndarray:
    """Bytes of the rounded errors, the lowest first, signs folded: the higher ones are nearly all zero."""
    rounded = np.rint(errors / step).astype(np.int64).ravel()
    folded = np.where(rounded < 0, -2 * rounded - 1, 2 * rounded).astype(np.uint32)
    planes = [(folded >> np.uint32(8 * k)).astype(np.uint8) for k in range(4)]
    while len(planes) > 1 and not planes[-1].any():
        planes.pop()
    return np.stack(planes)


def _write(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, DATE), content, zipfile.ZIP_DEFLATED, 9)
