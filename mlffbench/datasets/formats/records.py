"""Readers of frames by number: the base class, frames in memory, and several readers in a row."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from ase import Atoms

from mlffbench.datasets.formats.index import Builder, Index, Layout, is_stray
from mlffbench.datasets.formats.units import EV, Units

__all__ = ["InMemory", "JoinedReader", "Reader", "Record", "Source", "record_of"]


@dataclass(frozen=True, eq=False)
class Record:
    """One frame as a file holds it; `values` are all possible labels by name."""

    numbers: np.ndarray
    positions: np.ndarray
    cell: np.ndarray
    pbc: np.ndarray
    values: Mapping[str, Any]

    def bare(self) -> Atoms:
        """Return a new Atoms without labels."""
        return Atoms(numbers=self.numbers, positions=self.positions, cell=self.cell, pbc=self.pbc)

    @property
    def volume(self) -> float:
        """Volume of the cell, Å³."""
        return abs(float(np.linalg.det(self.cell)))

    def __len__(self) -> int:
        return len(self.numbers)


class Reader(ABC):
    """Reader of records by number.

    The last record is cached: a frame, its forces and its stress are read once.
    """

    _last: tuple[int, Record] | None = None

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def read(self, i: int) -> Record:
        """Read record `i` from its source."""

    def record(self, i: int) -> Record:
        """Return record `i`, cached; do not change its arrays."""
        last = self._last
        if last is None or last[0] != i:
            last = self._last = (i, self.read(i))
        return last[1]

    def bare(self, i: int) -> Atoms:
        """Return the structure of record `i` without labels."""
        return self.record(i).bare()

    def __getstate__(self) -> dict[str, Any]:
        """State without the cached record and open files (``_open...``): another process opens them anew."""
        return {k: v for k, v in self.__dict__.items() if k != "_last" and not k.startswith("_open")}


@dataclass(frozen=True, eq=False)
class Source:
    """A reader and the index of its frames.

    `units` are those of its labels. `stated` is what the file itself says of its units (``energy``,
    ``length``, ``forces`` ...), `keys` are the sizes of the units of single labels, and `notes` are
    sentences on what was not read.
    """

    reader: Reader
    index: Index
    units: Units = EV
    stated: Mapping[str, str | float] = field(default_factory=dict)
    keys: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


# ---------------------------------------------------------------- in memory
class InMemory(Reader):
    """Reader of frames in memory, as ``ase.io.read`` returns them."""

    def __init__(self, frames: Sequence[Atoms]) -> None:
        self.frames = frames

    def __len__(self) -> int:
        return len(self.frames)

    def read(self, i: int) -> Record:
        return record_of(self.frames[i])

    @cached_property
    def source(self) -> Source:
        """The reader with its index."""
        builder = Builder()
        for atoms in self.frames:
            names = frozenset(atoms.info)
            layout, values = Layout.of(record_of(atoms).values, names, bool(atoms.pbc.all()))
            builder.add(len(atoms), layout, values)
            builder.count(atoms.numbers)
        return Source(self, builder.index())


def record_of(atoms: Atoms) -> Record:
    """Convert an Atoms; a calculator's results win over ``info``, ``info`` over ``arrays``."""
    arrays = {k: v for k, v in atoms.arrays.items() if k not in ("numbers", "positions")}
    merged = {**arrays, **atoms.info, **getattr(atoms.calc, "results", {})}
    values = {k: v for k, v in merged.items() if v is not None and not is_stray(k, v)}
    return Record(atoms.numbers, atoms.positions, np.asarray(atoms.cell), atoms.pbc, values)


# ---------------------------------------------------------------- several readers
class JoinedReader(Reader):
    """Reader of the records of several readers, in order."""

    def __init__(self, readers: Sequence[Reader]) -> None:
        self.readers = list(readers)
        self.ends = np.cumsum([len(r) for r in readers])

    def __len__(self) -> int:
        return int(self.ends[-1])

    def read(self, i: int) -> Record:
        k = int(np.searchsorted(self.ends, i, side="right"))
        start = self.ends[k - 1] if k else 0
        return self.readers[k].read(int(i - start))

    @staticmethod
    def source(sources: Sequence[Source]) -> Source:
        """Join several sources into one; their labels must have the same units."""
        if len(sources) == 1:
            return sources[0]
        units = sources[0].units
        for other in sources:
            if other.units != units:
                raise ValueError(
                    f"files of different units, {units} and {other.units}, in one dataset; convert one"
                )
        index = Index.joined([s.index for s in sources])
        notes = tuple(note for s in sources for note in s.notes)
        return Source(JoinedReader([s.reader for s in sources]), index, units, notes=notes)
