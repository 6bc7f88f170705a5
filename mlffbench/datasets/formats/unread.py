"""Values that look like a cell or a label and that nothing reads: refused or named, never dropped."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from mlffbench.datasets.formats.extxyz_spelling import directions
from mlffbench.datasets.formats.label_keys import SPELLINGS
from mlffbench.datasets.formats.records import Record, Source

__all__ = ["is_cell_name", "refuse_unread_cell", "unread_labels"]

PLACE = "(?:unit|simulation|super|periodic)?(?:cell|lattice|box)(?:e(?=$))?"
MEASURE = "(?:vector|vec|parameter|param|par|constant|const|length|angle|matrix|dimension|dim|size|edge|abc)"
CELL_NAME = re.compile(f"{PLACE}{MEASURE}?")  # without separators and the plural's s
CELL_NUMBER = re.compile(f"{PLACE}(?:parameter|param|constant|const|length|size|edge|dimension|dim)")
SIX_NUMBERS = ("a", "b", "c", "alpha", "beta", "gamma")
PBC_NAME = re.compile(
    "pbc|periodic|periodicity|isperiodic|boundary|boundarie|(?:periodic)?boundarycondition|bc"
)
MOST = 100  # frames that are looked at for a name of periodic directions
OF_THE_FRAME = {
    "lattice",
    "cell",
}  # names that mean the frame's own cell, not that of a crystal it comes from
NO_FORCES = re.compile(
    "mom|vel|disp|dipol|mag|pos|coord|spin|image|shift|frac|scaled|weight|charge|eigen|field"
)
NO_STRESS = re.compile(
    "diel|polar|quadrup|hess|born|inert|strain|deform|rot|kpt|kpoint|grid|mesh|weight|dipol"
)


def is_cell_name(key: str) -> bool:
    """True for names of a cell, in any case, with any separators, singular or plural."""
    return CELL_NAME.fullmatch(_plain(key)) is not None


def _plain(key: str) -> str:
    return re.sub("[^a-z]", "", key.lower()).removesuffix("s")


# ---------------------------------------------------------------- cells
def refuse_unread_cell(name: str, source: Source) -> None:
    """Refuse frames with a cell under a name that is not read.

    Raises
    ------
    ValueError
        A frame without a cell has 3, 6 or 9 numbers under a cell's name, or another cell than its own.
    """
    for key in sorted(k for k in source.index.names() if is_cell_name(k)):
        for i in _first_frames(source, key):
            record = source.reader.record(i)
            numbers = _numbers(record.values.get(key))
            if numbers is None or not _is_size_of_cell(key, numbers) or not numbers.any():
                continue
            if not record.cell.any():
                raise ValueError(
                    f"{name}: frame {i} has no cell, but {key!r} with {numbers.size} numbers, which looks "
                    'like one and is not read; give the three vectors, Lattice="ax ay az bx by bz cx cy cz" '
                    f"in extended xyz, or remove {key!r}"
                )
            if _plain(key) in OF_THE_FRAME and numbers.size == 9 and not _is_cell(numbers, record):
                raise ValueError(f"{name}: {key!r} of frame {i} is another cell than its Lattice; remove one")
    if set(SIX_NUMBERS) <= set(source.index.names()):
        i = next(_first_frames(source, "a"))
        if not source.reader.record(i).cell.any():
            raise ValueError(
                f"{name}: frame {i} has no cell, but {list(SIX_NUMBERS)}, which are not read; give the three "
                'vectors, Lattice="ax ay az bx by bz cx cy cz" in extended xyz'
            )
    _refuse_unread_pbc(name, source)


def _is_size_of_cell(key: str, numbers: np.ndarray) -> bool:
    """True for as many numbers as a cell has; for one, if the name or a fraction says that it is a length."""
    of_length = (
        CELL_NUMBER.fullmatch(_plain(key)) is not None or not np.equal(numbers, np.round(numbers)).all()
    )
    return numbers.size in (3, 6, 9) or (numbers.size == 1 and of_length)


def _refuse_unread_pbc(name: str, source: Source) -> None:
    """Refuse frames whose periodic directions under another name contradict those that are read."""
    index = source.index
    known = {*index.names(), *index.names_of_kind("flag")}
    for key in sorted(k for k in known if PBC_NAME.fullmatch(_plain(k))):
        values = np.nan_to_num(index.scalars.get(key, np.zeros(len(index))), nan=-1)
        held = np.flatnonzero(index.has(key))
        kinds = np.stack([index.layout[held], values[held]], axis=1)
        for i in held[np.unique(kinds, axis=0, return_index=True)[1]][:MOST].tolist():
            _require_pbc(name, key, i, source.reader.record(i))


def _require_pbc(name: str, key: str, i: int, record: Record) -> None:
    """Refuse a frame whose periodic directions are not those that the value tells."""
    words = " ".join(str(word) for word in np.ravel(record.values[key]).tolist())
    try:
        told = directions(words)
    except ValueError:  # of another meaning
        return
    if told != record.pbc.tolist():
        shown = " ".join("FT"[x] for x in record.pbc.tolist())
        raise ValueError(
            f"{name}: {key!r} of frame {i} is {words!r}, but the frame is read as {shown!r}; give its pbc"
        )


def _first_frames(source: Source, key: str) -> Iterator[int]:
    """First frame of each layout with that name."""
    index = source.index
    for number, layout in enumerate(index.layouts):
        frames = np.flatnonzero(index.layout == number)
        if len(frames) and key in layout.names():
            yield int(frames[0])


def _numbers(value: Any) -> np.ndarray | None:
    """Numbers of an array or of a text; None for anything else."""
    words = re.split(r"[\s,\[\]]+", value.strip("[] ")) if isinstance(value, str) else value
    try:
        array = np.array(words, dtype=float).ravel()
    except (TypeError, ValueError):
        return None
    return array if np.isfinite(array).all() else None


def _is_cell(numbers: np.ndarray, record: Record) -> bool:
    """True for the record's cell, its vectors as rows or as columns."""
    square = numbers.reshape(3, 3)
    return np.allclose(square, record.cell, atol=1e-4) or np.allclose(square.T, record.cell, atol=1e-4)


# ---------------------------------------------------------------- labels
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
    flat = shape == (3 * len(record),) and not (record.pbc.all() and shape in ((6,), (9,)))
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
