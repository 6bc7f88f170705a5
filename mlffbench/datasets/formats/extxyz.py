"""Extended xyz of any length: one pass finds the frames, each is read when it is asked for."""

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
    as_result,
    taken,
    tokens,
    value,
)
from mlffbench.datasets.formats.records import Reader, Record, record_of

__all__ = ["PARSE_ERRORS", "Extxyz", "parse"]

PARSE_ERRORS = (XYZError, ValueError, LookupError, TypeError)  # what ASE raises at a broken frame


class Extxyz(Reader):
    """The frames of a file, at known places in bytes.

    A compressed file is held unpacked, as text: it has no places to jump to.
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
            raise ValueError(f"ASE cannot read frame {i} of {str(self.file)!r}: {error}") from error

    def _bytes(self, begin: int, end: int) -> bytes:
        if self.text is not None:
            return self.text[begin:end]
        return _opened(self.file, self.stamp).read(begin, end)


class _Open:
    """A file to read from by many threads: without a position that they could share."""

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
def _opened(file: Path, stamp: tuple[int, int] | None) -> _Open:
    if _stamp(file) != stamp:
        raise ValueError(f"{str(file)!r} has changed since it was opened; open it again")
    return _Open(file)


def _stamp(file: Path) -> tuple[int, int]:
    about = file.stat()
    return about.st_size, about.st_mtime_ns


def parse(raw: bytes) -> Record:
    """One frame; by ASE unless its lines are a symbol and numbers."""
    head, comment, body = raw.split(b"\n", 2)
    natoms, line = int(head), comment.decode().strip()
    written = tokens(line)
    if written is None:
        return by_ase(raw)
    named = value("Properties", written["Properties"]) if "Properties" in written else PLAIN
    properties = _properties(str(named))
    parts = body.split()
    if not properties.is_plain or len(parts) != natoms * properties.width:
        return by_ase(raw)
    symbols = parts[:: properties.width]
    del parts[:: properties.width]
    try:
        numbers = np.array([_number(s) for s in symbols])
        table = np.fromiter(map(float, parts), dtype=float, count=len(parts))
    except (ValueError, KeyError):
        return by_ase(raw)
    table = table.reshape(natoms, properties.width - 1)
    arrays = {name: table[:, a - 1 : a - 1 + n] for name, _, a, n in properties.fields[1:]}
    return Record(numbers, arrays.pop("positions"), *_box(written), _Values(written, arrays))


@lru_cache(maxsize=256)
def _properties(text: str) -> Properties:
    return Properties(text)


@lru_cache(maxsize=256)
def _number(symbol: bytes) -> int:
    return int(atomic_numbers[symbol.decode().capitalize()])


def _box(written: Mapping[str, str | None]) -> tuple[np.ndarray, np.ndarray]:
    """Cell and periodicity."""
    cell, pbc = np.zeros((3, 3)), np.zeros(3, dtype=bool)
    lattice = written.get("Lattice")
    if lattice is not None:  # the rows are the lattice vectors, one after another
        cell[:] = np.array(lattice.strip("\"'{}[]").replace(",", " ").split(), dtype=float).reshape(3, 3)
    pbc[:] = value("pbc", written["pbc"]) if "pbc" in written else "Lattice" in written
    return cell, pbc


def by_ase(raw: bytes) -> Record:
    """One frame of any making."""
    return record_of(next(iter(read_xyz(StringIO(raw.decode()), 0))))


class _Values(Mapping[str, Any]):
    """What could be a label in one frame, converted only when asked for."""

    def __init__(self, written: Mapping[str, str | None], arrays: Mapping[str, np.ndarray]) -> None:
        self.arrays = arrays
        self.written = {k: v for k, v in written.items() if k not in STRUCTURE and not taken(arrays, k)}

    def __getitem__(self, key: str) -> Any:
        if key in self.written:
            return as_result(key, value(key, self.written[key]))
        array = self.arrays[key]
        return array[:, 0] if array.shape[1] == 1 else array

    def __contains__(self, key: object) -> bool:
        return key in self.written or key in self.arrays

    def __iter__(self) -> Iterator[str]:
        return iter({**self.arrays, **self.written})

    def __len__(self) -> int:
        return len({**self.arrays, **self.written})
