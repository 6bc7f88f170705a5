"""Permutation group of like atoms, found from the structures of one molecule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import minimum_spanning_tree

__all__ = ["closure", "eigenvectors", "find_permutations", "matching", "penalties"]

MAX_STRUCTURES = 500  # matched in pairs; of more, an evenly spaced subset
MAX_ORDER = 100  # of the group; generators that exceed it are left out


def find_permutations(distances: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Find the permutation group by multi-partite matching: Chmiela et al., Nat. Commun. 9, 3887 (2018).

    Every two structures are matched atom by atom, by the absolute eigenvectors of their distance matrices.
    The matchings along the minimum spanning tree of the remaining differences are consistent between all
    structures, and their products make a group.

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
    matchings, cost = _match_all(distances, numbers)
    tree = minimum_spanning_tree(csr_matrix(np.triu(np.maximum(cost, 1e-12), 1)))
    edges = [tuple(sorted(edge)) for edge in zip(*tree.nonzero(), strict=True)]
    used = Counter(matchings[edge] for edge in edges if edge in matchings)
    return _group([p for p, _ in used.most_common()], len(numbers))


def eigenvectors(matrices: np.ndarray) -> np.ndarray:
    """Absolute eigenvectors as columns, in the order of the eigenvalues, (..., N, N)."""
    return np.abs(np.linalg.eigh(matrices)[1])


def penalties(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Costs that keep unlike atoms apart in a matching, (N, N): larger than the rest can be."""
    return (len(ours) + 1.0) * (ours[:, None] != theirs[None, :])


def matching(similarity: np.ndarray, penalty: np.ndarray) -> np.ndarray:
    """Assign an atom of the second structure to each atom of the first, (N,)."""
    return linear_sum_assignment(penalty - similarity)[1]


def _match_all(
    distances: np.ndarray, numbers: np.ndarray
) -> tuple[dict[tuple[int, int], tuple[int, ...]], np.ndarray]:
    """Matchings of structures i < j that bring i nearer to j, and the remaining differences (n, n)."""
    n = len(distances)
    vectors, penalty = eigenvectors(distances), penalties(numbers, numbers)
    cost = np.zeros((n, n))
    matchings: dict[tuple[int, int], tuple[int, ...]] = {}
    for i in range(n - 1):
        others = distances[i + 1 :]
        similarity = np.einsum("ak,nbk->nab", vectors[i], vectors[i + 1 :]).swapaxes(1, 2)
        orders = np.array([matching(s, penalty) for s in similarity])
        before = np.linalg.norm(distances[i] - others, axis=(1, 2))
        after = np.linalg.norm(distances[i][orders[:, :, None], orders[:, None, :]] - others, axis=(1, 2))
        cost[i, i + 1 :] = np.minimum(before, after)
        better = (after < before) & ~np.isclose(after, before)
        matchings |= {(i, i + 1 + int(j)): tuple(orders[j].tolist()) for j in np.flatnonzero(better)}
    return matchings, cost


def _group(generators: Iterable[tuple[int, ...]], n_atoms: int) -> np.ndarray:
    """Group of the generators, without those that would exceed `MAX_ORDER`."""
    accepted: list[tuple[int, ...]] = []
    group = [tuple(range(n_atoms))]
    for candidate in generators:
        if candidate not in group:
            larger = closure([*accepted, candidate], n_atoms)
            if larger is not None:
                accepted.append(candidate)
                group = larger
    return np.array(sorted(group))


def closure(generators: list[tuple[int, ...]], n_atoms: int) -> list[tuple[int, ...]] | None:
    """All products of the generators; None if there are more than `MAX_ORDER`."""
    identity = tuple(range(n_atoms))
    group, fresh = {identity}, [identity]
    while fresh:
        products = {tuple(g[i] for i in f) for f in fresh for g in generators} - group
        group |= products
        fresh = list(products)
        if len(group) > MAX_ORDER:
            return None
    return list(group)
