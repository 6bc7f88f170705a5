"""Reorder a frame's atoms to match the training molecule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from scipy.spatial.distance import cdist

from mlffbench.potentials.sgdml.permutations import eigenvectors, matching, penalties

__all__ = ["Template", "distance_matrices", "in_one_order", "nearest_differences"]

STARTS = 8  # matchings that are improved by exchanges


@dataclass(frozen=True)
class Template:
    """The molecule's atoms in canonical order, and the training structures in that order.

    Attributes
    ----------
    numbers : (N,) array of int
    distances : (n, N, N) array, Å
    vectors : (n, N, N) array, absolute eigenvectors of the distances
    reach : float
        The largest difference of inverse distances between a structure and the nearest other, 1/Å; 0 where
        frames come in any order, so that the nearest order is always taken.
    """

    numbers: np.ndarray
    distances: np.ndarray
    vectors: np.ndarray
    reach: float

    @classmethod
    def of(cls, numbers: np.ndarray, positions: np.ndarray) -> Template:
        """Template from positions (n, N, 3), Å."""
        distances = distance_matrices(positions)
        return cls(numbers.copy(), distances, eigenvectors(distances), _reach(distances))

    def match(self, frames: Sequence[Atoms]) -> np.ndarray:
        """Index in each frame of each atom of the molecule, (m, N).

        A frame keeps its order if its elements stand in the molecule's order and its geometry is near a
        training structure, or no other order comes twice as near; else it gets the nearest order.
        """
        orders = np.tile(np.arange(len(self.numbers)), (len(frames), 1))
        same_elements = np.array([np.array_equal(a.numbers, self.numbers) for a in frames])
        distance = np.full(len(frames), np.inf)  # to the nearest training structure, in the given order
        if same_elements.any():
            positions = np.array([a.positions for a, same in zip(frames, same_elements, strict=True) if same])
            pairs = _inverse_pairs(distance_matrices(positions))
            distance[same_elements] = cdist(pairs, _inverse_pairs(self.distances)).min(axis=1)
        for i in np.flatnonzero(distance > 2 * self.reach).tolist():
            order, best_distance = self._best_order(frames[i].numbers, frames[i].positions)
            if best_distance < distance[i] / (2 if self.reach else 1):
                orders[i] = order
        return orders

    def _best_order(self, numbers: np.ndarray, positions: np.ndarray) -> tuple[np.ndarray, float]:
        """Order of like atoms that comes nearest to a training structure, and its distance from it.

        Started from matched eigenvectors, as the kernel's permutations; improved until no exchange helps.
        """
        inverse_distances = inverse(distance_matrices(positions[None]))[0]
        orders, targets = self._starting_orders(numbers, positions)
        for _ in range(2):  # first towards the structures matched with, then towards the nearest
            goals = inverse(self.distances[targets])
            orders = np.array(
                [
                    _improved_by_exchanges(o, inverse_distances, g, numbers)
                    for o, g in zip(orders, goals, strict=True)
                ]
            )
            targets = np.array([self._nearest(o, inverse_distances)[0] for o in orders])
        distances = [self._nearest(o, inverse_distances)[1] for o in orders]
        return orders[int(np.argmin(distances))], min(distances)

    def _starting_orders(self, numbers: np.ndarray, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Best matchings of eigenvectors (STARTS, N), and the training structures (STARTS,) matched with."""
        distances = distance_matrices(positions[None])[0]
        similarity = np.einsum("nak,bk->nab", self.vectors, eigenvectors(distances))
        penalty = penalties(self.numbers, numbers)
        orders = np.array([matching(s, penalty) for s in similarity])
        orders, structures = np.unique(orders, axis=0, return_index=True)
        reordered = inverse(distances)[orders[:, :, None], orders[:, None, :]]
        difference = ((reordered - inverse(self.distances[structures])) ** 2).sum(axis=(1, 2))
        best = np.argsort(difference, kind="stable")[:STARTS]
        return orders[best], structures[best]

    def _nearest(self, order: np.ndarray, inverse_distances: np.ndarray) -> tuple[int, float]:
        """Training structure nearest to a frame in this order, and its distance."""
        reordered = inverse_distances[np.ix_(order, order)]
        difference = ((reordered - inverse(self.distances)) ** 2).sum(axis=(1, 2))
        return int(difference.argmin()), float(np.sqrt(difference.min() / 2))


def distance_matrices(positions: np.ndarray) -> np.ndarray:
    """Distances between the atoms of each structure, (n, N, N) Å."""
    return np.linalg.norm(positions[:, :, None] - positions[:, None], axis=-1)


def inverse(distances: np.ndarray) -> np.ndarray:
    """1/r, and 0 between an atom and itself."""
    return 1 / (distances + np.where(np.eye(distances.shape[-1], dtype=bool), np.inf, 0.0))


def _inverse_pairs(distances: np.ndarray) -> np.ndarray:
    """Inverse distances of the pairs, (n, N(N−1)/2)."""
    return 1 / distances[:, *np.triu_indices(distances.shape[-1], 1)]


def nearest_differences(distances: np.ndarray) -> np.ndarray:
    """Difference between each structure and the nearest other, (n,) 1/Å; infinite for a single structure."""
    pairs = _inverse_pairs(distances)
    between = cdist(pairs, pairs) + np.diag(np.full(len(pairs), np.inf))
    return between.min(axis=1)


def in_one_order(frames: Sequence[Atoms], most: int = 100) -> np.ndarray:
    """Positions of an evenly spaced subset of at most `most` frames in the order of the first, (n, N, 3) Å.

    Half of the frames that are left, the nearest to those in order, join these in each round.
    """
    chosen = [frames[i] for i in np.unique(np.linspace(0, len(frames) - 1, most).astype(int))]
    ordered, left = [chosen[0].positions], chosen[1:]
    while left:
        template = Template.of(chosen[0].numbers, np.array(ordered))
        best = [template._best_order(a.numbers, a.positions) for a in left]
        nearest = np.argsort([distance for _, distance in best], kind="stable")
        joining = nearest[: max(1, len(left) // 2)].tolist()
        ordered += [left[k].positions[best[k][0]] for k in joining]
        left = [a for k, a in enumerate(left) if k not in joining]
    return np.array(ordered)


def _reach(distances: np.ndarray) -> float:
    """The largest difference between a structure and the nearest other; infinite for a single structure."""
    return float(nearest_differences(distances).max())


def _improved_by_exchanges(
    order: np.ndarray, inverse_distances: np.ndarray, target: np.ndarray, numbers: np.ndarray
) -> np.ndarray:
    """Exchange two like atoms, the best two first, while the difference to a target falls."""
    a, b = np.triu_indices(len(order), 1)
    best = np.inf
    while True:
        like = numbers[order[a]] == numbers[order[b]]
        orders = np.tile(order, (1 + like.sum(), 1))
        row = np.arange(1, len(orders))
        orders[row, a[like]], orders[row, b[like]] = order[b[like]], order[a[like]]
        reordered = inverse_distances[orders[:, :, None], orders[:, None, :]]
        difference = ((reordered - target) ** 2).sum(axis=(1, 2))
        if difference.min() >= best - 1e-12:
            return order
        best, order = difference.min(), orders[difference.argmin()]
