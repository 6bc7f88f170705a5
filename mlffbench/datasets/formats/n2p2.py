"""RuNNer's and n2p2's ``input.data``, a format without units."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from mlffbench.datasets.formats.chemical_symbols import numbers_of
from mlffbench.datasets.formats.unread_cells import is_cell_name

__all__ = ["frames_of"]


def frames_of(file: Path) -> list[Atoms]:
    """Read all structures, in the units of the file: ``begin``, ``lattice``, ``atom``, ``energy``, ``end``.

    Raises
    ------
    ValueError
        A line of another form, named; RuNNer 2's own columns after ``begin``.
    """
    frames: list[Atoms] = []
    lines: list[list[str]] | None = None
    for number, text in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        words = text.split()
        if not words or words[0].startswith("#"):
            continue
        words[0] = words[0].lower()
        try:
            if words[0] == "begin":
                lines = _begin(words, lines)
            elif words[0] == "end":
                frames.append(_structure(lines or []))
                lines = None
            elif lines is not None:
                lines.append(words)
        except (ValueError, IndexError, KeyError) as error:
            raise ValueError(
                f"{file.name}, line {number}: no structure of RuNNer or n2p2 ({error})"
            ) from error
    if lines is not None:
        raise ValueError(f"{file.name}: the last structure, frame {len(frames)}, is cut off")
    return frames


def _begin(words: list[str], open_lines: list[list[str]] | None) -> list[list[str]]:
    """Begin a structure."""
    if open_lines is not None:
        raise ValueError("'begin' without 'end' of the structure before")
    if len(words) > 1:
        raise ValueError("columns of RuNNer 2 after 'begin'; convert it to extended xyz, in eV and Å")
    return []


def _structure(lines: list[list[str]]) -> Atoms:
    """Atoms of one structure: x y z element charge unused fx fy fz."""
    atoms = [words for words in lines if words[0] == "atom"]
    cell = np.array([[float(x) for x in words[1:4]] for words in lines if words[0] == "lattice"])
    if len(cell) not in (0, 3):
        raise ValueError(f"{len(cell)} lattice vectors; a crystal has three")
    if (unread := [w[0] for w in lines if w[0] != "lattice" and is_cell_name(w[0])]) and not len(cell):
        raise ValueError(f"a cell under the word {unread[0]!r}; write three lines 'lattice'")
    values: dict[str, Any] = {w[0]: float(w[1]) for w in lines if w[0] in ("energy", "charge") and len(w) > 1}
    positions = [[float(x) for x in words[1:4]] for words in atoms]
    periodic = {"cell": cell, "pbc": True} if len(cell) else {}
    structure = Atoms(numbers_of([words[4] for words in atoms]), positions, **periodic)
    results = {k: values[k] for k in ("energy",) if k in values}
    if all(len(words) >= 10 for words in atoms):
        results["forces"] = np.array([[float(x) for x in words[7:10]] for words in atoms])
    structure.calc = SinglePointCalculator(structure, **results)
    structure.info.update({"total_charge": values["charge"]} if values.get("charge") else {})
    return structure
