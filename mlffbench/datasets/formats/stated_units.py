"""Units that a file states, in its arrays or in words beside its labels, and those that the user gives."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from mlffbench.datasets.formats.records import Reader, Record, Source
from mlffbench.datasets.formats.units import EV, UNITS, Units, size_of, units_of

__all__ = ["names_unit", "stated_in", "with_units"]

NAMES = {
    "energy": ("energy", "energies", "e"),
    "length": (
        "r",
        "length",
        "distance",
        "position",
        "positions",
        "coordinate",
        "coordinates",
        "coords",
        "pos",
    ),
    "forces": ("force", "forces", "f"),
    "stress": ("stress", "stresses"),
    "virial": ("virial", "virials"),
}
QUANTITY = {
    spelling: quantity
    for quantity, names in NAMES.items()
    for name in names
    for spelling in (f"{name}_unit", f"{name}_units", f"{name}unit", f"{name}units", f"unit_{name}")
}
LAMMPS = {"metal": "eV", "real": "kcal/mol", "electron": "Hartree"}
WHOLE = ("unit", "units")  # of the energy; of other things in many files, so an unknown word is no error


def names_unit(key: str) -> bool:
    """True for the name of an entry that holds a unit."""
    return key.lower().lstrip("_") in (*QUANTITY, *WHOLE)


def stated_in(texts: Mapping[str, Any]) -> dict[str, str | float]:
    """Quantities and their units among named texts such as ``e_unit`` and ``distance_units``."""
    stated: dict[str, str | float] = {}
    for key, text in texts.items():
        quantity = QUANTITY.get(key.lower().lstrip("_"))
        if quantity is not None and str(text).strip():
            stated[quantity] = str(text)
        elif key.lower() in WHOLE:
            stated |= {k: v for k, v in _of_whole(str(text)).items() if k not in stated}
    return stated


def _of_whole(text: str) -> dict[str, str]:
    """Units in a text such as ``eV, Angstrom``, ``Hartree/bohr`` or LAMMPS's ``real``; else none."""
    words = [word for part in re.split(r"[,;]", text) for word in [LAMMPS.get(part.strip().lower(), part)]]
    words = words if len(words) > 1 or size_of(text, "energy") is not None else words[0].split()
    stated: dict[str, str] = {}
    for word in words:
        for quantity in ("energy", "length", "forces", "stress"):
            if size_of(word, quantity) is not None:
                stated.setdefault(quantity, word.strip())
                break
    if "energy" not in stated and "forces" in stated:
        energy = re.split(r"/(?!mol)|\s", stated["forces"])[0]
        stated |= {"energy": energy} if size_of(energy, "energy") is not None else {}
    return stated


def with_units(file: str, source: Source, given: str | None) -> Source:
    """Return the source with the units that the file states, else with those given.

    Raises
    ------
    ValueError
        The file contradicts the units given, or itself; a word that is no unit.
    """
    stated = {**stated_in(_common_texts(file, source)), **source.stated}
    if not stated:
        return source if given is None else replace(source, units=UNITS[given])
    base = UNITS[given or "eV"]
    units = replace(units_of(file, stated, base), keys=source.keys)
    if given is not None and "energy" in stated and not units.agrees_with(base):
        raise ValueError(
            f"{file}: the file gives its energies in {units.name}, so units={given!r} would be wrong; "
            "leave it out"
        )
    units = EV if replace(units, name="eV") == EV else units
    if units.length == 1:
        return replace(source, units=units)
    return replace(source, units=units, reader=Rescaled(source.reader, units))


def _common_texts(file: str, source: Source) -> dict[str, str]:
    """Texts of the frames that name units; all frames must have the same."""
    texts = {}
    for key in source.index.columns():
        if not names_unit(key) or not source.index.is_kind(key, "text").any():
            continue
        values = sorted(set(source.index.texts(key).tolist()))
        if len(values) == 1:
            texts[key] = values[0]
        elif key.lower() in QUANTITY:
            raise ValueError(f"{file}: frames of different units, {key} = {values}; convert them to one unit")
    return texts


class Rescaled(Reader):
    """Reader that converts positions and cells to Å."""

    def __init__(self, reader: Reader, units: Units) -> None:
        self.reader, self.units = reader, units

    def __len__(self) -> int:
        return len(self.reader)

    def read(self, i: int) -> Record:
        record, length = self.reader.record(i), self.units.length
        positions, cell = np.asarray(record.positions) * length, np.asarray(record.cell) * length
        return Record(record.numbers, positions, cell, record.pbc, record.values)
