"""Reader of extended xyz of any length: frames at known byte offsets, parsed on request."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from io import StringIO
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from ase.data import atomic_numbers
from ase.io.extxyz import XYZError, read_xyz

from mlffbench.datasets.formats.extxyz_comments import (
    PLAIN,
    STRUCTURE,
    Properties,
    in_voigt_order,
    is_hidden,
    tokens,
    value,
)
from mlffbench.datasets.formats.extxyz_faults import fault
from mlffbench.datasets.formats.extxyz_spelling import standard
from mlffbench.datasets.formats.index import is_stray
from mlffbench.datasets.formats.records import Reader, Record, record_of

__all__ = ["PARSE_ERRORS", "Extxyz", "parse", "unnamed"]

PARSE_ERRORS = (XYZError, ValueError, LookupError, TypeError)  # raised by ASE at a broken frame


class Extxyz(Reader):
    """Reader of the frames of a file between byte offsets.

    Frames of a compressed file are read from its unpacked `text`.
    """

    def __init__(self, file: Path, offsets: np.ndarray, text: bytes | None = None) -> None:
        self.file, self.offsets, self.text = file.resolve(), offsets, text
        self.stamp = None if text is not None else _stamp(self.file)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def read(self, i: int) -> Record:
        raw = self._bytes(int(self.offsets[i]), int(self.offsets[i + 1]))
        try:
            return parse(raw)
        except PARSE_ERRORS as error:
            text = fault(raw) or error
            raise ValueError(f"ASE cannot read frame {i} of {str(self.file)!r}: {text}") from error

    def _bytes(self, begin: int, end: int) -> bytes:
        if self.text is not None:
            return self.text[begin:end]
        return _open_file(self.file, self.stamp).read(begin, end)


class _OpenFile:
    """An open file that several threads may read, without a shared position."""

    def __init__(self, file: Path) -> None:
        self.descriptor, self.lock = os.open(file, os.O_RDONLY | getattr(os, "O_BINARY", 0)), Lock()

    def read(self, begin: int, end: int) -> bytes:
        if hasattr(os, "pread"):
            return os.pread(self.descriptor, end - begin, begin)
        with self.lock:  # Windows
            os.lseek(self.descriptor, begin, os.SEEK_SET)
            return os.read(self.descriptor, end - begin)

    def __del__(self) -> None:
        with suppress(AttributeError, OSError):
            os.close(self.descriptor)


@lru_cache(maxsize=64)  # a folder may have more files than a process may open
def _open_file(file: Path, stamp: tuple[int, int] | None) -> _OpenFile:
    """Open a file once, if it still has the size and time of its index."""
    if _stamp(file) != stamp:
        raise ValueError(f"{str(file)!r} has changed since it was opened; open it again")
    return _OpenFile(file)


def _stamp(file: Path) -> tuple[int, int]:
    """Size and time of the last change, ns."""
    status = file.stat()
    return status.st_size, status.st_mtime_ns


def parse(raw: bytes) -> Record:
    """Parse one frame: in numpy if its lines are a symbol and numbers, else by ASE."""
    head, comment, body = raw.split(b"\n", 2)
    natoms, line = int(head), standard(comment.decode().strip())
    pairs = tokens(line)
    if pairs is None:
        return parse_by_ase(raw)
    named = value("Properties", pairs["Properties"]) if "Properties" in pairs else PLAIN
    properties = _properties(str(named))
    parts = body.split()
    if len(parts) == natoms * (properties.width + 3):
        properties = _properties(f"{named}:{unnamed(properties.width)}:R:3")
    if not properties.is_plain or len(parts) != natoms * properties.width:
        return parse_by_ase(raw)
    symbols = parts[:: properties.width]
    del parts[:: properties.width]
    try:
        numbers = np.array([_number(s) for s in symbols])
        table = np.fromiter(map(float, parts), dtype=float, count=len(parts))
    except (ValueError, KeyError):
        return parse_by_ase(raw)
    table = table.reshape(natoms, properties.width - 1)
    arrays = {name: table[:, a - 1 : a - 1 + n] for name, _, a, n in properties.fields[1:]}
    return Record(numbers, arrays.pop("positions"), *_cell_and_pbc(pairs), _LabelValues(pairs, arrays))


def unnamed(width: int) -> str:
    """Name of three columns behind the first `width`, which ``Properties`` does not name."""
    return f"columns_{width + 1}_to_{width + 3}"


@lru_cache(maxsize=256)
def _properties(text: str) -> Properties:
    return Properties(text)


@lru_cache(maxsize=256)
def _number(symbol: bytes) -> int:
    return int(atomic_numbers[symbol.decode().capitalize()])


def _cell_and_pbc(written: Mapping[str, str | None]) -> tuple[np.ndarray, np.ndarray]:
    """Cell and pbc from the tokens of a comment."""
    cell, pbc = np.zeros((3, 3)), np.zeros(3, dtype=bool)
    lattice = written.get("Lattice")
    if lattice is not None:  # the rows are the lattice vectors, one after another
        cell[:] = np.array(lattice.strip("\"'{}[]").replace(",", " ").split(), dtype=float).reshape(3, 3)
    pbc[:] = value("pbc", written["pbc"]) if "pbc" in written else "Lattice" in written
    return cell, pbc


def parse_by_ase(raw: bytes) -> Record:
    """Parse one frame of any form."""
    head, comment, body = raw.decode().split("\n", 2)
    return record_of(next(iter(read_xyz(StringIO(f"{head}\n{standard(comment)}\n{body}"), 0))))


class _LabelValues(Mapping[str, Any]):
    """Possible labels of one frame by key, converted on request."""

    def __init__(self, written: Mapping[str, str | None], arrays: Mapping[str, np.ndarray]) -> None:
        self.arrays = arrays
        names = [k for k, v in written.items() if k not in STRUCTURE and not is_stray(k, v is None)]
        self.written = {k: written[k] for k in names if not is_hidden(arrays, k)}

    def __getitem__(self, key: str) -> Any:
        if key in self.written:
            return in_voigt_order(key, value(key, self.written[key]))
        array = self.arrays[key]
        return array[:, 0] if array.shape[1] == 1 else array

    def __contains__(self, key: object) -> bool:
        return key in self.written or key in self.arrays

    def __iter__(self) -> Iterator[str]:
        return iter({**self.arrays, **self.written})

    def __len__(self) -> int:
        return len({**self.arrays, **self.written})
