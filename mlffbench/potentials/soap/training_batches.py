"""What the kernel models on SOAP share: described batches, rows for the solver, and the prediction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from ase import Atoms

from mlffbench.data import Labels
from mlffbench.descriptors.cache import Cache
from mlffbench.descriptors.graph import Graph, build, with_forces
from mlffbench.descriptors.graph import labels as labels_of_graph
from mlffbench.descriptors.power_spectrum import Basis
from mlffbench.descriptors.soap import checked_basis
from mlffbench.potentials.soap.dscribe_wrapper import DscribeBasis
from mlffbench.potentials.soap.environments import Environments, describe, slopes
from mlffbench.potentials.soap.kernel import Kernel, energy_rows, gradient_rows

__all__ = [
    "Batches",
    "Rows",
    "basis_of",
    "check_positive",
    "graphs",
    "predict",
    "without_mean",
]

KEPT_BYTES = 5e8  # descriptions up to this size are computed once
Rows = tuple[str, torch.Tensor, torch.Tensor, torch.Tensor]  # kind, rows, targets, unit of their noise


class Batches:
    """Training frames some at a time, described once as far as memory allows, with their labels."""

    def __init__(
        self, frames: Sequence[Atoms], labels: Labels, basis: Basis, batch_size: int, device: str
    ) -> None:
        self.frames, self.labels, self.basis, self.device = frames, labels, basis, device
        self.parts = [slice(i, i + batch_size) for i in range(0, len(frames), batch_size)]
        self._described = Cache(self._describe, KEPT_BYTES)
        self.numbers = np.concatenate([a.numbers for a in frames])

    def __len__(self) -> int:
        return len(self.parts)

    def __getitem__(self, number: int) -> Environments:
        return self._described[[number]][0]

    def _describe(self, numbers: list[int]) -> list[Environments]:
        graphs = [build(self.frames[self.parts[k]], self.basis.radius, device=self.device) for k in numbers]
        return [describe(g, self.basis) for g in graphs]

    def units(self, keep: np.ndarray) -> torch.Tensor:
        """Unit SOAP vectors of the atoms to keep, in the order of the frames."""
        found, start = [], 0
        for k in range(len(self)):
            unit = self[k].unit
            found.append(unit[torch.as_tensor(keep[start : start + len(unit)], device=unit.device)])
            start += len(unit)
        return torch.cat(found)

    def rows(self, number: int, kernel: Kernel, kinds: Sequence[str]) -> Iterator[Rows]:
        """Energies of a batch, then the forces and stresses that its labels have and `kinds` names.

        Energies have √n_atoms as the unit of their noise.
        """
        environments, labels = self[number], self.labels[self.parts[number]]
        graph = environments.graph
        real = lambda values: torch.as_tensor(values, dtype=torch.float64, device=self.device)
        root = torch.bincount(graph.frame, minlength=graph.n_frames).double().sqrt()
        yield "energy", energy_rows(environments, kernel), real(labels.energy), root
        with_forces_ = labels.forces is not None and "forces" in kinds
        with_stress = labels.stress is not None and "stress" in kinds
        if not (with_forces_ or with_stress):
            return
        forces, stress = gradient_rows(environments, kernel, with_stress)
        one = root.new_ones(())
        if with_forces_:
            there, targets = known(labels.forces, graph)
            atoms = torch.isin(graph.frame, there)
            yield "forces", forces[atoms].flatten(0, 1), real(targets).flatten(), one
        if stress is not None:
            there, targets = known(labels.stress, graph, cells=True)
            if len(there):
                yield "stress", stress[there].flatten(0, 1), real(targets).flatten(), one


def known(values: Any, graph: Graph, cells: bool = False) -> tuple[torch.Tensor, np.ndarray]:
    """The frames whose label is known (and, of stresses, defined), and these labels, one after the other."""
    there = [i for i, v in enumerate(values) if v is not None and (not cells or bool(graph.periodic[i]))]
    targets = np.concatenate([values[i] for i in there]) if there else np.empty(0)
    return torch.tensor(there, dtype=torch.long, device=graph.frame.device), targets


def graphs(frames: Sequence[Atoms], basis: Basis, batch_size: int, device: str) -> Iterator[Graph]:
    """The frames a batch at a time."""
    for start in range(0, len(frames), batch_size):
        yield build(frames[start : start + batch_size], basis.radius, device=device)


def without_mean(frames: Sequence[Atoms], labels: Labels) -> tuple[float, Labels]:
    """The mean energy per atom by least squares, and the labels without it."""
    sizes = np.array([len(a) for a in frames])
    mean = float(np.sum(labels.energy * sizes) / np.sum(sizes**2))
    return mean, replace(labels, energy=labels.energy - mean * sizes)


Energies = Callable[[Graph, torch.Tensor], torch.Tensor]  # of frames, from their atoms' unit vectors


def predict(
    graph: Graph, basis: Basis, energies: Energies, energy_per_atom: float
) -> tuple[Labels, Environments]:
    """Energies, forces and stresses by one backward pass; and the environments, which cost half of it."""
    if isinstance(basis, DscribeBasis):
        environments = describe(graph, basis)
        found = _through_slopes(environments, basis, energies)
    else:
        seen: list[Environments] = []

        def total(moved: Graph) -> torch.Tensor:
            seen.append(describe(moved, basis))
            return energies(moved, seen[0].unit)

        found = labels_of_graph(graph, *with_forces(total, graph))
        environments = seen[0].detached(graph)
    sizes = torch.bincount(graph.frame, minlength=graph.n_frames).cpu().numpy()
    return replace(found, energy=found.energy + energy_per_atom * sizes), environments


def _through_slopes(environments: Environments, basis: Basis, energies: Energies) -> Labels:
    """The same for molecules, where the vectors' derivatives are known and not differentiable code."""
    graph = environments.graph
    unit = environments.unit.detach().requires_grad_()
    energy = energies(graph, unit)
    (by_unit,) = torch.autograd.grad(energy.sum(), unit)
    forces = torch.zeros_like(graph.positions)
    for number in graph.numbers.unique().tolist():
        axes = torch.eye(unit.shape[1], dtype=unit.dtype, device=unit.device)
        moved = slopes(environments, basis, number, axes)
        pull = torch.einsum("pxf,pf->px", moved.values, by_unit[moved.source])
        forces.index_add_(0, moved.target, pull, alpha=-1)
    return labels_of_graph(graph, energy.detach(), forces, None)


def basis_of(model: Any, frames: Sequence[Atoms]) -> Basis:
    """The basis that a model's parameters name, smooth at its end, for the elements of the frames."""
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


def check_positive(model: Any, *names: str) -> None:
    """Refuse a parameter that must be larger than zero."""
    for name in names:
        if not getattr(model, name) > 0:
            raise ValueError(f"{name} must be larger than 0; got {getattr(model, name)}")
