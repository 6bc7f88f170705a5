"""Atoms in another order, brought to that of a molecule already known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from scipy.spatial.distance import cdist

from mlffbench.potentials.sgdml.permutations import eigenvectors, matching, penalties

__all__ = ["Template", "distance_matrices"]

STARTS = 8  # assignments that are improved


@dataclass(frozen=True)
class Template:
    """A molecule's atoms in their order, and structures in which it was seen.

    Attributes
    ----------
    numbers : (N,) array of int
    distances : (n, N, N) array, Å
    vectors : (n, N, N) array, absolute eigenvectors of the distances
    reach : float
        The largest difference of inverse distances between a structure and the nearest other, 1/Å.
    """

    numbers: np.ndarray
    distances: np.ndarray
    vectors: np.ndarray
    reach: float

    @classmethod
    def of(cls, numbers: np.ndarray, positions: np.ndarray) -> Template:
        """From positions (n, N, 3), Å."""
        distances = distance_matrices(positions)
        return cls(numbers.copy(), distances, eigenvectors(distances), _reach(distances))

    def orders(self, frames: Sequence[Atoms]) -> np.ndarray:
        """The atom of each frame for each atom of the molecule, (m, N).

        Its place in the frame where the elements stand in the molecule's order and the geometry is like those
        seen, or no other order brings it twice as near; else the nearest order found.
        """
        orders = np.tile(np.arange(len(self.numbers)), (len(frames), 1))
        trusted = np.array([np.array_equal(a.numbers, self.numbers) for a in frames])
        kept = np.full(len(frames), np.inf)
        if trusted.any():
            positions = np.array([a.positions for a, t in zip(frames, trusted, strict=True) if t])
            kept[trusted] = cdist(_pairs(distance_matrices(positions)), _pairs(self.distances)).min(axis=1)
        for i in np.flatnonzero(kept > 2 * self.reach).tolist():
            found, left = self._best(frames[i].numbers, frames[i].positions)
            if left < kept[i] / 2:
                orders[i] = found
        return orders

    def _best(self, numbers: np.ndarray, positions: np.ndarray) -> tuple[np.ndarray, float]:
        """The permutation of like atoms with the inverse distances nearest to a structure seen, and its rest.

        Started from matched eigenvectors, as the kernel's permutations; improved until no exchange helps.
        """
        mine = inverse(distance_matrices(positions[None]))[0]
        orders, targets = self._starts(numbers, positions)
        for _ in range(2):  # first towards the structures matched with, then towards the nearest
            goals = inverse(self.distances[targets])
            orders = np.array([_climb(o, mine, g, numbers) for o, g in zip(orders, goals, strict=True)])
            targets = np.array([self._nearest(o, mine)[0] for o in orders])
        left = [self._nearest(o, mine)[1] for o in orders]
        return orders[int(np.argmin(left))], min(left)

    def _starts(self, numbers: np.ndarray, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The best matchings of eigenvectors, (STARTS, N), and the structures they were made with."""
        distances = distance_matrices(positions[None])[0]
        similarity = np.einsum("nak,bk->nab", self.vectors, eigenvectors(distances))
        penalty = penalties(self.numbers, numbers)
        orders = np.array([matching(s, penalty) for s in similarity])
        orders, first = np.unique(orders, axis=0, return_index=True)
        moved = inverse(distances)[orders[:, :, None], orders[:, None, :]]
        left = ((moved - inverse(self.distances[first])) ** 2).sum(axis=(1, 2))
        best = np.argsort(left, kind="stable")[:STARTS]
        return orders[best], first[best]

    def _nearest(self, order: np.ndarray, mine: np.ndarray) -> tuple[int, float]:
        """The structure that a frame in this order is nearest to, and how far that is."""
        left = ((mine[np.ix_(order, order)] - inverse(self.distances)) ** 2).sum(axis=(1, 2))
        return int(left.argmin()), float(np.sqrt(left.min() / 2))


def distance_matrices(positions: np.ndarray) -> np.ndarray:
    """(n, N, N), Å."""
    return np.linalg.norm(positions[:, :, None] - positions[:, None], axis=-1)


def inverse(distances: np.ndarray) -> np.ndarray:
    """1/r, and 0 of an atom with itself."""
    return 1 / (distances + np.where(np.eye(distances.shape[-1], dtype=bool), np.inf, 0.0))


def _pairs(distances: np.ndarray) -> np.ndarray:
    """Inverse distances of the pairs, (n, N(N−1)/2)."""
    return 1 / distances[:, *np.triu_indices(distances.shape[-1], 1)]


def _reach(distances: np.ndarray) -> float:
    """The largest difference between a structure and the nearest other; infinite of one structure."""
    pairs = _pairs(distances)
    between = cdist(pairs, pairs) + np.diag(np.full(len(pairs), np.inf))
    return float(between.min(axis=1).max())


def _climb(order: np.ndarray, mine: np.ndarray, target: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Exchange two like atoms, the best two first, while the difference to a target falls."""
    a, b = np.triu_indices(len(order), 1)
    best = np.inf
    while True:
        like = numbers[order[a]] == numbers[order[b]]
        orders = np.tile(order, (1 + like.sum(), 1))
        row = np.arange(1, len(orders))
        orders[row, a[like]], orders[row, b[like]] = order[b[like]], order[a[like]]
        left = ((mine[orders[:, :, None], orders[:, None, :]] - target) ** 2).sum(axis=(1, 2))
        if left.min() >= best - 1e-12:
            return order
        best, order = left.min(), orders[left.argmin()]
