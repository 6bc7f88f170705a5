"""Paths, patterns and folders to frames: whatever format the files are in."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.db import connect
from ase.io import ParseError, read
from ase.io.formats import UnknownFileTypeError, filetype
from ase.units import Bohr, Hartree, kcal, mol

from mlffbench.datasets._labels import LABEL_NAMES
from mlffbench.registry import suggest

__all__ = ["UNITS", "match", "read_frames"]

UNITS = {"eV": (1.0, 1.0), "kcal/mol": (kcal / mol, kcal / mol), "Hartree": (Hartree, Hartree / Bohr)}
NUMBERS = ("nuclear_charges", "z", "Z", "atomic_numbers", "numbers")
POSITIONS = ("coords", "R", "positions", "coordinates")
PROSE = (".md", ".txt", ".rst", ".yaml", ".yml", ".py", ".pdf")  # ASE guesses a format even for these
UNREADABLE = (UnknownFileTypeError, ParseError, OSError, LookupError, ValueError, RuntimeError, TypeError)


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
        return file.suffix == ".npz" or bool(filetype(str(file)))
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


def read_frames(
    files: Sequence[Path], units: str | None = None, energy_key: str | None = None
) -> list[Atoms]:
    """The frames of all files, in eV and Å.

    Raises
    ------
    ValueError
        A file that nothing can read, or without frames; arrays whose units are not given.
    """
    if units is not None and units not in UNITS:
        raise ValueError(f"unknown units {units!r}{suggest(units, UNITS)}")
    frames = []
    for file in files:
        here = _npz(file, units, energy_key) if file.suffix == ".npz" else _ase(file, units)
        if not here:
            raise ValueError(f"{str(file)!r} has no frames")
        frames += here
    return frames


def _ase(file: Path, units: str | None) -> list[Atoms]:
    if units not in (None, "eV"):
        raise ValueError(f"{file.name}: units={units!r} is for .npz files; others are read in eV and Å")
    try:
        if file.suffix == ".db":
            with connect(file) as database:
                return [_row(row) for row in database.select()]
        return list(read(file, index=":"))
    except UNREADABLE as error:
        raise ValueError(f"ASE cannot read {str(file)!r}: {type(error).__name__}: {error}") from error


def _row(row: Any) -> Atoms:
    """A database row; its key-value pairs are info."""
    atoms = row.toatoms()
    atoms.info.update(row.key_value_pairs)
    return atoms


# ---------------------------------------------------------------- MD17's arrays
def _npz(file: Path, units: str | None, energy_key: str | None) -> list[Atoms]:
    """One molecule, many positions: one number a frame is info, one vector an atom is an array."""
    if units is None:
        raise ValueError(f"{file.name}: .npz files do not tell units; set units to one of {list(UNITS)}")
    with np.load(file, allow_pickle=False) as stored:
        data = {k: stored[k] for k in stored.files}
    positions = _one_of(file, POSITIONS, data)
    numbers = np.broadcast_to(_one_of(file, NUMBERS, data), positions.shape[:2])
    others = {k: v for k, v in data.items() if k not in (*NUMBERS, *POSITIONS)}
    rows, vectors = _per_frame(file, others, positions.shape, units, energy_key)
    frames = []
    for i in range(len(positions)):
        atoms = Atoms(numbers[i], positions[i], info={k: v[i] for k, v in rows.items()})
        atoms.arrays.update({k: v[i] for k, v in vectors.items()})
        frames.append(atoms)
    return frames


def _per_frame(
    file: Path, data: dict[str, np.ndarray], shape: tuple[int, ...], units: str, energy_key: str | None
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Arrays with a number a frame and with a vector an atom, in eV and eV/Å."""
    per_energy, per_force = UNITS[units]
    rows, vectors = {}, {}
    for key, values in data.items():
        if key.lower() in LABEL_NAMES and values.shape[:1] != shape[:1]:
            raise ValueError(f"{file.name}: {shape[0]} frames, but {key!r} has shape {values.shape}")
        if values.shape == shape:
            vectors[key] = values * per_force
        elif values.shape[:1] == shape[:1] and values.size == shape[0]:
            is_energy = "energ" in key.lower() or key.lower() in LABEL_NAMES or key == energy_key
            rows[key] = values.reshape(-1) * (per_energy if is_energy else 1)
    return rows, vectors


def _one_of(file: Path, names: Sequence[str], data: dict[str, np.ndarray]) -> np.ndarray:
    for name in names:
        if name in data:
            return data[name]
    raise ValueError(f"{file.name}: none of {list(names)} among its arrays {sorted(data)}")
