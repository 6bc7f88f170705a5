"""Batches of graphs with labels, and their loss; a missing label is NaN."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from ase import Atoms

from mlffbench.descriptors.graph import Graph, build_counted, split
from mlffbench.system.batch_size import batch_bytes, consecutive_parts

__all__ = [
    "LabelledGraphs",
    "LossWeights",
    "batched_graphs",
    "consecutive_groups",
    "mean_square",
    "weighted_loss",
]


ATOMS = 500  # evaluated together on a CPU
BYTES = 2**21  # temporaries of an atom in the largest of the networks, generously


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
    @property
    def shares(self) -> torch.Tensor | None: ...


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
    sizes : (n_frames,) number of atoms of each frame, of the labels' type
    shares : (3,) tensor or None
        In a part of a batch: its fractions of the batch's labels of energies, forces and stresses.
    """

    graph: Graph
    energy: torch.Tensor
    forces: torch.Tensor
    stress: torch.Tensor
    sizes: torch.Tensor
    shares: torch.Tensor | None = None


def weighted_loss(
    batch: SizedLabels, energy: torch.Tensor, forces: torch.Tensor, stress: torch.Tensor, weights: LossWeights
) -> torch.Tensor:
    """w_E ⟨(ΔE/n)²⟩ + w_F ⟨ΔF²⟩ + w_S ⟨ΔS²⟩, means over the known labels; a part has its share of each."""
    energies, all_forces, stresses = (1.0, 1.0, 1.0) if batch.shares is None else batch.shares
    return (
        energies * weights.energy_weight * mean_square(energy / batch.sizes, batch.energy / batch.sizes)
        + all_forces * weights.forces_weight * mean_square(forces, batch.forces)
        + stresses * weights.stress_weight * mean_square(stress, batch.stress)
    )


def mean_square(predicted: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
    """Mean square of the errors where the label is not NaN; 0 if it is nowhere known."""
    unknown = label.isnan()
    error = (predicted - label).masked_fill(unknown, 0.0)
    return error.square().sum() / (~unknown).sum().clamp(min=1)


def consecutive_groups(sizes: Sequence[int], atoms: int = ATOMS) -> list[list[int]]:
    """Group the indices of consecutive frames: at most `atoms` atoms together unless one frame has more.

    Examples
    --------
    >>> consecutive_groups([3, 3, 3, 20, 1], atoms=6)
    [[0, 1], [2], [3], [4]]
    """
    return [list(range(part.start, part.stop)) for part in consecutive_parts(sizes, atoms)]


def batched_graphs(frames: Sequence[Atoms], cutoff: float, device: str = "cpu") -> list[Graph]:
    """Graphs of consecutive frames; `cutoff` in Å.

    At most 500 atoms, or as many as a GPU holds, are together unless one frame has more.
    """
    groups = consecutive_groups([len(a) for a in frames], max(ATOMS, batch_bytes(device) // BYTES))
    return split(*build_counted(frames, cutoff, device=device), [len(group) for group in groups])
