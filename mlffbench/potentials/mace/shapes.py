"""Shapes of batches: few for all batches of a training, so that a captured step serves many."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

__all__ = ["Shape", "common_shape", "rounded_up", "shapes_of_training"]

LEVELS = (0.3, 0.6, 1.0)  # between the mean batch and the largest one possible
RATIO, SLOTS = 1.1, 4  # steps of the numbers of pairs and of neighbours


@dataclass(frozen=True)
class Shape:
    """Numbers of atoms of each element, undirected pairs, neighbours of one atom and frames of a batch."""

    counts: tuple[int, ...]
    pairs: int
    width: int
    frames: int

    @property
    def n(self) -> int:
        return sum(self.counts)

    def holds(self, other: Shape) -> bool:
        """True if a batch of the other shape can be padded to this one."""
        sizes = zip(self.counts, other.counts, strict=True)
        return (
            all(a >= b for a, b in sizes)
            and self.pairs >= other.pairs
            and self.width >= other.width
            and self.frames >= other.frames
        )

    def with_empty_slot(self) -> Shape:
        """The shape with at least one empty slot, which pairs beyond the cutoff need."""
        return replace(self, width=max(self.width, 2 * self.pairs // max(self.n, 1) + 1))


def common_shape(shapes: Iterable[Shape]) -> Shape:
    """The least shape that holds all, with a frame more for the atoms and pairs that are padding."""
    columns = list(zip(*((s.counts, s.pairs, s.width, s.frames) for s in shapes), strict=True))
    counts = tuple(np.max(columns[0], axis=0).tolist())
    return Shape(counts, max(columns[1]) + 1, max(columns[2]), max(columns[3]) + 1).with_empty_slot()


def rounded_up(shape: Shape) -> Shape:
    """The shape with more pairs, on a geometric grid, and more neighbours."""
    steps = math.ceil(math.log(max(shape.pairs, 1), RATIO) - 1e-9)
    pairs, width = math.ceil(RATIO**steps) + 1, math.ceil(shape.width / SLOTS) * SLOTS
    return replace(shape, pairs=pairs, width=width).with_empty_slot()


def shapes_of_training(frames: list[Shape], batch_size: int) -> list[Shape]:
    """Shapes for random batches of so many of these frames, the last of which holds any of them."""
    size = min(batch_size, len(frames))
    sizes = np.sort([(*f.counts, f.pairs) for f in frames], axis=0)[::-1]
    mean, largest = size * sizes.mean(axis=0), sizes[:size].sum(axis=0)
    width = max(f.width for f in frames)
    levels = []
    for level in LEVELS:
        *counts, pairs = np.ceil(mean + level * (largest - mean) - 1e-6).astype(int).tolist()
        levels.append(Shape(tuple(counts), pairs + 1, width, batch_size + 1).with_empty_slot())
    return list(dict.fromkeys(levels))
