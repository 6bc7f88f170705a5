"""Few shapes for many batches: numbers of atoms and pairs are rounded up, and padding fills the rest."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Shapes"]

RATIO, LEVELS = 1.25, 8  # a batch has at most so many times its atoms, unless it is smaller than all shapes
SPARE = 4  # padding atoms at least: sums over the padding pairs are spread over them


@dataclass(frozen=True)
class Shapes:
    """Numbers of frames, atoms and pairs that the batches of a training set are padded to.

    The last frame holds the padding atoms, which are at least `SPARE`. Pairs and atoms grow together, since a
    graph is captured for each shape.

    Attributes
    ----------
    frames : int
        Of every batch, the padding frame included.
    levels : tuple of (int, int)
        Atoms and pairs, ascending.

    Examples
    --------
    >>> shapes = Shapes.of([3, 3, 5], [6, 6, 20], batch_size=2)
    >>> shapes.frames, shapes.levels[-1], shapes.least(6, 12)
    (3, (12, 26), (10, 17))
    """

    frames: int
    levels: tuple[tuple[int, int], ...]

    @classmethod
    def of(
        cls, atoms: Sequence[int] | np.ndarray, pairs: Sequence[int] | np.ndarray, batch_size: int
    ) -> Shapes:
        """Shapes of all batches of `batch_size` of these frames: the largest one's over powers of 1.25.

        Parameters
        ----------
        atoms, pairs : (n_frames,) int
            Atoms and pairs of each frame.
        batch_size : int
            Frames of a batch; fewer in an epoch's last.
        """
        most = [int(np.sort(np.asarray(sizes))[-batch_size:].sum()) for sizes in (atoms, pairs)]
        scales = [RATIO**-k for k in reversed(range(LEVELS))]
        rounded = [tuple(math.ceil(n * scale - 1e-9) for n in most) for scale in scales]
        levels = dict.fromkeys((n + SPARE, max(p, 1)) for n, p in rounded)
        return cls(batch_size + 1, tuple(levels))

    def least(self, atoms: int, pairs: int) -> tuple[int, int]:
        """Atoms and pairs of the smallest shape that holds a batch."""
        return next((n, p) for n, p in self.levels if atoms + SPARE <= n and pairs <= p)
