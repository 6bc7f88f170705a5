"""Names for what is alike: which atoms share a type, and where to look for a term training never showed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from mlffbench.potentials.gaff.topology import Topology

__all__ = ["Finder", "Types", "learn_types"]

JOIN = "-"


@dataclass(frozen=True)
class Types:
    """The labels that became atom types.

    Attributes
    ----------
    depth : int, the finest refinement
    kinds : dict of kind of term to the finest refinement it looks at, where that is coarser
    parents : dict of label to the coarser label it refines, for every label that training kept; elements
        have themselves
    """

    depth: int
    kinds: Mapping[str, int]
    parents: Mapping[str, str]

    def of(self, topology: Topology) -> np.ndarray:
        """The finest label that is a type, for every atom, (n,) str."""
        best = topology.labels[:, 0].copy().astype(object)
        for column in topology.labels.T[1:]:
            kept = np.array([label in self.parents for label in column.tolist()], dtype=bool)
            best = np.where(kept, column, best)
        return best.astype(str)

    def chain(self, label: str) -> list[str]:
        """The label and its ever coarser parents, down to the element."""
        found = [label]
        while self.parents.get(found[-1], found[-1]) != found[-1]:
            found.append(self.parents[found[-1]])
        return found

    def seen_by(self, kind: str, names: np.ndarray) -> np.ndarray:
        """The names no finer than a kind of term looks."""
        depth = self.kinds.get(kind, self.depth)
        if depth >= self.depth or names.size == 0:
            return names
        different, inverse = np.unique(names, return_inverse=True)
        chains = [self.chain(name)[::-1] for name in different.tolist()]
        return np.array([c[min(depth, len(c) - 1)] for c in chains])[inverse].reshape(names.shape)

    def coarser(self, key: str) -> list[str]:
        """A term's key with its labels cut to ever coarser levels."""
        chains = [self.chain(label)[::-1] for label in key.split(JOIN)]
        levels = range(max(len(c) for c in chains) - 2, -1, -1)
        return list(dict.fromkeys(JOIN.join(c[min(level, len(c) - 1)] for c in chains) for level in levels))


def learn_types(topologies: Iterable[Topology], depth: int, kinds: Mapping[str, int], least: int) -> Types:
    """A label is a type where its parent is one and at least `least` of the topologies show it."""
    seen: list[Counter[tuple[str, str]]] = [Counter() for _ in range(depth + 1)]
    for topology in topologies:
        for level, counter in enumerate(seen):
            columns = topology.labels[:, [max(level - 1, 0), level]]
            counter.update(set(map(tuple, columns.tolist())))
    parents = {label: label for _, label in seen[0]}
    for counter in seen[1:]:
        parents |= {b: a for (a, b), count in sorted(counter.items()) if count >= least and a in parents}
    return Types(depth, kinds, parents)


@dataclass(frozen=True)
class Finder:
    """The row of each term's key: as it stands, else of a coarser key, else none (−1)."""

    types: Types
    rows: Mapping[str, Mapping[str, int]]

    def find(self, kind: str, names: np.ndarray) -> np.ndarray:
        """Rows for (t, m) labels."""
        if len(names) == 0:
            return np.zeros(0, dtype=int)
        codes, atoms = np.unique(self.types.seen_by(kind, names), return_inverse=True)
        different, inverse = np.unique(atoms.reshape(names.shape), axis=0, return_inverse=True)
        rows = [self._row(kind, term_key(kind, codes[list(k)].tolist())) for k in different]
        return np.array(rows)[inverse.reshape(-1)]

    def _row(self, kind: str, key: str) -> int:
        rows = self.rows[kind]
        for candidate in (key, *self.types.coarser(key)):
            candidate = term_key(kind, candidate.split(JOIN))
            if candidate in rows:
                return rows[candidate]
        return -1


def term_key(kind: str, labels: list[str]) -> str:
    """The same for a bond, angle or torsion read backwards, and for an improper's neighbours in any order."""
    if kind == "impropers":
        return JOIN.join([labels[0], *sorted(labels[1:])])
    return min(JOIN.join(labels), JOIN.join(labels[::-1]))
