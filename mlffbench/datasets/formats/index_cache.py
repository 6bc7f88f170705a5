"""Indexes kept on disk, so that a large file is searched through once."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mlffbench.datasets.formats.index import Index
from mlffbench.system.atomic_write import atomic_write
from mlffbench.system.fetch import cache_folder

__all__ = ["kept"]

VERSION = 1  # of what an index holds: another number forgets all that are kept


def kept(file: Path, make: Callable[[], tuple[Index, np.ndarray]]) -> tuple[Index, np.ndarray]:
    """The index of a file and the places of its frames, from the cache if the file has not changed since.

    A cache that cannot be written is no error.
    """
    place = _place(file)
    found = _read(place)
    if found is None:
        found = make()
        _write(place, *found)
    return found


def _place(file: Path) -> Path:
    """Named by path, size and time of change."""
    about = file.stat()
    words = f"{VERSION} {file.resolve()} {about.st_size} {about.st_mtime_ns}"
    return cache_folder() / "index" / f"{hashlib.sha256(words.encode()).hexdigest()[:32]}.npz"


def _read(place: Path) -> tuple[Index, np.ndarray] | None:
    try:
        with place.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            return Index.of_arrays(stored), stored["places"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):  # not there, or damaged
        return None


def _write(place: Path, index: Index, places: np.ndarray) -> None:
    try:
        with atomic_write(place) as file:
            np.savez(file, places=places, **index.arrays())  # type: ignore[arg-type]
    except OSError:  # a read-only or full disk: the next opening searches again
        return
