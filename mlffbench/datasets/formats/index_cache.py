"""Cache of indexes on disk, so that a large file is searched through once."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mlffbench.datasets.formats.index import Index
from mlffbench.system.atomic_write import atomic_write
from mlffbench.system.fetch import cache_folder

__all__ = ["cached_index"]

VERSION = 3  # of the content of an index: another number invalidates all cached ones


def cached_index(file: Path, make: Callable[[], tuple[Index, np.ndarray]]) -> tuple[Index, np.ndarray]:
    """Return the index of a file and the places of its frames, from the cache if the file has not changed.

    A cache that cannot be written is no error.
    """
    place = _place(file)
    stored = _read(place)
    if stored is None:
        stored = make()
        _write(place, *stored)
    return stored


def _place(file: Path) -> Path:
    """The cache's file, named by the path, size and time of change of the indexed one."""
    status = file.stat()
    key = f"{VERSION} {file.resolve()} {status.st_size} {status.st_mtime_ns}"
    return cache_folder() / "index" / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.npz"


def _read(place: Path) -> tuple[Index, np.ndarray] | None:
    """Read a cached index; None if it is missing or damaged."""
    try:
        with place.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            return Index.of_arrays(stored), stored["places"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _write(place: Path, index: Index, places: np.ndarray) -> None:
    """Write an index, if the disk allows it."""
    try:
        with atomic_write(place) as file:
            np.savez(file, places=places, **index.arrays())  # type: ignore[arg-type]
    except OSError:  # a read-only or full disk: the next opening searches again
        return
