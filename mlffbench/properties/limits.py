"""What no trajectory of the reference does: where a structure stops being physical."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from ase import Atoms
from ase.data import covalent_radii
from ase.geometry import find_mic
from ase.neighborlist import neighbor_list

from mlffbench.properties._neighbours import neighbours
from mlffbench.properties.bonds import BONDED, bonds

__all__ = ["Limits", "Watch"]

SIGHT = 6.0  # Å: how far neighbours are looked for in reference frames
Pair = tuple[int, int]  # atomic numbers, ascending


@dataclass(frozen=True)
class Limits:
    """What ends a trajectory: nothing the reference does may cross these.

    What the mappings do not name is judged by the three general numbers.

    Attributes
    ----------
    stretched : float
        A bond of the start longer than this times its first length has broken; 0 does not look at bonds.
    closest : float
        Atoms nearer than this times the sum of their covalent radii have collapsed.
    hottest : float
        A kinetic temperature above this times that of the start (or the thermostat) has exploded.
    longest : mapping of (int, int) to float
        The longest bond that has not broken, Å, by atomic numbers in ascending order.
    nearest : mapping of (int, int) to float
        The shortest distance that is no collapse, Å, by atomic numbers in ascending order.
    loneliest : mapping of int to float
        An atom whose nearest neighbour is farther than this, Å, is lost; by atomic number.
    """

    stretched: float = 1.8
    closest: float = 0.4
    hottest: float = 8.0
    longest: Mapping[Pair, float] = field(default_factory=dict)
    nearest: Mapping[Pair, float] = field(default_factory=dict)
    loneliest: Mapping[int, float] = field(default_factory=dict)

    @classmethod
    def observed(
        cls, frames: Sequence[Atoms], groups: Sequence[Any] | None = None, margin: float = 0.25
    ) -> Limits:
        """Everything that these frames show is allowed, and a margin more.

        The longest bond is that of two atoms that are bonded (nearer than 1.25 times their covalent radii) in
        at least one frame of their group, in whatever frame of the group they are farthest apart: where the
        reference's proton hops or its crystal melts, that is no failure.

        Parameters
        ----------
        frames : list of Atoms
        groups : sequence, optional
            Frames of one group and the same atoms in the same order are one system that moves; default: all.
        margin : float
            Distances may be this part longer or shorter than any that was seen.
        """
        longest: dict[Pair, float] = defaultdict(float)
        nearest: dict[Pair, float] = defaultdict(lambda: np.inf)
        loneliest: dict[int, float] = defaultdict(float)
        for system in _systems(frames, groups):
            numbers = system[0].numbers
            for i, j, d in (neighbours(a, SIGHT) for a in system):
                _keep_shortest(nearest, numbers, i, j, d)
                _keep_loneliest(loneliest, numbers, i, d)
            _keep_longest(longest, system)
        return cls(
            longest={pair: (1 + margin) * d for pair, d in longest.items()},
            nearest={pair: (1 - margin) * d for pair, d in nearest.items()},
            loneliest={z: (1 + margin) * d for z, d in loneliest.items() if np.isfinite(d)},
        )


def _systems(frames: Sequence[Atoms], groups: Sequence[Any] | None) -> list[list[Atoms]]:
    systems: dict[Any, list[Atoms]] = defaultdict(list)
    for atoms, group in zip(frames, groups if groups is not None else [0] * len(frames), strict=True):
        systems[group, atoms.numbers.tobytes()].append(atoms)
    return list(systems.values())


def _pair(a: int, b: int) -> Pair:
    return (int(min(a, b)), int(max(a, b)))


def _keep_shortest(
    nearest: dict[Pair, float], numbers: np.ndarray, i: np.ndarray, j: np.ndarray, d: np.ndarray
) -> None:
    for a in np.unique(numbers):
        for b in np.unique(numbers[numbers >= a]):
            these = d[(numbers[i] == a) & (numbers[j] == b)]
            if len(these):
                nearest[_pair(a, b)] = min(nearest[_pair(a, b)], float(these.min()))


def _keep_loneliest(loneliest: dict[int, float], numbers: np.ndarray, i: np.ndarray, d: np.ndarray) -> None:
    first = _nearest_of_each(len(numbers), i, d)
    for z in np.unique(numbers):
        loneliest[int(z)] = max(loneliest[int(z)], float(first[numbers == z].max()))


def _nearest_of_each(n: int, i: np.ndarray, d: np.ndarray) -> np.ndarray:
    first = np.full(n, np.inf)
    np.minimum.at(first, i, d)
    return first


def _keep_longest(longest: dict[Pair, float], system: list[Atoms]) -> None:
    numbers = system[0].numbers
    i, j = np.unique(np.concatenate([bonds(a) for a in system]), axis=0).T
    if not len(i):
        return
    lengths = [find_mic(a.positions[j] - a.positions[i], a.cell, a.pbc)[1] for a in system]
    for a, b, d in zip(numbers[i], numbers[j], np.max(lengths, axis=0), strict=True):
        longest[_pair(a, b)] = max(longest[_pair(a, b)], float(d))


class Watch:
    """Compares a structure with the one that a trajectory began with."""

    def __init__(self, start: Atoms, limits: Limits, temperature: float) -> None:
        self.limits, self.temperature = limits, temperature
        numbers, radii = start.numbers, covalent_radii[start.numbers]
        table = lambda known: _table(numbers, known)
        nearest, self.loneliest = table(limits.nearest), _lookup(numbers, limits.loneliest)
        self.nearest = np.where(np.isnan(nearest), limits.closest * np.add.outer(radii, radii), nearest)
        self.sight = float(max(self.nearest.max(), np.nan_to_num(self.loneliest).max()))
        i, j, d, s = neighbor_list("ijdS", start, BONDED * radii)
        once = i < j if limits.stretched else np.zeros(len(i), dtype=bool)
        self.i, self.j, self.shift = i[once], j[once], s[once] @ start.cell.array
        longest = table(limits.longest)[self.i, self.j]
        self.longest = np.where(np.isnan(longest), limits.stretched * d[once], longest)

    def complaint(self, atoms: Atoms) -> str | None:
        """What is wrong, or None; asks for forces."""
        if not (np.isfinite(atoms.positions).all() and np.isfinite(atoms.get_forces()).all()):
            return "not finite"
        return self.seen(atoms)

    def seen(self, atoms: Atoms) -> str | None:
        """What is wrong with positions and velocities, or None."""
        if not np.isfinite(atoms.positions).all():
            return "not finite"
        if not atoms.get_temperature() <= self.limits.hottest * self.temperature:
            return "explosion"
        close, lonely = self._near(atoms)
        if close:
            return "collapse"
        x = atoms.positions
        if (np.linalg.norm(x[self.j] - x[self.i] + self.shift, axis=1) > self.longest).any():
            return "broken bond"
        return "lost atom" if lonely else None

    def _near(self, atoms: Atoms) -> tuple[bool, bool]:
        """Whether two atoms are too close, and whether one is too far from all others."""
        i, j, d = neighbours(atoms, self.sight + 0.01)
        lonely = _nearest_of_each(len(atoms), i, d) > self.loneliest
        return bool((d < self.nearest[i, j]).any()), bool(lonely.any())


def _table(numbers: np.ndarray, known: Mapping[Pair, float]) -> np.ndarray:
    """The number of every pair of atoms, (n, n); not a number where it is not known."""
    kinds, index = np.unique(numbers, return_inverse=True)
    by_kind = np.array([[known.get(_pair(a, b), np.nan) for b in kinds] for a in kinds])
    return by_kind[np.ix_(index, index)]


def _lookup(numbers: np.ndarray, known: Mapping[int, float]) -> np.ndarray:
    return np.array([known.get(int(z), np.nan) for z in numbers])
