"""Training frames on the device, and batches gathered from them without waiting for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from ase import Atoms

from mlffbench.data import Labels
from mlffbench.descriptors.graph import Graph, build_counted
from mlffbench.potentials.networks.batches import LabelledGraphs
from mlffbench.potentials.networks.padding import Shapes

__all__ = ["LabelledFrames"]


@dataclass(frozen=True)
class LabelledFrames:
    """Graphs and labels of all frames, and after them a padding frame.

    The padding frame is one atom, which is paired with its own image at twice the cutoff, where networks
    vanish; it has no labels.

    Attributes
    ----------
    all : LabelledGraphs
    atoms, pairs : (n_frames + 2,) int arrays
        First atom and first pair of each frame, and the totals; on the host.
    known : (n_frames, 3) int array
        Numbers of labels of each frame: energies, components of forces and of stresses; on the host.
    """

    all: LabelledGraphs
    atoms: np.ndarray
    pairs: np.ndarray
    known: np.ndarray

    def __len__(self) -> int:
        return len(self.atoms) - 2

    @classmethod
    def build(
        cls,
        frames: Sequence[Atoms],
        labels: Labels,
        cutoff: float,
        dtype: torch.dtype = torch.float64,
        device: str | torch.device = "cpu",
    ) -> LabelledFrames:
        """Build neighbour lists within `cutoff`, Å, and put them and the labels on the device."""
        bare, *counts = build_counted(frames, cutoff, dtype, str(device))
        graph = _with_padding(bare, cutoff)
        sizes, pairs = (np.append(n, 1) for n in counts)  # the padding frame's last
        tensor = lambda x: torch.as_tensor(x, dtype=dtype, device=device)
        forces = [*(labels.forces or [None] * len(frames)), None]
        stress = [*(labels.stress or [None] * len(frames)), None]
        everything = LabelledGraphs(
            graph,
            tensor(np.append(labels.energy, np.nan)),
            tensor(np.concatenate([_known(f, n, 3) for f, n in zip(forces, sizes, strict=True)])),
            tensor(np.concatenate([_known(s, 1, 6) for s in stress])),
            tensor(sizes),
        )
        starts = lambda counts: np.concatenate([[0], np.cumsum(counts)])
        known = [
            (1, *(0 if x is None else np.size(x) for x in two)) for two in zip(forces, stress, strict=True)
        ]
        return cls(everything, starts(sizes), starts(pairs), np.array(known[:-1]))

    def shapes(self, picks: Sequence[int] | np.ndarray, batch_size: int) -> Shapes:
        """Shapes of all batches of these frames."""
        picks = np.asarray(picks, dtype=int)
        return Shapes.of(np.diff(self.atoms)[picks], np.diff(self.pairs)[picks], batch_size)

    def part(
        self, picks: Sequence[int], whole: Sequence[int], shapes: Shapes | None = None
    ) -> LabelledGraphs:
        """The batch of some frames; its loss is their share of that of the whole batch."""
        batch = self.batch(picks, shapes)
        if len(picks) == len(whole):
            return batch
        known, of_whole = (self.known[list(frames)].sum(axis=0) for frames in (picks, whole))
        shares = known / of_whole.clip(min=1)
        return replace(batch, shares=torch.as_tensor(shares).to(batch.energy))

    def batch(self, picks: Sequence[int] | np.ndarray, shapes: Shapes | None = None) -> LabelledGraphs:
        """The batch of some frames in this order; padded to one of the shapes, if there are any.

        Frames and atoms beyond the given ones are the padding frame's, its pairs are spread over its atoms.
        """
        picks = np.asarray(picks, dtype=int)
        n_atoms, n_pairs = np.diff(self.atoms)[picks], np.diff(self.pairs)[picks]
        atoms, pairs = _ranges(self.atoms[picks], n_atoms), _ranges(self.pairs[picks], n_pairs)
        frame, starts = np.repeat(np.arange(len(picks)), n_atoms), np.cumsum(n_atoms) - n_atoms
        move = np.repeat(starts - self.atoms[picks], n_pairs)
        if shapes is not None:
            most_atoms, most_pairs = shapes.least(len(atoms), len(pairs))
            spare = np.arange(most_pairs - len(pairs)) % (most_atoms - len(atoms))
            move = np.append(move, len(atoms) + spare - self.atoms[-2])
            picks = _filled(picks, len(self), shapes.frames)
            frame = _filled(frame, shapes.frames - 1, most_atoms)
            atoms = _filled(atoms, self.atoms[-2], most_atoms)
            pairs = _filled(pairs, self.pairs[-2], most_pairs)
        return self._gathered(picks, atoms, frame, pairs, move)

    def _gathered(self, *indices: np.ndarray) -> LabelledGraphs:
        graph = self.all.graph
        frames, atoms, frame, pairs, move = _on_device(indices, graph.frame.device)
        return LabelledGraphs(
            Graph(
                numbers=graph.numbers.index_select(0, atoms),
                positions=graph.positions.index_select(0, atoms),
                cells=graph.cells.index_select(0, frames),
                periodic=graph.periodic.index_select(0, frames),
                frame=frame,
                source=graph.source.index_select(0, pairs) + move,
                target=graph.target.index_select(0, pairs) + move,
                shifts=graph.shifts.index_select(0, pairs),
            ),
            self.all.energy.index_select(0, frames),
            self.all.forces.index_select(0, atoms),
            self.all.stress.index_select(0, frames),
            self.all.sizes.index_select(0, frames),
        )


def _with_padding(graph: Graph, cutoff: float) -> Graph:
    """The graph with the padding frame after its last."""
    last, atom = graph.n_frames, len(graph.numbers)
    ends = {
        "numbers": graph.numbers[:1],
        "positions": torch.zeros_like(graph.positions[:1]),
        "cells": 2 * cutoff * torch.eye(3, dtype=graph.cells.dtype, device=graph.cells.device)[None],
        "periodic": graph.periodic.new_zeros(1),
        "frame": graph.frame.new_full((1,), last),
        "source": graph.source.new_full((1,), atom),
        "target": graph.target.new_full((1,), atom),
        "shifts": graph.shifts.new_tensor([[1.0, 0.0, 0.0]]),
    }
    return replace(graph, **{k: torch.cat([getattr(graph, k), end]) for k, end in ends.items()})


def _known(label: np.ndarray | None, *shape: int) -> np.ndarray:
    return np.full(shape, np.nan) if label is None else np.asarray(label).reshape(shape)


def _ranges(starts: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The numbers from each start on, so many as its count, one range after the other."""
    ends = np.cumsum(counts)
    return np.repeat(starts - ends + counts, counts) + np.arange(ends[-1] if len(ends) else 0)


def _filled(values: np.ndarray, value: int, size: int) -> np.ndarray:
    return np.append(values, np.full(size - len(values), value))


def _on_device(indices: Sequence[np.ndarray], device: torch.device) -> Sequence[torch.Tensor]:
    """Copy arrays of integers in one piece, on a GPU from memory that it reads by itself."""
    joined = torch.from_numpy(np.concatenate(indices))
    joined = joined.pin_memory() if device.type == "cuda" else joined
    return joined.to(device, non_blocking=True).split([len(i) for i in indices])
