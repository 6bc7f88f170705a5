"""Values that look like a label and that nothing reads: named with the keyword that would read them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from mlffbench.datasets.formats.label_keys import SPELLINGS
from mlffbench.datasets.formats.records import Record, Source
from mlffbench.datasets.formats.unread_cells import is_cell_name

__all__ = ["unread_labels"]

NO_FORCES = re.compile(
    "mom|vel|disp|dipol|mag|pos|coord|spin|image|shift|frac|scaled|weight|charge|eigen|field"
)
NO_STRESS = re.compile(
    "diel|polar|quadrup|hess|born|inert|strain|deform|rot|kpt|kpoint|grid|mesh|weight|dipol"
)


def unread_labels(source: Source, keys: Mapping[str, str | None]) -> dict[str, str]:
    """Names that may hold labels of frames without them, each with the sentence of the remedy.

    `keys` are those that are read for the ``energy``, ``forces`` and ``stress``.
    """
    unread = _components(source, keys["forces"])
    for quantity, looks in (("forces", _like_forces), ("stress", _like_stress)):
        read = keys[quantity]
        for key in sorted(source.index.names()):
            if key in keys.values() or key in unread:
                continue
            without = source.index.has(key) & ~(source.index.has(read) if read else np.array(False))
            if quantity == "stress":
                without &= source.index.periodic()
            if without.any() and (words := looks(key, source.reader.record(int(np.argmax(without))))):
                unread[key] = (
                    f"{without.sum()} frames have {key!r}, {words}, and no {quantity} are read from it: "
                    f"if it holds them, give {quantity}_key: {key}"
                )
    return unread


def _components(source: Source, forces: str | None) -> dict[str, str]:
    """Forces in three columns instead of one array, with the sentence of the remedy."""
    plain = {re.sub("[^a-z]", "", k.lower()): k for k in source.index.names()}
    for stem in ("f", "force", "forces", "dftforce"):
        if forces is None and all(f"{stem}{x}" in plain for x in "xyz"):
            x, y, z = (plain[f"{stem}{x}"] for x in "xyz")
            return {
                x: f"the frames have {x!r}, {y!r} and {z!r}, and no forces are read: if these are forces, "
                "write them as one array, forces:R:3 in extended xyz"
            }
    return {}


def _like_forces(key: str, record: Record) -> str:
    """Describe a value with the name or the shape of forces; else ""."""
    shape, known = _shape(record.values.get(key)), key.lower() in SPELLINGS["forces"]
    if key.lower() in SPELLINGS["stress"] or is_cell_name(key):
        return ""
    flat = shape == (3 * len(record),) and (shape[0] > 9 or re.search("forc|grad", key.lower()) is not None)
    if (shape == (len(record), 3) or flat) and not NO_FORCES.search(key.lower()):
        return "three numbers an atom"
    return f"of shape {shape}" if known and shape and shape != (len(record), 3) else ""


def _like_stress(key: str, record: Record) -> str:
    """Describe a value with the name or the shape of a stress; else ""."""
    shape, known = _shape(record.values.get(key)), key.lower() in SPELLINGS["stress"]
    if shape in ((3, 3), (9,), (6,)) and not is_cell_name(key) and not NO_STRESS.search(key.lower()):
        per_atom = shape[0] == len(record) and not re.search("stress|virial|pressure", key.lower())
        return "" if per_atom else "six or nine numbers a frame"
    return f"of shape {shape}" if known and shape is not None else ""


def _shape(value: Any) -> tuple[int, ...] | None:
    """Shape of numbers; None for texts, flags and what is missing."""
    if value is None:
        return None
    array = np.asarray(value)
    return array.shape if array.dtype.kind in "fiu" else None
