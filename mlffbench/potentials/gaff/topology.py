"""Atoms as a graph: walks along bonds, and names by which atoms in like surroundings are alike."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha1

import numpy as np
from ase.data import chemical_symbols

__all__ = ["Bonds", "Paths", "Topology"]


@dataclass(frozen=True)
class Bonds:
    """The directed bonds of one frame, both directions present, sorted.

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
        """From bonds given in at least one direction."""
        forth = np.column_stack([source, target, shifts])
        both = np.unique(np.vstack([forth, np.column_stack([target, source, -shifts])]), axis=0).astype(int)
        return cls(np.asarray(numbers), both[:, 0], both[:, 1], both[:, 2:])

    @property
    def key(self) -> bytes:
        """Equal for frames with the same atoms and bonds."""
        return b"|".join(np.ascontiguousarray(v).tobytes() for v in vars(self).values())

    @cached_property
    def reverse(self) -> np.ndarray:
        """(b,) the number of each bond's other direction."""
        back = np.column_stack([self.target, self.source, -self.shifts])
        reverse = np.empty(len(back), dtype=int)
        reverse[np.lexsort(back.T[::-1])] = np.arange(len(back))
        return reverse


@dataclass(frozen=True)
class Paths:
    """Tuples of m bonded atoms, as atoms (t, m) and the cells their images lie in (t, m, 3)."""

    atoms: np.ndarray
    shifts: np.ndarray


@dataclass(frozen=True)
class Topology:
    """What the bonds of a frame imply: angles, torsions, centres of three bonds, and the atoms' names.

    Attributes
    ----------
    bonds : Bonds
    labels : (n, depth + 1) str, an atom's name after so many rounds of Weisfeiler–Lehman refinement:
        ``C``, ``C(CHH)``, ``C#1f0a33bc``; equal where the surroundings to that depth are
    """

    bonds: Bonds
    labels: np.ndarray

    @classmethod
    def of(cls, bonds: Bonds, depth: int) -> Topology:
        return cls(bonds, refined(bonds, depth))

    @cached_property
    def terms(self) -> dict[str, Paths]:
        """Every bond, angle and torsion once, and impropers as centre first."""
        once = {n: self._once(_walks(self.bonds, n)) for n in (1, 2, 3)}
        torsions = once[3]
        first, last = (torsions.atoms[:, k] for k in (0, -1))
        ring = (first == last) & (torsions.shifts[:, 0] == torsions.shifts[:, -1]).all(axis=1)
        proper = Paths(torsions.atoms[~ring], torsions.shifts[~ring])
        return {"bonds": once[1], "angles": once[2], "torsions": proper, "impropers": self._centres()}

    @cached_property
    def excluded(self) -> np.ndarray:
        """Codes of the directed pairs that are one or two bonds apart."""
        return np.unique(np.concatenate([self._ends(1), self._ends(2)]))

    @cached_property
    def scaled(self) -> np.ndarray:
        """Codes of the directed pairs that are three bonds apart and no less."""
        return np.setdiff1d(self._ends(3), self.excluded)

    def codes(self, source: np.ndarray, target: np.ndarray, shifts: np.ndarray) -> np.ndarray:
        """One integer for each directed pair."""
        cell = ((shifts.astype(np.int64) + 128) * (256**2, 256, 1)).sum(axis=1)
        return (source.astype(np.int64) * len(self.labels) + target) * 256**3 + cell

    def _ends(self, length: int) -> np.ndarray:
        paths = _images(self.bonds, _walks(self.bonds, length))
        return self.codes(paths.atoms[:, 0], paths.atoms[:, -1], paths.shifts[:, -1])

    def _once(self, walks: np.ndarray) -> Paths:
        """Of a walk and its reverse, the one that comes first."""
        back = self.bonds.reverse[walks[:, ::-1]]
        differ = walks != back
        place = differ.argmax(axis=1)[:, None]
        first = np.take_along_axis(walks, place, 1) < np.take_along_axis(back, place, 1)
        return _images(self.bonds, walks[first[:, 0]])

    def _centres(self) -> Paths:
        """Atoms of exactly three bonds, each with its neighbours."""
        bonds = self.bonds
        degree = np.bincount(bonds.source, minlength=len(self.labels))
        edges = np.flatnonzero(degree[bonds.source] == 3).reshape(-1, 3)
        atoms = np.column_stack([bonds.source[edges[:, 0]], bonds.target[edges]])
        shifts = np.concatenate([np.zeros((len(edges), 1, 3), dtype=int), bonds.shifts[edges]], axis=1)
        return Paths(atoms, shifts)


def _walks(bonds: Bonds, length: int) -> np.ndarray:
    """Numbers of `length` consecutive bonds that never turn straight back, (t, length)."""
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
    """The atoms that walks visit, the first in the home cell."""
    atoms = np.column_stack([bonds.source[walks[:, :1]], bonds.target[walks]])
    zero = np.zeros((len(walks), 1, 3), dtype=int)
    return Paths(atoms, np.concatenate([zero, np.cumsum(bonds.shifts[walks], axis=1)], axis=1))


def refined(bonds: Bonds, depth: int) -> np.ndarray:
    """Weisfeiler–Lehman labels: each round adds the sorted labels of the neighbours, (n, depth + 1)."""
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
    """Readable for nearest neighbours, a hash beyond them."""
    if level == 0:
        return f"{symbol}({''.join(neighbours)})"
    return f"{symbol}#{sha1(f'{label}|{neighbours}'.encode()).hexdigest()[:8]}"
