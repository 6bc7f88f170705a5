"""Undirected pairs of a list of directed ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["UndirectedPairs"]


@dataclass(frozen=True)
class UndirectedPairs:
    """Pairs once each, in the order of their receivers, with the place of either atom in the other's list.

    Attributes
    ----------
    receiver, sender : (p,) int arrays
    receiver_rank : (p,) int array
        The sender is the neighbour of this number in the receiver's list.
    sender_rank : (p,) int array
        The receiver is the neighbour of this number in the sender's list.
    shifts : (p, 3) float array
        Cell vectors from the sender's cell to the image of the sender that the pair means.
    counts : (n,) int array
        Number of neighbours of each atom.
    """

    receiver: np.ndarray
    sender: np.ndarray
    receiver_rank: np.ndarray
    sender_rank: np.ndarray
    shifts: np.ndarray
    counts: np.ndarray

    @classmethod
    def of(cls, receiver: np.ndarray, sender: np.ndarray, shifts: np.ndarray, n: int) -> UndirectedPairs:
        """Join the two directions; a pair that is listed in one alone lies at the cutoff and is left out.

        Parameters
        ----------
        receiver, sender : (2p,) int arrays
            Sorted by receiver.
        shifts : (2p, 3) float array
            Of whole numbers.
        n : int
            Number of atoms.
        """
        key, opposite = _keys(receiver, sender, shifts, n)
        forward = (key > opposite).nonzero()[0]
        backward = (key < opposite).nonzero()[0]
        forward = forward[key[forward].argsort(kind="stable")]
        backward = backward[opposite[backward].argsort(kind="stable")]
        if not np.array_equal(key[forward], opposite[backward]):
            _, here, there = np.intersect1d(key[forward], opposite[backward], return_indices=True)
            forward, backward = forward[here], backward[there]
        order = forward.argsort()
        forward, backward = forward[order], backward[order]
        counts = np.bincount(receiver, minlength=n)
        rank = np.arange(len(receiver)) - (counts.cumsum() - counts)[receiver]
        return cls(receiver[forward], sender[forward], rank[forward], rank[backward], shifts[forward], counts)


def _keys(
    receiver: np.ndarray, sender: np.ndarray, shifts: np.ndarray, n: int
) -> tuple[np.ndarray, np.ndarray]:
    """A number for each directed pair, and that of its opposite."""
    whole = np.rint(shifts).astype(np.int64)
    base = 2 * int(np.abs(whole).max(initial=0)) + 1
    code = whole @ np.array([base * base, base, 1])  # of -shift: the negative
    middle = base**3 // 2
    distance = sender - receiver
    reach = 2 * int(np.abs(distance).max(initial=0)) + 1
    number = lambda first, difference, shift: (
        (first * reach + difference + reach // 2) * base**3 + shift + middle
    )
    return number(receiver, distance, code), number(sender, -distance, -code)
