"""Graphs with labels, made once and joined into batches; a missing label is NaN."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from ase import Atoms

from mlffbench.data import Labels
from mlffbench.descriptors.graph import Graph, build

__all__ = ["Labelled", "collate", "join", "labelled", "loss", "mean_square", "parts"]


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


class Weights(Protocol):
    """An estimator with the weights of squared errors as parameters."""

    energy_weight: float
    forces_weight: float
    stress_weight: float


@dataclass(frozen=True)
class Labelled:
    """Some frames with what was calculated for them.

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
        """(n_frames,) atoms."""
        return torch.bincount(self.graph.frame, minlength=self.graph.n_frames)


def collate(graphs: Sequence[Graph]) -> Graph:
    """Several graphs as one: atoms and frames are numbered on."""
    atoms = np.cumsum([0, *(len(g.numbers) for g in graphs[:-1])]).tolist()
    frames = np.cumsum([0, *(g.n_frames for g in graphs[:-1])]).tolist()
    starts = {"frame": frames, "source": atoms, "target": atoms}
    columns = {name: [getattr(g, name) for g in graphs] for name in vars(graphs[0])}
    for name, offsets in starts.items():
        columns[name] = [x + start for x, start in zip(columns[name], offsets, strict=True)]
    return Graph(**{name: torch.cat(tensors) for name, tensors in columns.items()})


def labelled(
    frames: Sequence[Atoms],
    labels: Labels,
    cutoff: float,
    dtype: torch.dtype = torch.float64,
    device: str | torch.device = "cpu",
) -> list[Labelled]:
    """Every frame's graph and labels; `cutoff` in Å."""
    forces = labels.forces or [None] * len(frames)
    stress = labels.stress or [None] * len(frames)
    whole = lambda x, *shape: torch.as_tensor(
        np.full(shape, np.nan) if x is None else x, dtype=dtype, device=device
    ).reshape(shape)
    return [
        Labelled(
            build([a], cutoff, dtype, str(device)), whole(e, 1), whole(f, len(a), 3), whole(s, 1, 6)
        )
        for a, e, f, s in zip(frames, labels.energy, forces, stress, strict=True)
    ]  # fmt: skip


def join(items: Sequence[Labelled]) -> Labelled:
    """Several frames as one batch."""
    together = lambda name: torch.cat([getattr(i, name) for i in items])
    return Labelled(
        collate([i.graph for i in items]), together("energy"), together("forces"), together("stress")
    )


def loss(
    batch: SizedLabels, energy: torch.Tensor, forces: torch.Tensor, stress: torch.Tensor, weights: Weights
) -> torch.Tensor:
    """w_E ⟨(ΔE/n)²⟩ + w_F ⟨ΔF²⟩ + w_S ⟨ΔS²⟩ over what is labelled."""
    return (
        weights.energy_weight * ((energy - batch.energy) / batch.sizes).square().mean()
        + weights.forces_weight * mean_square(forces - batch.forces)
        + weights.stress_weight * mean_square(stress - batch.stress)
    )


def mean_square(error: torch.Tensor) -> torch.Tensor:
    """Over what is not NaN; 0 where nothing is labelled."""
    known = error[~error.isnan()]
    return known.square().sum() / max(known.numel(), 1)


def parts(frames: Sequence[Atoms], atoms: int = 500) -> list[list[Atoms]]:
    """Consecutive frames, about `atoms` atoms together."""
    found: list[list[Atoms]] = [[]]
    for frame in frames:
        if found[-1] and len(frame) + sum(map(len, found[-1])) > atoms:
            found.append([])
        found[-1].append(frame)
    return found
