"""The permutations of like atoms that a set of structures of one molecule shows, as a group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import minimum_spanning_tree

__all__ = ["closure", "eigenvectors", "find_permutations", "matching", "penalties"]

MAX_STRUCTURES = 500  # matched in pairs; more are thinned evenly
MAX_ORDER = 100  # a larger group is cut down to what fewer of its generators make


def find_permutations(distances: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """The group of Chmiela et al., Nat. Commun. 9, 3887 (2018).

    Every two structures are matched atom by atom, by the absolute eigenvectors of their distance matrices;
    the matchings along the minimum spanning tree of what is left different are consistent between all
    structures (multi-partite matching), and their products make a group.

    Parameters
    ----------
    distances : (n, N, N) array, Å
    numbers : (N,) array of int
        Atomic numbers: only like atoms are exchanged.

    Returns
    -------
    (P, N) array of int; the first row is the identity
    """
    every = max(1, -(-len(distances) // MAX_STRUCTURES))
    distances = distances[::every]
    found, cost = _match_all(distances, numbers)
    tree = minimum_spanning_tree(csr_matrix(np.triu(np.maximum(cost, 1e-12), 1)))
    edges = [tuple(sorted(edge)) for edge in zip(*tree.nonzero(), strict=True)]
    used = Counter(found[edge] for edge in edges if edge in found)
    return _group([p for p, _ in used.most_common()], len(numbers))


def eigenvectors(matrices: np.ndarray) -> np.ndarray:
    """Absolute eigenvectors as columns, in the order of the eigenvalues, (..., N, N)."""
    return np.abs(np.linalg.eigh(matrices)[1])


def penalties(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """What keeps unlike atoms apart in a matching, (N, N): more than the rest of the cost can be."""
    return (len(ours) + 1.0) * (ours[:, None] != theirs[None, :])


def matching(similarity: np.ndarray, penalty: np.ndarray) -> np.ndarray:
    """The atom of the second structure for each atom of the first, (N,)."""
    return linear_sum_assignment(penalty - similarity)[1]


def _match_all(
    distances: np.ndarray, numbers: np.ndarray
) -> tuple[dict[tuple[int, int], tuple[int, ...]], np.ndarray]:
    """The matching of i<j where it brings i nearer to j, and the difference that is left, (n, n)."""
    n = len(distances)
    vectors, penalty = eigenvectors(distances), penalties(numbers, numbers)
    cost = np.zeros((n, n))
    found: dict[tuple[int, int], tuple[int, ...]] = {}
    for i in range(n - 1):
        rest = distances[i + 1 :]
        similarity = np.einsum("ak,nbk->nab", vectors[i], vectors[i + 1 :]).swapaxes(1, 2)
        orders = np.array([matching(s, penalty) for s in similarity])
        before = np.linalg.norm(distances[i] - rest, axis=(1, 2))
        after = np.linalg.norm(distances[i][orders[:, :, None], orders[:, None, :]] - rest, axis=(1, 2))
        cost[i, i + 1 :] = np.minimum(before, after)
        better = (after < before) & ~np.isclose(after, before)
        found |= {(i, i + 1 + int(j)): tuple(orders[j].tolist()) for j in np.flatnonzero(better)}
    return found, cost


def _group(generators: Iterable[tuple[int, ...]], n_atoms: int) -> np.ndarray:
    """The group that the generators make; those that would make it too large are left out."""
    kept: list[tuple[int, ...]] = []
    group = [tuple(range(n_atoms))]
    for candidate in generators:
        if candidate not in group:
            larger = closure([*kept, candidate], n_atoms)
            if larger is not None:
                kept.append(candidate)
                group = larger
    return np.array(sorted(group))


def closure(generators: list[tuple[int, ...]], n_atoms: int) -> list[tuple[int, ...]] | None:
    """All products of the generators, or None beyond `MAX_ORDER`."""
    identity = tuple(range(n_atoms))
    group, fresh = {identity}, [identity]
    while fresh:
        products = {tuple(g[i] for i in f) for f in fresh for g in generators} - group
        group |= products
        fresh = list(products)
        if len(group) > MAX_ORDER:
            return None
    return list(group)
