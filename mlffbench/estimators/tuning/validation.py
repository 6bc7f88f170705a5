"""Held-out part of a training set, and the error on it that ranks trials as a suite ranks methods."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms

from mlffbench.data import Labels, matched
from mlffbench.forcefield import ForceField

__all__ = ["Holdout", "hold_out", "validation_error"]


@dataclass(frozen=True)
class Holdout:
    """Frames to fit and frames to judge by.

    Attributes
    ----------
    frames, labels : sequence of Atoms, Labels
        All training frames.
    fitted, held : (n,) array of int
        Indices of both parts.
    """

    frames: Sequence[Atoms]
    labels: Labels
    fitted: np.ndarray
    held: np.ndarray

    def part(self, indices: np.ndarray) -> tuple[list[Atoms], Labels]:
        """Frames and labels of some indices."""
        return [self.frames[i] for i in indices], self.labels[indices]


def hold_out(
    frames: Sequence[Atoms],
    labels: Labels,
    amount: float,
    groups: Sequence[str] | None,
    rng: np.random.RandomState,
) -> Holdout | None:
    """Hold out a share of the frames, or a number of them, for validation; None where that cannot be.

    Groups are held out as wholes if there are several. Every element stays in the fitted part, since no
    method predicts an element that it has not seen.

    Raises
    ------
    ValueError
        The number of frames leaves none to fit.
    """
    n = len(frames)
    wanted = max(1, round(amount * n)) if isinstance(amount, float) else amount
    if isinstance(amount, int) and amount >= n:
        raise ValueError(f"validation={amount} leaves no frame of {n} to fit")
    names = [str(i) for i in range(n)] if groups is None or len(set(groups)) < 2 else list(groups)
    blocks = [np.flatnonzero(np.array(names) == name) for name in dict.fromkeys(names)]
    held = _blocks(frames, [blocks[i] for i in rng.permutation(len(blocks))], wanted)
    if not len(held):
        return None
    return Holdout(frames, labels, np.setdiff1d(np.arange(n), held), held)


def _blocks(frames: Sequence[Atoms], blocks: Sequence[np.ndarray], wanted: int) -> np.ndarray:
    """Indices of the first blocks that may go, until there are as many frames as wanted.

    A block that leaves less than half of the frames goes only if no other may: then the smallest one.
    """
    held = _gone(frames, blocks, wanted, most=max(wanted, len(frames) // 2))
    if not held:
        held = _gone(frames, sorted(blocks, key=len), 1, most=len(frames))
    return np.sort(np.array(held, dtype=int))


def _gone(frames: Sequence[Atoms], blocks: Sequence[np.ndarray], wanted: int, most: int) -> list[int]:
    """Indices of the first blocks without which every element is left, `most` frames together."""
    left = Counter(symbol for atoms in frames for symbol in set(atoms.symbols))
    held: list[int] = []
    for block in blocks:
        gone = Counter(symbol for i in block for symbol in set(frames[i].symbols))
        fits = len(held) < wanted and len(held) + len(block) <= most
        if fits and all(left[symbol] > count for symbol, count in gone.items()):
            left -= gone
            held += block.tolist()
    return held


def validation_error(model: ForceField, frames: Sequence[Atoms], labels: Labels) -> tuple[str, float]:
    """Quantity and RMSE: of forces, eV/Å, where labels and predictions have them, else of eV/atom.

    Raises
    ------
    FloatingPointError
        A prediction is not finite.
    """
    predicted = model.predict(frames)
    quantity = "forces"
    pairs = matched(labels.forces, predicted.forces, quantity)
    if pairs:
        difference = np.concatenate([(p - t).ravel() for t, p in pairs])
    else:
        quantity = "energy_per_atom"
        difference = (predicted.energy - labels.energy) / [len(atoms) for atoms in frames]
    rmse = float(np.sqrt(np.mean(difference**2)))
    if not np.isfinite(rmse):
        raise FloatingPointError(f"the predicted {quantity} are not finite")
    return quantity, rmse
