"""Training frames in batches: SOAP vectors, kernel rows with their targets, and predictions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from ase import Atoms

from mlffbench.data import Labels
from mlffbench.descriptors.cache import Cache
from mlffbench.descriptors.graph import Graph, build, build_counted, split
from mlffbench.descriptors.neighbour_density import PlacedGraph, placed
from mlffbench.descriptors.power_spectrum import Basis
from mlffbench.descriptors.soap import checked_basis
from mlffbench.potentials.soap.batch_sizes import equal_parts
from mlffbench.potentials.soap.dscribe_wrapper import DscribeBasis
from mlffbench.potentials.soap.environments import Environments, describe
from mlffbench.potentials.soap.kernel import Kernel, energy_rows, gradient_rows

__all__ = [
    "Batches",
    "Rows",
    "basis_of",
    "graphs",
    "with_mean_subtracted",
    "without_mean",
]

CACHE_BYTES = 5e8  # SOAP vectors and densities up to this size are computed once
Rows = tuple[str, torch.Tensor, torch.Tensor, torch.Tensor]  # kind, rows, targets, unit of their noise


class Batches:
    """Training frames with their labels, a batch at a time; SOAP vectors are cached as memory allows."""

    def __init__(
        self, frames: Sequence[Atoms], labels: Labels, basis: Basis, parts: Sequence[slice], device: str
    ) -> None:
        self.frames, self.labels, self.basis, self.device = frames, labels, basis, device
        self.parts = parts
        self._environments = Cache(self._describe, CACHE_BYTES)
        self.numbers = np.concatenate([a.numbers for a in frames])

    def __len__(self) -> int:
        return len(self.parts)

    def __getitem__(self, number: int) -> Environments:
        return self._environments[[number]][0]

    def _describe(self, numbers: list[int]) -> list[Environments]:
        """SOAP vectors of some batches, by their numbers."""
        graphs = [build(self.frames[self.parts[k]], self.basis.radius, device=self.device) for k in numbers]
        return [describe(g, self.basis) for g in graphs]

    def subset(self, frames: np.ndarray) -> Batches:
        """Batches of some frames, by their indices."""
        size = max(part.stop - part.start for part in self.parts)
        atoms = [self.frames[i] for i in frames]
        return Batches(atoms, self.labels[frames], self.basis, equal_parts(len(atoms), size), self.device)

    def units(self, select: Callable[[np.ndarray], np.ndarray]) -> dict[int, torch.Tensor]:
        """Unit SOAP vectors of some atoms of each element, in the order of the frames.

        `select` returns those of an element's atoms (indices) that are wanted.
        """
        numbers = self.numbers
        keep = np.zeros(len(numbers), dtype=bool)
        for z in self.basis.numbers:
            keep[select(np.flatnonzero(numbers == z))] = True
        parts: dict[int, list[torch.Tensor]] = {z: [] for z in self.basis.numbers}
        start = 0
        for k in range(len(self)):
            unit = self[k].unit
            here = slice(start, start + len(unit))
            for z, part in parts.items():
                part.append(unit[torch.as_tensor(keep[here] & (numbers[here] == z), device=unit.device)])
            start = here.stop
        return {z: torch.cat(part) for z, part in parts.items()}

    def rows(self, number: int, kernel: Kernel, kinds: Sequence[str]) -> Iterator[Rows]:
        """Yield a batch's energies, then the forces and stresses that its labels have and `kinds` names.

        Energies have √n_atoms as the unit of their noise.
        """
        environments, labels = self[number], self.labels[self.parts[number]]
        graph = environments.graph
        real = lambda values: torch.as_tensor(values, dtype=torch.float64, device=self.device)
        root = torch.bincount(graph.frame, minlength=graph.n_frames).double().sqrt()
        yield "energy", energy_rows(environments, kernel), real(labels.energy), root
        want_forces = labels.forces is not None and "forces" in kinds
        want_stress = labels.stress is not None and "stress" in kinds
        if not (want_forces or want_stress):
            return
        forces, stress = gradient_rows(environments, kernel, want_stress)
        one = root.new_ones(())
        if want_forces:
            frames, targets = known_labels(labels.forces, graph)
            atoms = torch.isin(graph.frame, frames)
            yield "forces", forces[atoms].flatten(0, 1), real(targets).flatten(), one
        if stress is not None:
            frames, targets = known_labels(labels.stress, graph, cells=True)
            if len(frames):
                yield "stress", stress[frames].flatten(0, 1), real(targets).flatten(), one


def known_labels(values: Any, graph: Graph, cells: bool = False) -> tuple[torch.Tensor, np.ndarray]:
    """Frames that have the label (with `cells`, periodic ones only), and these labels one after the other."""
    frames = [i for i, v in enumerate(values) if v is not None and (not cells or bool(graph.periodic[i]))]
    targets = np.concatenate([values[i] for i in frames]) if frames else np.empty(0)
    return torch.tensor(frames, dtype=torch.long, device=graph.frame.device), targets


def graphs(
    frames: Sequence[Atoms], basis: Basis, parts: Sequence[slice], device: str
) -> Iterator[PlacedGraph]:
    """Yield the graph of each batch; `parts` are consecutive and hold all frames."""
    whole, atoms, pairs = build_counted(frames, basis.radius, device=device)
    for graph in split(whole, atoms, pairs, [part.stop - part.start for part in parts]):
        yield placed(graph, basis)


def without_mean(frames: Sequence[Atoms], labels: Labels) -> tuple[float, Labels]:
    """Mean energy per atom by least squares, and the labels without it."""
    sizes = np.array([len(a) for a in frames])
    mean = float(np.sum(labels.energy * sizes) / np.sum(sizes**2))
    return mean, with_mean_subtracted(frames, labels, mean)


def with_mean_subtracted(frames: Sequence[Atoms], labels: Labels, mean: float) -> Labels:
    """The labels without an energy per atom, eV."""
    sizes = np.array([len(a) for a in frames])
    return replace(labels, energy=labels.energy - mean * sizes)


def basis_of(model: Any, frames: Sequence[Atoms]) -> Basis:
    """Basis from a model's parameters, smooth at its end, for the elements of the frames.

    Raises
    ------
    ValueError
        A parameter is out of range.
    """
    if not model.zeta >= 1:
        raise ValueError(f"zeta must be at least 1, for forces to exist; got {model.zeta}")
    numbers = {int(z) for a in frames for z in a.numbers}
    basis = checked_basis(numbers, model.cutoff, model.n_max, model.l_max, model.sigma, smooth=True)
    descriptor = getattr(model, "descriptor", "torch")
    if descriptor not in ("torch", "dscribe"):
        raise ValueError(f"descriptor must be 'torch' or 'dscribe'; got {descriptor!r}")
    if descriptor == "torch":
        return basis
    return DscribeBasis(basis.numbers, basis.cutoff, basis.n_max, basis.l_max, basis.sigma)
