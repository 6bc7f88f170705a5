"""Result of a property as plain values and as a table with units."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from ase import Atoms

from mlffbench.registry.docstring import Docstring, read_docstring

if TYPE_CHECKING:
    from mlffbench.cli.property.catalogue import Property

__all__ = ["Quantity", "plain_value", "quantities", "structures_in"]

UNITS = (
    *("meV/Å", "meV", "eV/Å³", "eV/Å²", "eV/Å", "eV", "GPa", "J/m²", "THz²", "THz", "1/cm", "1/K", "1/Å"),
    *("Å²/ps", "Å/fs", "Å³", "Å²", "Å", "fs", "degrees", "K"),
)
UNIT = re.compile(
    r"(?:^|, |\(| in |and )("
    + "|".join(map(re.escape, UNITS))
    + r")(?![\w/²³])((?:,? per atom)?(?: and ps)?)",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Quantity:
    """A value of a result: name, value, unit and its meaning in words."""

    name: str
    value: Any
    unit: str
    meaning: str


def quantities(result: Any) -> list[Quantity]:
    """Quantities of a result, numbers first; those that do not exist for it are None."""
    if isinstance(result, Sequence) and not isinstance(result, str):
        return [Quantity("results", result, "", "One row a structure")]
    doc, names = read_docstring(inspect.getdoc(type(result))), [f.name for f in fields(result)]
    derived = [
        n for n, v in inspect.getmembers(type(result)) if isinstance(v, property) and not n.startswith("_")
    ]
    listed = [_quantity(result, name, doc) for name in (*names, *derived)]
    return sorted(listed, key=lambda q: not isinstance(q.value, int | float | str | None))


def _quantity(result: Any, name: str, doc: Docstring) -> Quantity:
    """Value, unit and meaning of an attribute, as its class documents them."""
    try:
        value = getattr(result, name)
    except (ValueError, LookupError):
        value = None
    entry = doc.entry(name, "Attributes")
    if entry is None:
        owner = inspect.getattr_static(type(result), name, None)
        text = read_docstring(inspect.getdoc(owner) if isinstance(owner, property) else "").summary
        return Quantity(name, value, _unit(text, 0, 1, value), text)
    names = entry.names
    unit = _unit(f"{entry.kind}\n{entry.text}", names.index(name), len(names), value)
    return Quantity(name, value, unit, entry.text or entry.kind.partition("; ")[2])


def _unit(text: str, place: int, n_names: int, value: Any) -> str:
    """Unit in a text; where it has one for each of several names, that of this place."""
    units = [unit + rest.replace(",", "") for unit, rest in UNIT.findall(text)]
    if not units:
        return ""
    if n_names > 1 and len(units) == n_names:
        per_atom = (
            " per atom" if units[-1].endswith(" per atom") and not units[place].endswith("atom") else ""
        )
        return units[place] + per_atom
    if isinstance(value, tuple) and len(value) == len(units):
        return ", ".join(units)
    return units[0]


# ---------------------------------------------------------------- plain values
def plain_value(value: Any) -> Any:
    """Value of numbers, texts, lists and mappings; structures as their numbers, positions and cells."""
    if isinstance(value, Atoms):
        return {
            "symbols": value.get_chemical_symbols(), "positions": value.positions,
            "cell": value.cell.array, "pbc": value.pbc,
        }  # fmt: skip
    if is_dataclass(value) and not isinstance(value, type):
        return {q.name: plain_value(q.value) for q in quantities(value)}
    if isinstance(value, Mapping):
        return {str(k): plain_value(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(v) for v in value]
    return value


def structures_in(what: Property, result: Any, starts: Sequence[Atoms]) -> list[Atoms]:
    """Structures of a result: relaxed ones, images, or the frames of a trajectory."""
    positions, velocities = (getattr(result, name, None) for name in ("positions", "velocities"))
    if isinstance(positions, np.ndarray) and positions.ndim == 3:
        return list(_moved(starts[0], positions, velocities))
    if isinstance(result, list | tuple):
        return [atoms for part in result for atoms in structures_in(what, part, starts)]
    if isinstance(result, Mapping):
        return structures_in(what, list(result.values()), starts)
    if is_dataclass(result):
        parts = [getattr(result, f.name) for f in fields(result)]
        return [atoms for part in parts for atoms in structures_in(what, part, starts)]
    return [result] if isinstance(result, Atoms) else []


def _moved(start: Atoms, positions: np.ndarray, velocities: Any) -> Iterator[Atoms]:
    """Frames of a trajectory; velocities in ASE's unit."""
    from ase.units import fs

    for i, place in enumerate(positions):
        atoms = start.copy()
        atoms.set_positions(place, apply_constraint=False)
        if velocities is not None:
            atoms.set_velocities(velocities[i] / fs)
        yield atoms
