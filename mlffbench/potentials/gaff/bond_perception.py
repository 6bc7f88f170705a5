"""Bond perception from distances; a shared proton gives a smooth mixture of topologies."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass
from itertools import product

import numpy as np
from ase.data import covalent_radii

from mlffbench.descriptors.graph import Graph
from mlffbench.potentials.gaff.topology import Bonds, Topology

__all__ = ["BondingState", "Contacts", "perceive_bonds"]

BONDING = np.array([1, 5, 6, 7, 8, 9, 14, 15, 16, 17, 32, 33, 34, 35, 52, 53])  # H, B to F, Si to Cl ...
BOND_FACTORS = (1.3, 1.45, 1.6)  # longest bond in sums of covalent radii: the first with known surroundings
MOST_SHARED = 3  # shared hydrogens of one frame at most: those with the most similar distances


@dataclass(frozen=True)
class Contacts:
    """Pairs of atoms of one frame that are close enough for a bond, shortest first.

    Attributes
    ----------
    numbers : (n,) atomic numbers
    source, target : (p,) int
    shifts : (p, 3) int, the cell of the target as seen from the source
    ratio : (p,) distance over the sum of covalent radii
    """

    numbers: np.ndarray
    source: np.ndarray
    target: np.ndarray
    shifts: np.ndarray
    ratio: np.ndarray


@dataclass(frozen=True)
class BondingState:
    """One bonding pattern of a frame and the hydrogens whose distances determine its weight.

    Attributes
    ----------
    topology : Topology
    shared : (k, 3) int, shared hydrogens, each with its partner in this state and in the other one
    shifts : (k, 3, 3) int, their cells
    """

    topology: Topology
    shared: np.ndarray
    shifts: np.ndarray


def perceive_bonds(
    graph: Graph, width: float, depth: int, known: Set[str], cache: dict[bytes, Topology]
) -> list[list[BondingState]]:
    """The bonding states of every frame; topologies are looked up in `cache` by their bonds, or added."""
    return [_bonding_states(contacts, width, depth, known, cache) for contacts in _contacts(graph)]


def _contacts(graph: Graph) -> Iterator[Contacts]:
    """The contacts of every frame."""
    numbers, frame = graph.numbers.cpu().numpy(), graph.frame.cpu().numpy()
    source, target = graph.source.cpu().numpy(), graph.target.cpu().numpy()
    radii = covalent_radii[numbers]
    ratio = graph.vectors.norm(dim=1).cpu().numpy() / (radii[source] + radii[target])
    bonding = np.isin(numbers, BONDING)
    close = np.flatnonzero((ratio < BOND_FACTORS[-1]) & bonding[source] & bonding[target])
    close = close[np.lexsort((ratio[close], frame[source[close]]))]
    starts = np.searchsorted(frame, np.arange(graph.n_frames + 1))
    cuts = np.searchsorted(frame[source[close]], np.arange(graph.n_frames + 1))
    shifts = graph.shifts.cpu().numpy().astype(int)
    for k in range(graph.n_frames):
        own, first = close[cuts[k] : cuts[k + 1]], starts[k]
        atoms = numbers[first : starts[k + 1]]
        yield Contacts(atoms, source[own] - first, target[own] - first, shifts[own], ratio[own])


def _bonding_states(
    contacts: Contacts, width: float, depth: int, known: Set[str], cache: dict[bytes, Topology]
) -> list[BondingState]:
    """The bonding states of a frame: heavy atoms bond by distance, a hydrogen to its nearest atom.

    A hydrogen whose two nearest partners differ by less than `width` (in sums of covalent radii) is shared,
    and the frame has two states. The first of the `BOND_FACTORS` with which all surroundings are `known` is
    used (all are where `known` is empty), so that a stretched bond stays a bond.
    """
    best: tuple[int, list[BondingState]] | None = None
    for factor in BOND_FACTORS:
        states = list(_states_at(contacts, width, factor, depth, cache))
        n_unknown = sum(label not in known for s in states for label in s.topology.labels[:, -1].tolist())
        if not known or n_unknown == 0:
            return states
        if best is None or n_unknown < best[0]:
            best = n_unknown, states
    assert best is not None
    return best[1]


def _states_at(
    contacts: Contacts, width: float, factor: float, depth: int, cache: dict[bytes, Topology]
) -> Iterator[BondingState]:
    """One state for every choice of the shared hydrogens' partners, with bonds up to `factor`."""
    source, target, shifts = contacts.source, contacts.target, contacts.shifts
    hydrogen = contacts.numbers == 1
    heavy = np.flatnonzero(~hydrogen[source] & ~hydrogen[target] & (contacts.ratio < factor))
    decided, undecided = _hydrogen_bonds(contacts, hydrogen, width)
    for choice in product((0, 1), repeat=len(undecided)):
        here = np.array([pair[c] for pair, c in zip(undecided, choice, strict=True)], dtype=int)
        there = np.array([pair[1 - c] for pair, c in zip(undecided, choice, strict=True)], dtype=int)
        bonded = np.concatenate([heavy, decided, here])
        bonds = Bonds.of(contacts.numbers, source[bonded], target[bonded], shifts[bonded])
        if bonds.key not in cache:
            cache[bonds.key] = Topology.of(bonds, depth)
        shared = np.column_stack([source[here], target[here], target[there]])
        cells = [np.zeros_like(shifts[here]), shifts[here], shifts[there]]
        yield BondingState(cache[bonds.key], shared, np.stack(cells, axis=1))


def _hydrogen_bonds(
    contacts: Contacts, hydrogen: np.ndarray, width: float
) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """Contacts that are a hydrogen's only bond, and the two alternative contacts of each shared hydrogen."""
    from_hydrogen = np.flatnonzero(hydrogen[contacts.source])
    atoms, first = np.unique(contacts.source[from_hydrogen], return_index=True)
    nearest = from_hydrogen[first]
    alternatives = []
    for atom, best in zip(atoms, nearest, strict=True):
        own = from_hydrogen[contacts.source[from_hydrogen] == atom]
        if len(own) > 1 and (gap := contacts.ratio[own[1]] - contacts.ratio[best]) < width:
            alternatives.append((gap, int(best), int(own[1])))
    undecided = [pair for _, *pair in sorted(alternatives)[:MOST_SHARED]]
    decided = np.setdiff1d(nearest, [a for a, _ in undecided])
    return decided, [(a, b) for a, b in undecided]
