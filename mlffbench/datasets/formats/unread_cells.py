"""Cells and periodic directions under names that nothing reads: refused by name, never dropped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from mlffbench.datasets.formats.extxyz_spelling import directions
from mlffbench.datasets.formats.index import Index
from mlffbench.datasets.formats.records import Record, Source

__all__ = ["is_cell_name", "refuse_unread_cell"]

PLACE = "(?:a|unit|simulation|sim|super|periodic|pbc)?(?:cell|lattice|latt|lat|box)(?:e(?=$))?"
MEASURE = "(?:vector|vec|parameter|param|par|constant|const|length|angle|matrix|dimension|dim|size|edge|abc)"
OTHERS = "hmat|hmatrix|abccell|rprimd?|celldm|alat|(?:primitive|prim|basis|translation)(?:vector|vec)"
CELL_NAME = re.compile(f"{PLACE}{MEASURE}?|{OTHERS}")  # without separators and the plural's s
NO_CELL_NAME = ("lat",)  # a latitude
CELL_NUMBER = re.compile(
    f"{PLACE}(?:parameter|param|par|constant|const|length|size|edge|dimension|dim)|alat|celldm"
)
OF_SEVERAL = re.compile("supercell")  # one number counts copies
SHORT = {"h": (9,), "a": (9,), "l": (3, 9), "abc": (3, 6, 9), "dimension": (3, 6, 9)}  # numbers of a cell
TOGETHER = (
    ("a", "b", "c", "alpha", "beta", "gamma"),
    *(("lx", "ly", "lz"), ("boxx", "boxy", "boxz"), ("cella", "cellb", "cellc"), ("xhi", "yhi", "zhi")),
)
PBC_NAME = re.compile(
    "(?P<no>no|non|not|a)?(?:is|use)?(?:pbc|periodic|periodicity|(?:periodic)?boundary|(?:periodic)?boundarie|"
    "(?:periodic)?boundarycondition|bc)"
)
LEAST = 2.0  # Å, of a cell's edge; less is a flag or the number of a copy
MOST = 100  # frames that are looked at for a name of periodic directions
OF_THE_FRAME = {"lattice", "cell"}  # the frame's own cell, not that of a crystal it comes from
REMEDY = 'give the three vectors, Lattice="ax ay az bx by bz cx cy cz" in extended xyz'


def is_cell_name(key: str) -> bool:
    """True for names of a cell, in any case, with any separators, singular or plural."""
    return CELL_NAME.fullmatch(_plain(key)) is not None and _plain(key) not in NO_CELL_NAME


def _plain(key: str) -> str:
    return re.sub("[^a-z]", "", key.lower()).removesuffix("s")


def refuse_unread_cell(name: str, source: Source) -> None:
    """Refuse frames with a cell, or with periodic directions, under a name that is not read.

    Raises
    ------
    ValueError
        A frame without a cell has a length, or 3, 6 or 9 numbers, under a cell's name, or another cell than
        its own; periodic directions that contradict those of the frame.
    """
    for key in sorted(k for k in source.index.names() if is_cell_name(k) or _plain(k) in SHORT):
        for i in _first_frames(source, key):
            _require_no_cell(name, key, i, source)
    plain = {re.sub("[^a-z]", "", k.lower()): k for k in source.index.names_of_kind("number")}
    for words in TOGETHER:
        if set(words) <= set(plain):
            i = next(_first_frames(source, plain[words[0]]))
            if not source.reader.record(i).cell.any():
                listed = [plain[word] for word in words]
                raise ValueError(f"{name}: frame {i} has no cell, but {listed}, which are not read; {REMEDY}")
    _refuse_unread_pbc(name, source)


def _require_no_cell(name: str, key: str, i: int, source: Source) -> None:
    """Refuse a frame without a cell whose value looks like one, or with a value that is another cell."""
    record = source.reader.record(i)
    numbers = _numbers(record.values.get(key))
    if numbers is None or not numbers.any() or not _is_size_of_cell(key, numbers, source.index):
        return
    if not record.cell.any():
        raise ValueError(
            f"{name}: frame {i} has no cell, but {key!r} with {numbers.size} numbers, which looks like one "
            f"and is not read; {REMEDY}, or remove {key!r}"
        )
    if _plain(key) in OF_THE_FRAME and numbers.size == 9 and not _is_cell(numbers, record):
        raise ValueError(f"{name}: {key!r} of frame {i} is another cell than its Lattice; remove one")


def _is_size_of_cell(key: str, numbers: np.ndarray, index: Index) -> bool:
    """True for as many numbers as a cell has; for one, if it is a length by its name, or in every frame."""
    plain = _plain(key)
    if numbers.size > 1:
        return numbers.size in SHORT.get(plain, (3, 6, 9))
    if plain in SHORT or OF_SEVERAL.match(plain):
        return False
    if CELL_NUMBER.fullmatch(plain) is not None:
        return True
    values = index.scalars.get(key, np.empty(0))[index.is_kind(key, "number")]
    return len(values) > 0 and float(values.min()) >= LEAST


# ---------------------------------------------------------------- periodic directions
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
    match = PBC_NAME.fullmatch(_plain(key))
    if match is not None and match["no"]:
        told = [not periodic for periodic in told]
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
