"""Frames by number, wherever they lie: what a reader of files offers; from memory, or one after another."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from ase import Atoms

from mlffbench.datasets.formats.index import Builder, Index, Layout

__all__ = ["InMemory", "Joined", "Reader", "Record", "Source"]


@dataclass(frozen=True, eq=False)
class Record:
    """One frame as a file holds it; `values` is everything that could be a label, by name."""

    numbers: np.ndarray
    positions: np.ndarray
    cell: np.ndarray
    pbc: np.ndarray
    values: Mapping[str, Any]

    def bare(self) -> Atoms:
        """A new Atoms without any label."""
        return Atoms(numbers=self.numbers, positions=self.positions, cell=self.cell, pbc=self.pbc)

    @property
    def volume(self) -> float:
        return abs(float(np.linalg.det(self.cell)))

    def __len__(self) -> int:
        return len(self.numbers)


class Reader(ABC):
    """Records by number. The last one is kept: a frame, its forces and its stress are read once."""

    _last: tuple[int, Record] | None = None

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def read(self, i: int) -> Record:
        """Record `i` from where it lies."""

    def record(self, i: int) -> Record:
        """Record `i`; do not change its arrays."""
        last = self._last
        if last is None or last[0] != i:
            last = self._last = (i, self.read(i))
        return last[1]

    def bare(self, i: int) -> Atoms:
        return self.record(i).bare()

    def __getstate__(self) -> dict[str, Any]:
        """Without the last record, nor anything opened (``_open...``): another process opens anew."""
        return {k: v for k, v in self.__dict__.items() if k != "_last" and not k.startswith("_open")}


@dataclass(frozen=True, eq=False)
class Source:
    """A reader and what is known of its frames without reading them."""

    reader: Reader
    index: Index


# ---------------------------------------------------------------- in memory
class InMemory(Reader):
    """Frames as ``ase.io.read`` returns them."""

    def __init__(self, frames: Sequence[Atoms]) -> None:
        self.frames = frames

    def __len__(self) -> int:
        return len(self.frames)

    def read(self, i: int) -> Record:
        return record_of(self.frames[i])

    @cached_property
    def source(self) -> Source:
        builder = Builder()
        for atoms in self.frames:
            names = frozenset(atoms.info)
            layout, values = Layout.of(record_of(atoms).values, names, bool(atoms.pbc.all()))
            builder.add(len(atoms), layout, values)
            builder.count(atoms.numbers)
        return Source(self, builder.index())


def record_of(atoms: Atoms) -> Record:
    """Everything that an Atoms holds; a calculator's results win over info, info over arrays."""
    arrays = {k: v for k, v in atoms.arrays.items() if k not in ("numbers", "positions")}
    merged = {**arrays, **atoms.info, **getattr(atoms.calc, "results", {})}
    values = {k: v for k, v in merged.items() if v is not None}
    return Record(atoms.numbers, atoms.positions, np.asarray(atoms.cell), atoms.pbc, values)


# ---------------------------------------------------------------- one after another
class Joined(Reader):
    """The records of several readers, in order."""

    def __init__(self, readers: Sequence[Reader]) -> None:
        self.readers = list(readers)
        self.ends = np.cumsum([len(r) for r in readers])

    def __len__(self) -> int:
        return int(self.ends[-1])

    def read(self, i: int) -> Record:
        which = int(np.searchsorted(self.ends, i, side="right"))
        start = self.ends[which - 1] if which else 0
        return self.readers[which].read(int(i - start))

    @staticmethod
    def source(sources: Sequence[Source]) -> Source:
        if len(sources) == 1:
            return sources[0]
        return Source(Joined([s.reader for s in sources]), Index.joined([s.index for s in sources]))
