"""Open files of any format: paths, patterns and folders to frames."""

from __future__ import annotations

import glob
import lzma
import sqlite3
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from difflib import get_close_matches
from io import BytesIO
from pathlib import Path
from xml.etree.ElementTree import ParseError as XMLParseError

import numpy as np
from ase import Atoms
from ase.io import ParseError, read
from ase.io.formats import UnknownFileTypeError, filetype, open_with_compression

from mlffbench.datasets.formats import deepmd, n2p2, vasp
from mlffbench.datasets.formats.ase_db import Database, index_database, metadata_of
from mlffbench.datasets.formats.convergence import converged_frames
from mlffbench.datasets.formats.electronic_columns import with_electronic_columns
from mlffbench.datasets.formats.extxyz import Extxyz
from mlffbench.datasets.formats.extxyz_index import index_extxyz
from mlffbench.datasets.formats.foreign_formats import refuse_foreign
from mlffbench.datasets.formats.index import Index
from mlffbench.datasets.formats.index_cache import cached_index
from mlffbench.datasets.formats.npz import open_arrays, stated_units
from mlffbench.datasets.formats.packed_files import check_unpacked
from mlffbench.datasets.formats.program_xyz import Program, as_extxyz, program_of
from mlffbench.datasets.formats.read_errors import reason
from mlffbench.datasets.formats.records import InMemory, JoinedReader, Source
from mlffbench.datasets.formats.schnetpack import units_in
from mlffbench.datasets.formats.stated_units import with_units
from mlffbench.datasets.formats.structure_file import check_claims
from mlffbench.datasets.formats.units import UNITS
from mlffbench.registry import suggest

__all__ = ["match", "open_files"]

COMPRESSED = (".gz", ".xz", ".bz2")
OF_ANY_UNITS = (".xyz", ".extxyz", ".npz", ".db", ".aselmdb", ".traj", ".data")
NO_DATA = (
    ".html",
    ".toml",
    ".cfg",
    ".log",
    ".csv",
    ".ipynb",
    ".sh",
    ".mlff",
    ".model",
    ".png",
)
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
    *(
        MemoryError,
        TypeError,
        NameError,
        AttributeError,
        AssertionError,
        sqlite3.Error,
        lzma.LZMAError,
        zlib.error,
    ),
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
    if place.exists() and not (place.is_file() or place.is_dir()):
        raise FileNotFoundError(f"{path!r} is a pipe, a socket or a device, and no file")
    if place.is_file() or (place.is_dir() and deepmd.is_system(place)):
        return [place]
    if place.is_dir() and (systems := sorted(f.parent for f in place.glob("*/type.raw"))):
        return systems
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
        files = [f for f in matched if f.is_file() or deepmd.is_system(f)]
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
    listing = sorted(f.name for f in folder.iterdir() if not _is_prose(f) and f.suffix not in NO_DATA)
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
    refuse_foreign(file)
    try:
        check_unpacked(file)
        source = with_units(file.name, _opener(file, units)(file, lazy), units)
    except UNREADABLE as error:
        if isinstance(error, ValueError) and file.name in str(error):
            raise
        raise ValueError(f"ASE cannot read {str(file)!r}: {reason(error, file)}") from error
    if not len(source.index):
        raise ValueError(f"{str(file)!r} has no frames")
    return source


def _refuse_units(file: Path, units: str | None, custom: str) -> None:
    """Refuse other units than eV for a format that is always in eV and Å."""
    if units not in (None, "eV"):
        raise ValueError(f"{file.name}: units={units!r} is for {', '.join(OF_ANY_UNITS)}; {custom}")


def _suffix(file: Path) -> str:
    """The suffix, that of a compression removed."""
    return Path(file.stem if file.suffix in COMPRESSED else file.name).suffix.lower()


def _opener(file: Path, units: str | None) -> Callable[[Path, bool], Source]:
    """The function that opens files of this format, and labels in these units."""
    if file.is_dir():
        _refuse_units(file, units, "DeePMD-kit's are in eV and Å")
        return lambda folder, _: InMemory(deepmd.frames_of(folder)).source
    if file.suffix == ".npz":
        if units is None and "energy" not in stated_units(file):
            raise ValueError(f"{file.name}: .npz files do not tell units; set units to one of {list(UNITS)}")
        return open_arrays
    if _suffix(file) in (".xyz", ".extxyz"):
        return _plain_xyz(file) or (_compressed if file.suffix in COMPRESSED else _extxyz)
    if file.suffix in (".db", ".aselmdb"):
        return _database
    if _is_runner(file):
        return _runner(units)
    if _suffix(file) not in OF_ANY_UNITS:
        _refuse_units(file, units, "ASE reads others in eV and Å")
    return _ase


def _plain_xyz(file: Path) -> Callable[[Path, bool], Source] | None:
    """The function that opens the xyz of an electronic-structure program; None for extended xyz."""
    with open_with_compression(str(file), "rb") as text:
        program = program_of(text.read(2000).decode(errors="replace"))
    if program is None:
        return None
    return lambda file, _: _of_program(file, program)


def _of_program(file: Path, program: Program) -> Source:
    """Open the xyz of an electronic-structure program as extended xyz, in memory."""
    with open_with_compression(str(file), "rb") as packed:
        text = as_extxyz(file, packed.read().decode(errors="replace"), program)
    index, offsets = index_extxyz(str(file), BytesIO(text), len(text))
    notes = tuple(f"{file.name}: {note}" for note in program.notes)
    return Source(Extxyz(file, offsets, text), index, stated={"energy": "Hartree"}, notes=notes)


def _is_runner(file: Path) -> bool:
    """True for an ``input.data`` of RuNNer or n2p2."""
    if _suffix(file) != ".data":
        return False
    with file.open(encoding="utf-8", errors="replace") as text:
        lines = (line.split("#")[0].split() for line in text)
        return next((words for words in lines if words), [""])[0] == "begin"


def _runner(units: str | None) -> Callable[[Path, bool], Source]:
    """The function that opens RuNNer's and n2p2's files, which do not tell their units."""

    def opener(file: Path, _: bool) -> Source:
        if units is None:
            raise ValueError(
                f"{file.name}: files of RuNNer and n2p2 do not tell units; set units to 'Hartree' (then "
                f"positions are in bohr, the custom) or another of {list(UNITS)} (positions in Å)"
            )
        source = InMemory(n2p2.frames_of(file)).source
        return replace(source, stated={"energy": "Hartree", "length": "bohr"} if units == "Hartree" else {})

    return opener


def _extxyz(file: Path, lazy: bool) -> Source:
    """Open extended xyz by its index, cached if `lazy`."""

    def make_index() -> tuple[Index, np.ndarray]:
        with file.open("rb") as text:
            index, offsets = index_extxyz(str(file), text, file.stat().st_size)
        return with_electronic_columns(index, Extxyz(file, offsets)), offsets

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

    def make_index() -> tuple[Index, np.ndarray]:
        index, ids = index_database(file)
        return with_electronic_columns(index, Database(file, ids)), ids

    index, ids = cached_index(file, make_index) if lazy else make_index()
    stated, keys = units_in(file.name, metadata_of(file))
    return Source(Database(file, ids), index, stated=stated, keys=keys)


def _ase(file: Path, lazy: bool) -> Source:
    """Read a file of any other format into memory: ASE cannot read single frames of it."""
    try:
        frames, notes = _frames(file)
    except UnknownFileTypeError as error:
        raise ValueError(
            f"{str(file)!r} is of no known format ({error}); known are {', '.join(OF_ANY_UNITS)}, VASP's "
            "OUTCAR and vasprun.xml, and what else ASE reads ('ase info --formats')"
        ) from None
    return replace(InMemory(frames).source, notes=notes)


def _frames(file: Path) -> tuple[list[Atoms], tuple[str, ...]]:
    """Read the converged frames; also return sentences on those left out."""
    kind = filetype(str(file))
    check_claims(file, kind)
    if vasp.is_vasp(kind):
        return vasp.frames_of(file, kind)
    frames = [atoms for atoms in read(file, index=":") if atoms is not None]
    if frames and not any(_has_number(atoms) for atoms in frames):
        raise ValueError(
            f"{file.name}: structures without energies (ASE's format {kind!r}); give the output of the "
            "program that computed them, or extended xyz with energies in eV and forces in eV/Å"
        )
    return converged_frames(file, kind, frames)


def _has_number(atoms: Atoms) -> bool:
    """True for a frame with results of a calculator, or with a number that may be its energy."""
    numbers = (int, float, np.number)
    return atoms.calc is not None or any(isinstance(v, numbers) for v in atoms.info.values())
