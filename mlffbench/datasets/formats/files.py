"""Open files of any format: paths, patterns and folders to frames."""

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
from mlffbench.datasets.formats.index_cache import cached_index
from mlffbench.datasets.formats.label_keys import UNITS
from mlffbench.datasets.formats.npz import open_arrays
from mlffbench.datasets.formats.records import InMemory, JoinedReader, Source
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
    """List the files of a path, a glob pattern or a folder, sorted; of a folder those that ASE recognises.

    Raises
    ------
    FileNotFoundError
        Nothing matches; the message lists what the folder has.
    """
    place = Path(path).expanduser()
    _refuse_dangling(place)
    if place.is_file():
        return [place]
    if place.is_dir():
        for file in sorted(place.iterdir()):
            if not _is_prose(file):
                _refuse_dangling(file)
        files = [f for f in sorted(place.iterdir()) if f.is_file() and _is_data(f)]
        folder, word = place, ""
    else:
        matched = sorted(map(Path, glob.glob(str(place), recursive=True)))
        for file in matched:
            _refuse_dangling(file)
        files = [f for f in matched if f.is_file()]
        folder, word = place.parent, place.name
    if not files:
        raise FileNotFoundError(_no_match(path, folder, word))
    return files


def _refuse_dangling(file: Path) -> None:
    """Refuse a link to a file that does not exist."""
    if file.is_symlink() and not file.exists():
        raise FileNotFoundError(f"{str(file)!r} is a link to {str(file.readlink())!r}, which does not exist")


def _is_prose(file: Path) -> bool:
    """True for hidden files, prose and licences."""
    return file.suffix in PROSE or file.name.startswith((".", "LICEN", "README"))


def _is_data(file: Path) -> bool:
    """True for files of a format that ASE recognises, prose and licences excluded."""
    if _is_prose(file):
        return False
    try:
        return file.suffix in (".npz", ".db", ".aselmdb") or bool(filetype(str(file)))
    except UNREADABLE:
        return False


def _no_match(path: str, folder: Path, word: str) -> str:
    """Return the error message of a path that matches no file, with what its folder has."""
    if not folder.is_dir():
        return f"no file {path!r}: there is no folder {str(folder)!r}, seen from {str(Path.cwd())!r}"
    listing = sorted(f.name for f in folder.iterdir())
    more = f" and {len(listing) - 20} more" if len(listing) > 20 else ""
    near = get_close_matches(word, listing, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"no data file matches {path!r}; {str(folder.resolve())!r} has {listing[:20]}{more}{hint}"


# ---------------------------------------------------------------- opening
def open_files(files: Sequence[Path], units: str | None = None, lazy: bool = False) -> Source:
    """Open the frames of all files, in order and in the files' units.

    If `lazy`, they stay in the files where the format allows it.

    Raises
    ------
    ValueError
        A file of no known format, or without frames; units for a format with fixed units; no units for .npz.
    """
    if units is not None and units not in UNITS:
        raise ValueError(f"unknown units {units!r}{suggest(units, UNITS)}")
    return JoinedReader.source([_open(file, units, lazy) for file in files])


def _open(file: Path, units: str | None, lazy: bool) -> Source:
    """Open one file; every error names it."""
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
    """Refuse units for a format with fixed units, and .npz without units."""
    kind = _suffix(file)
    if kind == ".npz" and units is None:
        raise ValueError(f"{file.name}: .npz files do not tell units; set units to one of {list(UNITS)}")
    if units not in (None, "eV") and kind not in OF_ANY_UNITS:
        raise ValueError(
            f"{file.name}: units={units!r} is for {', '.join(OF_ANY_UNITS)}; ASE reads others in eV and Å"
        )


def _suffix(file: Path) -> str:
    """The suffix, that of a compression removed."""
    return Path(file.stem if file.suffix in COMPRESSED else file.name).suffix.lower()


def _opener(file: Path) -> Callable[[Path, bool], Source]:
    """The function that opens files of this format."""
    if file.suffix == ".npz":
        return open_arrays
    if _suffix(file) in (".xyz", ".extxyz"):
        return _compressed if file.suffix in COMPRESSED else _extxyz
    return _database if file.suffix in (".db", ".aselmdb") else _ase


def _extxyz(file: Path, lazy: bool) -> Source:
    """Open extended xyz by its index, cached if `lazy`."""

    def make_index() -> tuple[Index, np.ndarray]:
        with file.open("rb") as text:
            return index_extxyz(str(file), text, file.stat().st_size)

    index, offsets = cached_index(file, make_index) if lazy else make_index()
    return Source(Extxyz(file, offsets), index)


def _compressed(file: Path, lazy: bool) -> Source:
    """Open compressed extended xyz, unpacked into memory: text takes less of it than Atoms do."""
    with open_with_compression(str(file), "rb") as packed:
        text = packed.read()
    index, offsets = index_extxyz(str(file), BytesIO(text), len(text))
    return Source(Extxyz(file, offsets, text), index)


def _database(file: Path, lazy: bool) -> Source:
    """Open an ASE database by its index, cached if `lazy`."""
    index, ids = cached_index(file, lambda: index_database(file)) if lazy else index_database(file)
    return Source(Database(file, ids), index)


def _ase(file: Path, lazy: bool) -> Source:
    """Read a file of any other format into memory: ASE cannot read single frames of it."""
    try:
        return InMemory(list(read(file, index=":"))).source
    except UnknownFileTypeError as error:
        raise ValueError(
            f"{str(file)!r} is of no known format ({error}); known are {', '.join(OF_ANY_UNITS)}, VASP's "
            "OUTCAR and vasprun.xml, and what else ASE reads ('ase info --formats')"
        ) from None
