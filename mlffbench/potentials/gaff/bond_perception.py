"""Which atoms are bonded, from distances: one bonding pattern a frame, or several that blend smoothly."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass
from itertools import product

import numpy as np
from ase.data import covalent_radii

from mlffbench.descriptors.graph import Graph
from mlffbench.potentials.gaff.topology import Bonds, Topology

__all__ = ["Contacts", "State", "contacts", "states"]

BONDING = np.array([1, 5, 6, 7, 8, 9, 14, 15, 16, 17, 32, 33, 34, 35, 52, 53])  # H, B to F, Si to Cl ...
LADDER = (
    1.3,
    1.45,
    1.6,
)  # bonds up to so many sums of covalent radii: the first that shows known surroundings
SHARED = 3  # hydrogens between two partners that may be undecided at once, the closest calls first


@dataclass(frozen=True)
class Contacts:
    """The pairs of one frame that could be bonds: atoms, cells, distance over the sum of radii."""

    numbers: np.ndarray
    source: np.ndarray
    target: np.ndarray
    shifts: np.ndarray
    ratio: np.ndarray


@dataclass(frozen=True)
class State:
    """One bonding pattern of a frame, and what its weight depends on.

    Attributes
    ----------
    topology : Topology
    shared : (k, 3) int, undecided hydrogens, each with the partner it has here and the one it could have
    shifts : (k, 3, 3) int, their cells
    """

    topology: Topology
    shared: np.ndarray
    shifts: np.ndarray


def contacts(graph: Graph) -> Iterator[Contacts]:
    """The contacts of every frame, shortest first."""
    numbers, frame = graph.numbers.cpu().numpy(), graph.frame.cpu().numpy()
    source, target = graph.source.cpu().numpy(), graph.target.cpu().numpy()
    radii = covalent_radii[numbers]
    ratio = graph.vectors.norm(dim=1).cpu().numpy() / (radii[source] + radii[target])
    bonding = np.isin(numbers, BONDING)
    close = np.flatnonzero((ratio < LADDER[-1]) & bonding[source] & bonding[target])
    close = close[np.lexsort((ratio[close], frame[source[close]]))]
    starts = np.searchsorted(frame, np.arange(graph.n_frames + 1))
    cuts = np.searchsorted(frame[source[close]], np.arange(graph.n_frames + 1))
    shifts = graph.shifts.cpu().numpy().astype(int)
    for k in range(graph.n_frames):
        own, first = close[cuts[k] : cuts[k + 1]], starts[k]
        atoms = numbers[first : starts[k + 1]]
        yield Contacts(atoms, source[own] - first, target[own] - first, shifts[own], ratio[own])


def states(
    near: Contacts, width: float, depth: int, known: Set[str], cache: dict[bytes, Topology]
) -> list[State]:
    """The bonding patterns of a frame: heavy atoms by distance, a hydrogen to whatever is nearest.

    A hydrogen whose two nearest partners differ by less than `width` (in sums of covalent radii) is
    undecided, and the frame is in two states. Of the `LADDER` of bond lengths the first counts in which all
    surroundings are `known` (all are where `known` is empty), so that a stretched bond stays a bond.
    """
    best: tuple[int, list[State]] | None = None
    for factor in LADDER:
        found = list(_patterns(near, width, factor, depth, cache))
        strange = sum(label not in known for s in found for label in s.topology.labels[:, -1].tolist())
        if not known or strange == 0:
            return found
        if best is None or strange < best[0]:
            best = strange, found
    assert best is not None
    return best[1]


def _patterns(
    near: Contacts, width: float, factor: float, depth: int, cache: dict[bytes, Topology]
) -> Iterator[State]:
    """One state for every choice of the undecided hydrogens."""
    hydrogen = near.numbers == 1
    heavy = np.flatnonzero(~hydrogen[near.source] & ~hydrogen[near.target] & (near.ratio < factor))
    decided, undecided = _hydrogen_bonds(near, hydrogen, width)
    for choice in product((0, 1), repeat=len(undecided)):
        pairs = np.array([pair[c] for pair, c in zip(undecided, choice, strict=True)], dtype=int)
        others = np.array([pair[1 - c] for pair, c in zip(undecided, choice, strict=True)], dtype=int)
        picked = np.concatenate([heavy, decided, pairs])
        bonds = Bonds.of(near.numbers, near.source[picked], near.target[picked], near.shifts[picked])
        if bonds.key not in cache:
            cache[bonds.key] = Topology.of(bonds, depth)
        shared = np.column_stack([near.source[pairs], near.target[pairs], near.target[others]])
        cells = [np.zeros_like(near.shifts[pairs]), near.shifts[pairs], near.shifts[others]]
        yield State(cache[bonds.key], shared, np.stack(cells, axis=1))


def _hydrogen_bonds(
    near: Contacts, hydrogen: np.ndarray, width: float
) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """Contacts that hold a hydrogen for sure, and the pairs of contacts that one is undecided between."""
    from_hydrogen = np.flatnonzero(hydrogen[near.source])
    atoms, first = np.unique(near.source[from_hydrogen], return_index=True)
    nearest = from_hydrogen[first]
    calls = []
    for atom, best in zip(atoms, nearest, strict=True):
        own = from_hydrogen[near.source[from_hydrogen] == atom]
        if len(own) > 1 and (gap := near.ratio[own[1]] - near.ratio[best]) < width:
            calls.append((gap, int(best), int(own[1])))
    undecided = [pair for _, *pair in sorted(calls)[:SHARED]]
    decided = np.setdiff1d(nearest, [a for a, _ in undecided])
    return decided, [(a, b) for a, b in undecided]
