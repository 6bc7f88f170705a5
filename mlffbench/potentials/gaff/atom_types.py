"""Atom typing from surroundings, with coarser types as fallback for terms that training never showed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from mlffbench.potentials.gaff.topology import Topology

__all__ = ["ParameterIndex", "Types", "learn_types", "term_key"]

JOIN = "-"


@dataclass(frozen=True)
class Types:
    """Atom types: the Weisfeiler–Lehman labels that are frequent enough in training.

    Attributes
    ----------
    depth : int, the finest refinement
    kinds : dict of kind of term to its depth of atom types, for kinds with coarser types than `depth`
    parents : dict of each type to the next coarser type; an element is its own parent
    """

    depth: int
    kinds: Mapping[str, int]
    parents: Mapping[str, str]

    def assign(self, topology: Topology) -> np.ndarray:
        """The finest type of every atom, (n,) str."""
        finest = topology.labels[:, 0].copy().astype(object)
        for column in topology.labels.T[1:]:
            is_type = np.array([label in self.parents for label in column.tolist()], dtype=bool)
            finest = np.where(is_type, column, finest)
        return finest.astype(str)

    def lineage(self, label: str) -> list[str]:
        """The type and its ever coarser parents, down to the element."""
        labels = [label]
        while self.parents.get(labels[-1], labels[-1]) != labels[-1]:
            labels.append(self.parents[labels[-1]])
        return labels

    def coarsened(self, kind: str, names: np.ndarray) -> np.ndarray:
        """Atom types cut to the depth that a kind of term uses; same shape as `names`."""
        depth = self.kinds.get(kind, self.depth)
        if depth >= self.depth or names.size == 0:
            return names
        different, inverse = np.unique(names, return_inverse=True)
        lineages = [self.lineage(name)[::-1] for name in different.tolist()]
        return np.array([x[min(depth, len(x) - 1)] for x in lineages])[inverse].reshape(names.shape)

    def coarser_keys(self, key: str) -> list[str]:
        """A term's key with its atom types cut to ever coarser levels, the finest first."""
        lineages = [self.lineage(label)[::-1] for label in key.split(JOIN)]
        levels = range(max(len(x) for x in lineages) - 2, -1, -1)
        return list(dict.fromkeys(JOIN.join(x[min(level, len(x) - 1)] for x in lineages) for level in levels))


def learn_types(topologies: Iterable[Topology], depth: int, kinds: Mapping[str, int], least: int) -> Types:
    """Select as types the labels that at least `least` topologies show and whose parent is a type."""
    counters: list[Counter[tuple[str, str]]] = [Counter() for _ in range(depth + 1)]
    for topology in topologies:
        for level, counter in enumerate(counters):
            columns = topology.labels[:, [max(level - 1, 0), level]]
            counter.update(set(map(tuple, columns.tolist())))
    parents = {label: label for _, label in counters[0]}
    for counter in counters[1:]:
        parents |= {b: a for (a, b), count in sorted(counter.items()) if count >= least and a in parents}
    return Types(depth, kinds, parents)


@dataclass(frozen=True)
class ParameterIndex:
    """Row of the parameter table for each term: of its own key, else of a coarser key, else none (−1).

    Attributes
    ----------
    types : Types
    rows : dict of kind of term to a dict of key to row
    """

    types: Types
    rows: Mapping[str, Mapping[str, int]]

    def find(self, kind: str, names: np.ndarray) -> np.ndarray:
        """Rows (t,) of terms with atom types (t, m)."""
        if len(names) == 0:
            return np.zeros(0, dtype=int)
        codes, atoms = np.unique(self.types.coarsened(kind, names), return_inverse=True)
        different, inverse = np.unique(atoms.reshape(names.shape), axis=0, return_inverse=True)
        rows = [self._row(kind, term_key(kind, codes[list(k)].tolist())) for k in different]
        return np.array(rows)[inverse.reshape(-1)]

    def _row(self, kind: str, key: str) -> int:
        rows = self.rows[kind]
        for candidate in (key, *self.types.coarser_keys(key)):
            candidate = term_key(kind, candidate.split(JOIN))
            if candidate in rows:
                return rows[candidate]
        return -1


def term_key(kind: str, labels: list[str]) -> str:
    """Key of a term from its atom types.

    A bond, angle or torsion read backwards has the same key, as has an improper with its neighbours in any
    order.
    """
    if kind == "impropers":
        return JOIN.join([labels[0], *sorted(labels[1:])])
    return min(JOIN.join(labels), JOIN.join(labels[::-1]))
