"""Frames with all that their file holds, constraints and columns too; labels are optional."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from mlffbench.data import Labels
from mlffbench.datasets.formats.files import match, open_files
from mlffbench.datasets.formats.isolated_atoms import isolated_atoms
from mlffbench.datasets.formats.label_keys import Label, find_key
from mlffbench.datasets.formats.records import InMemory, Source
from mlffbench.datasets.formats.structure_file import read_structures
from mlffbench.datasets.formats.units import UNITS
from mlffbench.registry import suggest

__all__ = ["WholeFrames", "known_labels", "read_whole_frames"]

OWN_READERS = (".npz", ".data", ".aselmdb")  # formats that ASE does not read, or reads without their units


@dataclass(frozen=True, eq=False)
class WholeFrames:
    """Frames as ASE reads them, and the source of their labels."""

    name: str
    frames: list[Atoms]
    source: Source


def read_whole_frames(path: Path, units: str | None = None) -> WholeFrames:
    """Read frames with everything in them; nothing is refused for its name, and no label is needed.

    Raises
    ------
    OSError, ValueError
        There is no such file, or it is of no format that is read.
    """
    if units is not None and units not in UNITS:
        raise ValueError(f"no unit {units!r}{suggest(units, UNITS)}")
    (file, *others) = match(str(path))
    if others:
        raise ValueError(f"{path} matches {len(others) + 1} files; give one")
    if file.is_dir() or file.suffix in OWN_READERS:
        return _own(file, units)
    try:
        frames = read_structures(file)
    except ValueError as refusal:  # a spelling that our reader understands
        try:
            return _own(file, units)
        except ValueError:
            raise refusal from None
    source = InMemory(frames).source
    return WholeFrames(file.name, frames, replace(source, units=UNITS[units]) if units else source)


def _own(file: Path, units: str | None) -> WholeFrames:
    """Bare structures of our own readers; the labels stay in the source."""
    source = open_files([file], units)
    return WholeFrames(file.name, [source.reader.bare(i) for i in range(len(source.index))], source)


def known_labels(
    whole: WholeFrames, keys: dict[str, str | None]
) -> tuple[Labels | None, np.ndarray, list[str]]:
    """Labels in eV and Å, the frames that are no isolated atoms, and sentences on labels that are not used.

    Energies that are missing are NaN; without any label the first is None.
    """
    n, known, notes = len(whole.frames), dict[str, Any](), list[str]()
    for quantity, given in keys.items():
        try:
            key = find_key(whole.name, quantity, given, whole.source)
            if key is not None:
                label = Label(whole.name, quantity, key, whole.source.reader, whole.source.units)
                known[quantity] = [label(i) for i in range(n)]
        except ValueError as error:
            if given is not None or "no energies found" not in str(error):
                notes.append(str(error))
    kept = np.flatnonzero(~isolated_atoms(whole.source.index))
    if not known:
        return None, kept, notes
    energy = np.array(known.get("energy", [np.nan] * n), dtype=float)
    return Labels(energy, known.get("forces"), known.get("stress")), kept, notes
