"""Paths, patterns and folders to frames: whatever format the files are in."""

from __future__ import annotations

import glob
import lzma
import sqlite3
import zlib
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from io import BytesIO
from pathlib import Path
from xml.etree.ElementTree import ParseError as XMLParseError

import numpy as np
from ase.io import ParseError, read
from ase.io.formats import UnknownFileTypeError, filetype, open_with_compression

from mlffbench.datasets.formats.ase_db import Database, index_database
from mlffbench.datasets.formats.extxyz import Extxyz
from mlffbench.datasets.formats.extxyz_index import index_extxyz
from mlffbench.datasets.formats.index import Index
from mlffbench.datasets.formats.index_cache import kept
from mlffbench.datasets.formats.label_keys import UNITS
from mlffbench.datasets.formats.npz import open_arrays
from mlffbench.datasets.formats.records import InMemory, Joined, Source
from mlffbench.registry import suggest

__all__ = ["match", "open_files"]

COMPRESSED = (".gz", ".xz", ".bz2")
OF_ANY_UNITS = (".xyz", ".extxyz", ".npz", ".db", ".aselmdb", ".traj")
PROSE = (".md", ".txt", ".rst", ".yaml", ".yml", ".py", ".pdf")  # ASE guesses a format even for these
UNREADABLE = (
    *(
        UnknownFileTypeError,
        ParseError,
        XMLParseError,
        OSError,
        EOFError,
        LookupError,
        ValueError,
        RuntimeError,
    ),
    *(TypeError, AttributeError, AssertionError, sqlite3.Error, lzma.LZMAError, zlib.error),
)


def match(path: str) -> list[Path]:
    """The files of a path, a glob pattern or a folder, sorted; of a folder only what ASE recognises.

    Raises
    ------
    FileNotFoundError
        Nothing matches; the message lists what the folder has.
    """
    place = Path(path).expanduser()
    if place.is_file():
        return [place]
    if place.is_dir():
        found = [f for f in sorted(place.iterdir()) if f.is_file() and _is_data(f)]
        folder, word = place, ""
    else:
        found = sorted(f for f in map(Path, glob.glob(str(place), recursive=True)) if f.is_file())
        folder, word = place.parent, place.name
    if not found:
        raise FileNotFoundError(_nothing(path, folder, word))
    return found


def _is_data(file: Path) -> bool:
    if file.suffix in PROSE or file.name.startswith((".", "LICEN", "README")):
        return False
    try:
        return file.suffix in (".npz", ".db", ".aselmdb") or bool(filetype(str(file)))
    except UNREADABLE:
        return False


def _nothing(path: str, folder: Path, word: str) -> str:
    """Why a path matches nothing, in a sentence."""
    if not folder.is_dir():
        return f"no file {path!r}: there is no folder {str(folder)!r}, seen from {str(Path.cwd())!r}"
    listing = sorted(f.name for f in folder.iterdir())
    more = f" and {len(listing) - 20} more" if len(listing) > 20 else ""
    near = get_close_matches(word, listing, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"no data file matches {path!r}; {str(folder.resolve())!r} has {listing[:20]}{more}{hint}"


# ---------------------------------------------------------------- opening
def open_files(files: Sequence[Path], units: str | None = None, lazy: bool = False) -> Source:
    """The frames of all files, in order and in the files' units; if `lazy`, left in the files where possible.

    Raises
    ------
    ValueError
        A file that nothing can read, or without frames; units that the file knows better, or does not tell.
    """
    if units is not None and units not in UNITS:
        raise ValueError(f"unknown units {units!r}{suggest(units, UNITS)}")
    return Joined.source([_open(file, units, lazy) for file in files])


def _open(file: Path, units: str | None, lazy: bool) -> Source:
    if file.stat().st_size == 0:
        raise ValueError(f"{str(file)!r} is empty")
    _check_units(file, units)
    try:
        source = _opener(file)(file, lazy)
    except UNREADABLE as error:
        if isinstance(error, ValueError) and file.name in str(error):
            raise
        raise ValueError(f"ASE cannot read {str(file)!r}: {type(error).__name__}: {error}") from error
    if not len(source.index):
        raise ValueError(f"{str(file)!r} has no frames")
    return source


def _check_units(file: Path, units: str | None) -> None:
    kind = _kind(file)
    if kind == ".npz" and units is None:
        raise ValueError(f"{file.name}: .npz files do not tell units; set units to one of {list(UNITS)}")
    if units not in (None, "eV") and kind not in OF_ANY_UNITS:
        raise ValueError(
            f"{file.name}: units={units!r} is for {', '.join(OF_ANY_UNITS)}; ASE reads others in eV and Å"
        )


def _kind(file: Path) -> str:
    """The suffix in front of a compression's."""
    return Path(file.stem if file.suffix in COMPRESSED else file.name).suffix.lower()


def _opener(file: Path) -> Callable[[Path, bool], Source]:
    if file.suffix == ".npz":
        return open_arrays
    if _kind(file) in (".xyz", ".extxyz"):
        return _compressed if file.suffix in COMPRESSED else _extxyz
    return _database if file.suffix in (".db", ".aselmdb") else _ase


def _extxyz(file: Path, lazy: bool) -> Source:
    def make() -> tuple[Index, np.ndarray]:
        with file.open("rb") as text:
            return index_extxyz(str(file), text, file.stat().st_size)

    index, offsets = kept(file, make) if lazy else make()
    return Source(Extxyz(file, offsets), index)


def _compressed(file: Path, lazy: bool) -> Source:
    """Unpacked into memory: text takes less of it than Atoms do."""
    with open_with_compression(str(file), "rb") as packed:
        text = packed.read()
    index, offsets = index_extxyz(str(file), BytesIO(text), len(text))
    return Source(Extxyz(file, offsets, text), index)


def _database(file: Path, lazy: bool) -> Source:
    index, ids = kept(file, lambda: index_database(file)) if lazy else index_database(file)
    return Source(Database(file, ids), index)


def _ase(file: Path, lazy: bool) -> Source:
    """All at once: ASE has no way to the middle of such a file."""
    try:
        return InMemory(list(read(file, index=":"))).source
    except UnknownFileTypeError as error:
        raise ValueError(
            f"{str(file)!r} is of no known format ({error}); known are {', '.join(OF_ANY_UNITS)}, VASP's "
            "OUTCAR and vasprun.xml, and what else ASE reads ('ase info --formats')"
        ) from None
