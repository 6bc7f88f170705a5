"""Index of many frames without their arrays: sizes, scalars as columns, presence of labels."""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Builder", "Entry", "Index", "Layout", "is_missing", "is_stray"]


@dataclass(frozen=True)
class Entry:
    """A value in frames: name, dimensions, kind, and `column` for metadata.

    Kinds are ``number``, ``text``, ``flag`` (True or False, which is no number), ``missing`` (all NaN) and
    ``other``, that is arrays.
    """

    name: str
    ndim: int
    kind: str
    column: bool

    @staticmethod
    def of(name: str, value: Any, column: bool) -> Entry:
        """Describe a value."""
        return Entry(name, int(np.ndim(value)), _kind(value), column)

    @property
    def is_scalar(self) -> bool:
        """True for a value that the index holds."""
        return self.kind in ("number", "text", "flag")

    def scalar(self, value: Any) -> Any:
        """Return the value as the index holds it: a flag as a text."""
        return str(bool(value)) if self.kind == "flag" else value


def _kind(value: Any) -> str:
    """Kind of a value."""
    if isinstance(value, bool | np.bool_):
        return "flag"
    if isinstance(value, str):
        return "text"
    if isinstance(value, float | np.floating | np.ndarray) and is_missing(value):
        return "missing"
    return "number" if isinstance(value, int | float | np.integer | np.floating) else "other"


def is_missing(value: Any) -> bool:
    """True for a number or an array that is NaN throughout, as several tools write what they do not have."""
    array = np.asarray(value)
    return array.dtype.kind == "f" and array.size > 0 and bool(np.isnan(array).all())


def is_stray(name: str, value: Any) -> bool:
    """True for a number that stands alone in a comment (``E -76.4``), which ASE takes as a flag."""
    if not isinstance(value, bool):
        return False
    try:
        float(name)
    except ValueError:
        return False
    return True


@dataclass(frozen=True)
class Layout:
    """Entries that a frame holds. A file has few different layouts."""

    entries: tuple[Entry, ...]
    periodic: bool

    def names(self) -> list[str]:
        """Names of the entries that hold a value."""
        return [e.name for e in self.entries if e.kind != "missing"]

    def scalars(self) -> list[Entry]:
        """Entries whose values are in the index (numbers, texts and flags), in order."""
        return [e for e in self.entries if e.is_scalar]

    @staticmethod
    def of(values: Mapping[str, Any], columns: Iterable[str], periodic: bool) -> tuple[Layout, list[Any]]:
        """Return the layout of one frame, and its scalars in order."""
        named = set(columns)
        entries = tuple(Entry.of(k, v, k in named) for k, v in values.items())
        return Layout(entries, periodic), [e.scalar(values[e.name]) for e in entries if e.is_scalar]


@dataclass(frozen=True, eq=False)
class Index:
    """Sizes, layouts and scalars of n frames.

    Attributes
    ----------
    natoms : (n,) int array
    layout : (n,) int array
        Place of each frame's layout in `layouts`.
    scalars : mapping of str to (n,) float array
        Numbers, and for texts their place in `vocabulary`; NaN where a frame has neither.
    elements : mapping of int to int, or None
        Number of atoms by atomic number; None where they were not counted.
    """

    natoms: np.ndarray
    layout: np.ndarray
    layouts: tuple[Layout, ...]
    scalars: Mapping[str, np.ndarray]
    vocabulary: Sequence[str]
    elements: Mapping[int, int] | None

    def __len__(self) -> int:
        return len(self.natoms)

    def _where(self, flags: list[bool]) -> np.ndarray:
        """Spread one flag a layout over the frames, (n,) bool."""
        return np.array(flags, dtype=bool)[self.layout]

    def has(self, name: str) -> np.ndarray:
        """Mask of the frames that hold a value of that name, (n,) bool."""
        return self._where([name in layout.names() for layout in self.layouts])

    def is_kind(self, name: str, kind: str) -> np.ndarray:
        """Mask of the frames that hold the name as this kind (number, text or other), (n,) bool."""
        entries = [{(e.name, e.kind) for e in layout.entries} for layout in self.layouts]
        return self._where([(name, kind) in held for held in entries])

    def periodic(self) -> np.ndarray:
        """Mask of the frames that are periodic in three directions, (n,) bool."""
        return self._where([layout.periodic for layout in self.layouts])

    def names(self) -> dict[str, set[int]]:
        """Names of all entries that hold a number, text or array, each with its numbers of dimensions."""
        dimensions: dict[str, set[int]] = {}
        for layout in self.layouts:
            for e in layout.entries:
                if e.kind not in ("flag", "missing"):
                    dimensions.setdefault(e.name, set()).add(e.ndim)
        return dimensions

    def names_of_kind(self, kind: str) -> set[str]:
        """Names of the entries that are of a kind in some frame."""
        return {e.name for layout in self.layouts for e in layout.entries if e.kind == kind}

    def columns(self) -> dict[str, set[str]]:
        """Names of the metadata, each with its kinds."""
        kinds: dict[str, set[str]] = {}
        for layout in self.layouts:
            for e in layout.entries:
                if e.column and e.kind != "missing":
                    kinds.setdefault(e.name, set()).add(e.kind)
        return kinds

    def is_coded(self, name: str) -> np.ndarray:
        """Mask of the frames that hold the name as a text or a flag, (n,) bool."""
        return self.is_kind(name, "text") | self.is_kind(name, "flag")

    def texts(self, name: str) -> np.ndarray:
        """Texts of that name, flags as ``True`` and ``False``, "" where a frame has neither."""
        codes = np.where(self.is_coded(name), self.scalars[name], -1).astype(int)
        used, place = np.unique(codes, return_inverse=True)
        return np.array(["" if c < 0 else self.vocabulary[c] for c in used])[place]

    @staticmethod
    def joined(parts: Sequence[Index]) -> Index:
        """Concatenate several indexes."""
        layouts = tuple(dict.fromkeys(layout for p in parts for layout in p.layouts))
        number = {layout: i for i, layout in enumerate(layouts)}
        renumbered = [np.array([number[x] for x in p.layouts], dtype=np.int32)[p.layout] for p in parts]
        starts = np.cumsum([0, *(len(p.vocabulary) for p in parts)]).tolist()
        shifts = list(zip(parts, starts, strict=False))
        names = dict.fromkeys(name for p in parts for name in p.scalars)
        counted = [p.elements for p in parts if p.elements is not None]
        return Index(
            np.concatenate([p.natoms for p in parts]),
            np.concatenate(renumbered),
            layouts,
            {n: np.concatenate([p._shifted(n, s) for p, s in shifts]) for n in names},
            [word for p in parts for word in p.vocabulary],
            sum(map(Counter, counted), Counter()) if len(counted) == len(parts) else None,
        )

    def _shifted(self, name: str, start: int) -> np.ndarray:
        """Scalars of that name, with texts counted from `start` of a longer vocabulary."""
        if name not in self.scalars:
            return np.full(len(self), np.nan)
        return self.scalars[name] + np.where(self.is_coded(name), start, 0)

    # ---------------------------------------------------------------- as arrays, for a file
    def arrays(self) -> dict[str, np.ndarray]:
        """Return the index as arrays by name."""
        entries = [[[e.name, e.ndim, e.kind, e.column] for e in x.entries] for x in self.layouts]
        elements = None if self.elements is None else [[int(z), int(n)] for z, n in self.elements.items()]
        about = {
            "layouts": [[e, x.periodic] for e, x in zip(entries, self.layouts, strict=True)],
            "scalars": list(self.scalars),
            "elements": elements,
        }
        columns = {f"scalar_{i}": values for i, values in enumerate(self.scalars.values())}
        words = np.array(self.vocabulary, dtype=str)
        fixed = {"natoms": self.natoms, "layout": self.layout, "vocabulary": words}
        return {**fixed, **columns, "about": np.array(json.dumps(about))}

    @staticmethod
    def of_arrays(arrays: Mapping[str, np.ndarray]) -> Index:
        """Rebuild an index from its ``arrays``."""
        about = json.loads(str(arrays["about"]))
        layouts = tuple(Layout(tuple(Entry(*e) for e in entries), p) for entries, p in about["layouts"])
        scalars = {name: arrays[f"scalar_{i}"] for i, name in enumerate(about["scalars"])}
        elements = None if about["elements"] is None else {z: n for z, n in about["elements"]}
        vocabulary = arrays["vocabulary"].tolist()
        return Index(arrays["natoms"], arrays["layout"], layouts, scalars, vocabulary, elements)


class Builder:
    """Builder of an `Index`, frame by frame, in little memory."""

    def __init__(self) -> None:
        self._natoms, self._layout = array("i"), array("i")
        self._layouts: dict[Layout, int] = {}
        self._rows: list[array[float]] = []
        self._words: dict[str, int] = {}
        self.elements: Counter[int] | None = Counter()

    def number(self, layout: Layout) -> int:
        """Return the number of a layout; a new one is registered."""
        if layout not in self._layouts:
            self._layouts[layout] = len(self._layouts)
            self._rows.append(array("d"))
        return self._layouts[layout]

    def code(self, word: str) -> int:
        """Return the number of a text; a new one is registered."""
        return self._words.setdefault(word, len(self._words))

    def add(self, natoms: int, layout: Layout, scalars: Sequence[Any]) -> None:
        """Add a frame; texts as they are."""
        coded = [self.code(v) if isinstance(v, str) else float(v) for v in scalars]
        self.add_coded(natoms, self.number(layout), coded)

    def add_coded(self, natoms: int, layout: int, scalars: Iterable[float]) -> None:
        """Add a frame whose layout and texts are numbers already."""
        self._rows[layout].extend(scalars)
        self._natoms.append(natoms)
        self._layout.append(layout)

    def count(self, numbers: np.ndarray) -> None:
        """Count the atoms of a frame by atomic number."""
        if self.elements is not None:
            self.elements.update(numbers.tolist())

    def __len__(self) -> int:
        return len(self._natoms)

    def index(self) -> Index:
        """Return the index of the frames added so far."""
        layout = np.array(self._layout, dtype=np.int32)
        scalars: dict[str, np.ndarray] = {}
        for known, number in self._layouts.items():
            entries = known.scalars()
            rows = np.frombuffer(self._rows[number], dtype=float).reshape(-1, max(1, len(entries)))
            for j, entry in enumerate(entries):
                column = scalars.setdefault(entry.name, np.full(len(layout), np.nan))
                column[layout == number] = rows[:, j]
        natoms = np.array(self._natoms, dtype=np.int32)
        return Index(natoms, layout, tuple(self._layouts), scalars, list(self._words), self.elements)
