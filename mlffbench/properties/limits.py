"""Stability criteria for molecular dynamics, set from reference frames."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from ase import Atoms
from ase.data import covalent_radii
from ase.geometry import find_mic

from mlffbench.descriptors.neighbours import neighbour_list
from mlffbench.properties._neighbours import DENSE, neighbours
from mlffbench.properties.bonds import BONDED, bonds

__all__ = ["Limits", "Watch", "failures_of_motion"]

SIGHT = 6.0  # Å: cutoff of the neighbour search in reference frames
MOST_PAIRS = 2_000_000  # distances at once
Pair = tuple[int, int]  # atomic numbers, ascending


@dataclass(frozen=True)
class Limits:
    """Stability criteria that end a trajectory.

    The first three numbers apply where the mappings, set from reference frames, have no entry.

    Attributes
    ----------
    stretched : float
        A bond of the start longer than this times its first length is broken; 0 ignores bonds.
    closest : float
        Atoms nearer than this times the sum of their covalent radii have collapsed.
    hottest : float
        A kinetic temperature above this times that of the start (or the thermostat) is an explosion.
    longest : mapping of (int, int) to float
        Longest distance of an intact bond, Å, by atomic numbers in ascending order.
    nearest : mapping of (int, int) to float
        Shortest distance without collapse, Å, by atomic numbers in ascending order.
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
        """Criteria that reference frames fulfil with a margin.

        The longest bond is the largest distance of two atoms, over the frames of their group, that are bonded
        (nearer than 1.25 times the sum of their covalent radii) in at least one of these frames: where the
        reference's proton hops or its crystal melts, that is no failure.

        Parameters
        ----------
        frames : list of Atoms
            Reference frames.
        groups : sequence, optional
            Group of each frame. Frames of one group with the same atoms in the same order are one system that
            moves. Default: a single group.
        margin : float
            Relative margin beyond the longest and shortest distances of the frames.
        """
        longest: dict[Pair, float] = defaultdict(float)
        nearest: dict[Pair, float] = defaultdict(lambda: np.inf)
        loneliest: dict[int, float] = defaultdict(float)
        for system in _systems(frames, groups):
            numbers = system[0].numbers
            for i, j, d in (neighbours(a, SIGHT) for a in system):
                _update_nearest(nearest, numbers, i, j, d)
                _update_loneliest(loneliest, numbers, i, d)
            _update_longest(longest, system)
        return cls(
            longest={pair: (1 + margin) * d for pair, d in longest.items()},
            nearest={pair: (1 - margin) * d for pair, d in nearest.items()},
            loneliest={z: (1 + margin) * d for z, d in loneliest.items() if np.isfinite(d)},
        )


def _systems(frames: Sequence[Atoms], groups: Sequence[Any] | None) -> list[list[Atoms]]:
    """Frames of one group and the same atoms in the same order, in a list each."""
    systems: dict[Any, list[Atoms]] = defaultdict(list)
    for atoms, group in zip(frames, groups if groups is not None else [0] * len(frames), strict=True):
        systems[group, atoms.numbers.tobytes()].append(atoms)
    return list(systems.values())


def _pair(a: int, b: int) -> Pair:
    return (int(min(a, b)), int(max(a, b)))


def _update_nearest(
    nearest: dict[Pair, float], numbers: np.ndarray, i: np.ndarray, j: np.ndarray, d: np.ndarray
) -> None:
    for a in np.unique(numbers):
        for b in np.unique(numbers[numbers >= a]):
            distances = d[(numbers[i] == a) & (numbers[j] == b)]
            if len(distances):
                nearest[_pair(a, b)] = min(nearest[_pair(a, b)], float(distances.min()))


def _update_loneliest(loneliest: dict[int, float], numbers: np.ndarray, i: np.ndarray, d: np.ndarray) -> None:
    nearest = _nearest_of_each(len(numbers), i, d)
    for z in np.unique(numbers):
        loneliest[int(z)] = max(loneliest[int(z)], float(nearest[numbers == z].max()))


def _nearest_of_each(n: int, i: np.ndarray, d: np.ndarray) -> np.ndarray:
    """Distance of each atom to its nearest neighbour, (n,) Å; infinite without one."""
    nearest = np.full(n, np.inf)
    np.minimum.at(nearest, i, d)
    return nearest


def _update_longest(longest: dict[Pair, float], system: list[Atoms]) -> None:
    numbers = system[0].numbers
    for atoms in system:  # a small cell has several bonds, to images, between the same two atoms
        first, second, d = neighbours(atoms, 2 * BONDED * covalent_radii[numbers].max())
        bonded = d <= BONDED * (covalent_radii[numbers[first]] + covalent_radii[numbers[second]])
        for a, b, length in zip(numbers[first[bonded]], numbers[second[bonded]], d[bonded], strict=True):
            longest[_pair(a, b)] = max(longest[_pair(a, b)], float(length))
    i, j = np.unique(np.concatenate([bonds(a) for a in system]), axis=0).T
    if not len(i):
        return
    lengths = [find_mic(a.positions[j] - a.positions[i], a.cell, a.pbc)[1] for a in system]
    for a, b, d in zip(numbers[i], numbers[j], np.max(lengths, axis=0), strict=True):
        longest[_pair(a, b)] = max(longest[_pair(a, b)], float(d))


class Watch:
    """Stability criteria of one trajectory, relative to its start."""

    def __init__(self, start: Atoms, limits: Limits, temperature: float) -> None:
        self.hottest = limits.hottest * temperature  # K
        numbers, radii = start.numbers, covalent_radii[start.numbers]
        table = lambda by_pair: _pair_table(numbers, by_pair)
        nearest, self.loneliest = table(limits.nearest), _atom_table(numbers, limits.loneliest)
        self.nearest = np.where(np.isnan(nearest), limits.closest * np.add.outer(radii, radii), nearest)
        self.sight = float(max(self.nearest.max(), np.nan_to_num(self.loneliest).max()))
        i, j, d, s = neighbour_list("ijdS", start, BONDED * radii)
        once = i < j if limits.stretched else np.zeros(len(i), dtype=bool)
        self.i, self.j, self.shift = i[once], j[once], s[once] @ start.cell.array
        longest = table(limits.longest)[self.i, self.j]
        self.longest = np.where(np.isnan(longest), limits.stretched * d[once], longest)

    def failure_of_motion(self, atoms: Atoms) -> str | None:
        """Name of the criterion that positions and velocities violate, or None; computes no forces."""
        return failures_of_motion([self], [atoms])[0]


def failures_of_motion(watches: Sequence[Watch], frames: Sequence[Atoms]) -> list[str | None]:
    """Name of the criterion that each structure violates, or None, checked for all structures together."""
    if not len(frames):
        return []
    starts = np.cumsum([0, *map(len, frames)])[:-1]
    positions = np.concatenate([atoms.positions for atoms in frames])
    finite = np.logical_and.reduceat(np.isfinite(positions).all(axis=1), starts)
    cool = np.array([a.get_temperature() <= w.hottest for w, a in zip(watches, frames, strict=True)])
    collapsed, lost = _neighbour_failures(watches, frames, finite & cool)
    broken = _broken(watches, positions, starts)
    names = ("not finite", "explosion", "collapse", "broken bond", "lost atom")
    violated = np.array([~finite, ~cool, collapsed, broken, lost])
    first = np.where(violated.any(axis=0), violated.argmax(axis=0), -1)
    return [None if k < 0 else names[k] for k in first]


def _broken(watches: Sequence[Watch], positions: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """True for a structure with a bond that is too long, (n_frames,)."""
    of = np.repeat(np.arange(len(watches)), [len(w.i) for w in watches])
    i, j = (np.concatenate([getattr(w, side) for w in watches]) + starts[of] for side in ("i", "j"))
    vectors = positions[j] - positions[i] + np.concatenate([w.shift for w in watches])
    long = np.linalg.norm(vectors, axis=1) > np.concatenate([w.longest for w in watches])
    return np.bincount(of[long], minlength=len(watches)) > 0


def _neighbour_failures(
    watches: Sequence[Watch], frames: Sequence[Atoms], checked: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """True for a structure with two atoms too close; true for one with an atom too far from all others."""
    collapsed, lost = np.zeros((2, len(frames)), dtype=bool)
    alike: dict[bytes, list[int]] = defaultdict(list)
    for k in np.flatnonzero(checked).tolist():
        if frames[k].pbc.any() or len(frames[k]) > DENSE:
            collapsed[k], lost[k] = _listed_failures(watches[k], frames[k])
        else:
            watch = watches[k]
            alike[watch.nearest.tobytes() + watch.loneliest.tobytes()].append(k)
    for members in alike.values():
        size = max(MOST_PAIRS // len(frames[members[0]]) ** 2, 1)
        for part in np.split(members, range(size, len(members), size)):
            x = np.array([frames[k].positions for k in part])
            collapsed[part], lost[part] = _dense_failures(watches[part[0]], x)
    return collapsed, lost


def _listed_failures(watch: Watch, atoms: Atoms) -> tuple[bool, bool]:
    i, j, d = neighbours(atoms, watch.sight + 0.01)
    lost = _nearest_of_each(len(atoms), i, d) > watch.loneliest
    return bool((d < watch.nearest[i, j]).any()), bool(lost.any())


def _dense_failures(watch: Watch, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of molecules (k, n, 3) with the same atoms, from the distances of all pairs."""
    distances = np.sqrt(((positions[:, :, None] - positions[:, None]) ** 2).sum(axis=3))
    distances[:, *np.diag_indices(positions.shape[1])] = np.inf
    collapsed = (distances < watch.nearest).any(axis=(1, 2))
    return collapsed, (distances.min(axis=2) > watch.loneliest).any(axis=1)


def _pair_table(numbers: np.ndarray, by_pair: Mapping[Pair, float]) -> np.ndarray:
    """Value of every pair of atoms, (n, n), from a mapping by elements; NaN without an entry."""
    kinds, index = np.unique(numbers, return_inverse=True)
    by_kind = np.array([[by_pair.get(_pair(a, b), np.nan) for b in kinds] for a in kinds])
    return by_kind[np.ix_(index, index)]


def _atom_table(numbers: np.ndarray, by_element: Mapping[int, float]) -> np.ndarray:
    """Value of every atom, (n,), from a mapping by element; NaN without an entry."""
    return np.array([by_element.get(int(z), np.nan) for z in numbers])
