"""Batches of frames that are assembled when needed, whole or in parts whose losses sum to the whole's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

__all__ = ["BatchOfFrames", "Frames"]

Batch = TypeVar("Batch")
Frames = Sequence[int]


@dataclass(frozen=True)
class BatchOfFrames(Generic[Batch]):
    """Frames of a batch.

    Attributes
    ----------
    frames : sequence of int
    size : int
        Frames of the training's batches; an epoch's last has fewer.
    assemble : callable
        (frames of a part, frames of the batch, frames of the largest part of any batch) -> the part. Its loss
        is its share of a mean over the batch's labels, so that the gradients of all parts sum to the batch's.
    """

    frames: Frames
    size: int
    assemble: Callable[[Frames, Frames, int], Batch]

    def parts(self, n: int) -> tuple[Batch, ...]:
        """The batch in n parts of about equally many frames; in fewer if it has fewer frames."""
        groups = np.array_split(np.asarray(self.frames, dtype=int), min(n, len(self.frames)))
        return tuple(self.assemble(group.tolist(), self.frames, -(-self.size // n)) for group in groups)
