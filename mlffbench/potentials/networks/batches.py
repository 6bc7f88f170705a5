"""Graphs with labels, joined into batches, and their loss; a missing label is NaN."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from ase import Atoms

from mlffbench.data import Labels
from mlffbench.descriptors.graph import Graph, build

__all__ = [
    "LabelledGraphs",
    "LossWeights",
    "batched_graphs",
    "collate",
    "consecutive_groups",
    "join",
    "labelled_graphs",
    "mean_square",
    "weighted_loss",
]


class SizedLabels(Protocol):
    """Energies, eV, forces, eV/Å, stresses, eV/Å³, and the numbers of atoms of a batch."""

    @property
    def energy(self) -> torch.Tensor: ...
    @property
    def forces(self) -> torch.Tensor: ...
    @property
    def stress(self) -> torch.Tensor: ...
    @property
    def sizes(self) -> torch.Tensor: ...


class LossWeights(Protocol):
    """An estimator with the weights of squared errors as parameters."""

    energy_weight: float
    forces_weight: float
    stress_weight: float


@dataclass(frozen=True)
class LabelledGraphs:
    """Graphs of some frames with their labels.

    Attributes
    ----------
    graph : Graph
    energy : (n_frames,) eV
    forces : (n, 3) eV/Å
    stress : (n_frames, 6) eV/Å³, Voigt
    """

    graph: Graph
    energy: torch.Tensor
    forces: torch.Tensor
    stress: torch.Tensor

    @property
    def sizes(self) -> torch.Tensor:
        """Number of atoms of each frame, (n_frames,)."""
        return torch.bincount(self.graph.frame, minlength=self.graph.n_frames)


def collate(graphs: Sequence[Graph]) -> Graph:
    """Concatenate graphs; atoms and frames are numbered consecutively."""
    atoms = np.cumsum([0, *(len(g.numbers) for g in graphs[:-1])]).tolist()
    frames = np.cumsum([0, *(g.n_frames for g in graphs[:-1])]).tolist()
    starts = {"frame": frames, "source": atoms, "target": atoms}
    columns = {name: [getattr(g, name) for g in graphs] for name in vars(graphs[0])}
    for name, offsets in starts.items():
        columns[name] = [x + start for x, start in zip(columns[name], offsets, strict=True)]
    return Graph(**{name: torch.cat(tensors) for name, tensors in columns.items()})


def labelled_graphs(
    frames: Sequence[Atoms],
    labels: Labels,
    cutoff: float,
    dtype: torch.dtype = torch.float64,
    device: str | torch.device = "cpu",
) -> list[LabelledGraphs]:
    """Graph and labels of each frame by itself; `cutoff` in Å."""
    forces = labels.forces or [None] * len(frames)
    stress = labels.stress or [None] * len(frames)
    tensor = lambda x, *shape: torch.as_tensor(
        np.full(shape, np.nan) if x is None else x, dtype=dtype, device=device
    ).reshape(shape)
    return [
        LabelledGraphs(
            build([a], cutoff, dtype, str(device)), tensor(e, 1), tensor(f, len(a), 3), tensor(s, 1, 6)
        )
        for a, e, f, s in zip(frames, labels.energy, forces, stress, strict=True)
    ]  # fmt: skip


def join(items: Sequence[LabelledGraphs]) -> LabelledGraphs:
    """Concatenate labelled graphs into one batch."""
    column = lambda name: torch.cat([getattr(i, name) for i in items])
    return LabelledGraphs(
        collate([i.graph for i in items]), column("energy"), column("forces"), column("stress")
    )


def weighted_loss(
    batch: SizedLabels, energy: torch.Tensor, forces: torch.Tensor, stress: torch.Tensor, weights: LossWeights
) -> torch.Tensor:
    """w_E ⟨(ΔE/n)²⟩ + w_F ⟨ΔF²⟩ + w_S ⟨ΔS²⟩, means over the labels that are known."""
    return (
        weights.energy_weight * ((energy - batch.energy) / batch.sizes).square().mean()
        + weights.forces_weight * mean_square(forces - batch.forces)
        + weights.stress_weight * mean_square(stress - batch.stress)
    )


def mean_square(error: torch.Tensor) -> torch.Tensor:
    """Mean square of the errors that are not NaN; 0 if all are."""
    known = error[~error.isnan()]
    return known.square().sum() / max(known.numel(), 1)


def consecutive_groups(sizes: Sequence[int], atoms: int = 500) -> list[list[int]]:
    """Group the indices of consecutive frames: at most `atoms` atoms together unless one frame has more.

    Examples
    --------
    >>> consecutive_groups([3, 3, 3, 20, 1], atoms=6)
    [[0, 1], [2], [3], [4]]
    """
    groups: list[list[int]] = []
    room = -1
    for i, size in enumerate(sizes):
        room -= size
        if room < 0:
            groups.append([])
            room = atoms - size
        groups[-1].append(i)
    return groups


def batched_graphs(frames: Sequence[Atoms], cutoff: float, device: str = "cpu") -> list[Graph]:
    """Graphs of consecutive frames, of at most 500 atoms unless one frame has more; `cutoff` in Å."""
    groups = consecutive_groups([len(a) for a in frames])
    return [build([frames[i] for i in group], cutoff, device=device) for group in groups]
