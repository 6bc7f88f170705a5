"""Molecular topology: bonds, the angles and torsions along them, and labels of each atom's surroundings."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha1

import numpy as np
from ase.data import chemical_symbols

__all__ = ["Bonds", "Paths", "Topology"]


@dataclass(frozen=True)
class Bonds:
    """Directed bonds of one frame, in both directions and sorted.

    Attributes
    ----------
    numbers : (n,) atomic numbers
    source, target : (b,) int
    shifts : (b, 3) int, the cell of the target as seen from the source
    """

    numbers: np.ndarray
    source: np.ndarray
    target: np.ndarray
    shifts: np.ndarray

    @classmethod
    def of(cls, numbers: np.ndarray, source: np.ndarray, target: np.ndarray, shifts: np.ndarray) -> Bonds:
        """Bonds from a list that holds each at least in one direction."""
        forth = np.column_stack([source, target, shifts])
        back = np.column_stack([target, source, -shifts])
        rows = np.unique(np.vstack([forth, back]), axis=0).astype(int)
        return cls(np.asarray(numbers), rows[:, 0], rows[:, 1], rows[:, 2:])

    @cached_property
    def key(self) -> bytes:
        """Bytes of atoms and bonds, equal for frames that share them: a key of dictionaries."""
        arrays = (self.numbers, self.source, self.target, self.shifts)
        return b"|".join(np.ascontiguousarray(x).tobytes() for x in arrays)

    @cached_property
    def reverse(self) -> np.ndarray:
        """Index of each bond's opposite direction, (b,)."""
        back = np.column_stack([self.target, self.source, -self.shifts])
        reverse = np.empty(len(back), dtype=int)
        reverse[np.lexsort(back.T[::-1])] = np.arange(len(back))
        return reverse


@dataclass(frozen=True)
class Paths:
    """Paths of m bonded atoms: indices (t, m) and the cells of their periodic images (t, m, 3)."""

    atoms: np.ndarray
    shifts: np.ndarray


@dataclass(frozen=True)
class Topology:
    """Bonds of a frame with the terms they imply (angles, torsions, impropers) and labels of its atoms.

    Attributes
    ----------
    bonds : Bonds
    labels : (n, depth + 1) str, an atom's label after 0 ... depth rounds of Weisfeiler–Lehman refinement:
        ``C``, ``C(CHH)``, ``C#1f0a33bc``; atoms with equal surroundings to that depth have equal labels
    """

    bonds: Bonds
    labels: np.ndarray

    @classmethod
    def of(cls, bonds: Bonds, depth: int) -> Topology:
        """Topology with labels to `depth` bonds."""
        return cls(bonds, weisfeiler_lehman(bonds, depth))

    @property
    def key(self) -> bytes:
        """Key of the bonds, for dictionaries of topologies of one depth."""
        return self.bonds.key

    @cached_property
    def terms(self) -> dict[str, Paths]:
        """Bonds, angles, torsions and impropers, each once; the first atom of an improper is its centre."""
        bonds, angles, torsions = (self._undirected(_walks(self.bonds, n)) for n in (1, 2, 3))
        first, last = (torsions.atoms[:, k] for k in (0, -1))
        ring = (first == last) & (torsions.shifts[:, 0] == torsions.shifts[:, -1]).all(axis=1)
        proper = Paths(torsions.atoms[~ring], torsions.shifts[~ring])
        return {"bonds": bonds, "angles": angles, "torsions": proper, "impropers": self._impropers()}

    @cached_property
    def excluded(self) -> np.ndarray:
        """Codes of the directed pairs one or two bonds apart, which do not interact."""
        return np.unique(np.concatenate([self._ends(1), self._ends(2)]))

    @cached_property
    def scaled(self) -> np.ndarray:
        """Codes of the directed 1-4 pairs: three bonds apart and not closer along another path."""
        return np.setdiff1d(self._ends(3), self.excluded)

    def codes(self, source: np.ndarray, target: np.ndarray, shifts: np.ndarray) -> np.ndarray:
        """Unique integer of each directed pair, from its atoms and the cell of the second."""
        cell = ((shifts.astype(np.int64) + 128) * (256**2, 256, 1)).sum(axis=1)
        return (source.astype(np.int64) * len(self.labels) + target) * 256**3 + cell

    def _ends(self, length: int) -> np.ndarray:
        """Codes of the directed pairs at the two ends of walks of `length` bonds."""
        paths = _images(self.bonds, _walks(self.bonds, length))
        return self.codes(paths.atoms[:, 0], paths.atoms[:, -1], paths.shifts[:, -1])

    def _undirected(self, walks: np.ndarray) -> Paths:
        """Paths in one direction: the first of each walk and its reverse."""
        back = self.bonds.reverse[walks[:, ::-1]]
        differ = walks != back
        place = differ.argmax(axis=1)[:, None]
        first = np.take_along_axis(walks, place, 1) < np.take_along_axis(back, place, 1)
        return _images(self.bonds, walks[first[:, 0]])

    def _impropers(self) -> Paths:
        """Atoms with exactly three bonds, each followed by its neighbours."""
        bonds = self.bonds
        degree = np.bincount(bonds.source, minlength=len(self.labels))
        edges = np.flatnonzero(degree[bonds.source] == 3).reshape(-1, 3)
        atoms = np.column_stack([bonds.source[edges[:, 0]], bonds.target[edges]])
        shifts = np.concatenate([np.zeros((len(edges), 1, 3), dtype=int), bonds.shifts[edges]], axis=1)
        return Paths(atoms, shifts)


def _walks(bonds: Bonds, length: int) -> np.ndarray:
    """Indices of `length` consecutive bonds (t, length); no bond is followed by its own reverse."""
    walks = np.arange(len(bonds.source))[:, None]
    degree = np.bincount(bonds.source, minlength=len(bonds.numbers))
    start = np.concatenate([[0], np.cumsum(degree)])
    for _ in range(length - 1):
        end = bonds.target[walks[:, -1]]
        row = np.repeat(np.arange(len(walks)), degree[end])
        within = np.arange(len(row)) - np.repeat(np.cumsum(degree[end]) - degree[end], degree[end])
        step = start[end[row]] + within
        onward = step != bonds.reverse[walks[row, -1]]
        walks = np.column_stack([walks[row[onward]], step[onward]])
    return walks


def _images(bonds: Bonds, walks: np.ndarray) -> Paths:
    """Paths of the atoms along walks, the first atom in the home cell."""
    atoms = np.column_stack([bonds.source[walks[:, :1]], bonds.target[walks]])
    zero = np.zeros((len(walks), 1, 3), dtype=int)
    return Paths(atoms, np.concatenate([zero, np.cumsum(bonds.shifts[walks], axis=1)], axis=1))


def weisfeiler_lehman(bonds: Bonds, depth: int) -> np.ndarray:
    """Weisfeiler–Lehman labels (n, depth + 1): each round adds the sorted labels of the neighbours."""
    symbols = [chemical_symbols[z] for z in bonds.numbers]
    rounds = [symbols]
    for level in range(depth):
        around: list[list[str]] = [[] for _ in symbols]
        for i, j in zip(bonds.source.tolist(), bonds.target.tolist(), strict=True):
            around[i].append(rounds[-1][j])
        own = zip(symbols, rounds[-1], around, strict=True)
        rounds.append([_label(level, s, label, sorted(near)) for s, label, near in own])
    return np.array(rounds).T


def _label(level: int, symbol: str, label: str, neighbours: list[str]) -> str:
    """Label of one atom: readable for nearest neighbours, a hash beyond them."""
    if level == 0:
        return f"{symbol}({''.join(neighbours)})"
    return f"{symbol}#{sha1(f'{label}|{neighbours}'.encode()).hexdigest()[:8]}"
