"""Energies, forces and stresses of frames from a function of their SOAP vectors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch

from mlffbench.data import Labels
from mlffbench.descriptors.captured_prediction import MOST_ATOMS, padded
from mlffbench.descriptors.graph import Graph, labels
from mlffbench.descriptors.neighbour_density import PlacedGraph, placed
from mlffbench.descriptors.pair_forces import with_pair_forces
from mlffbench.descriptors.power_spectrum import Basis
from mlffbench.potentials.soap.dscribe_wrapper import DscribeBasis
from mlffbench.potentials.soap.environments import Environments, describe, unit_jacobian
from mlffbench.system.cuda_graph import CapturedFunction

__all__ = ["Energies", "Evaluation"]

Energies = Callable[[PlacedGraph, torch.Tensor], torch.Tensor]  # of frames, from their atoms' unit vectors
NEIGHBOURS = 4  # places for neighbours come in so many where graphs are captured


class Evaluation:
    """Predictions of batches; small ones whose shapes repeat are replayed as captured graphs.

    Parameters
    ----------
    basis : Basis
    energies : callable
        Energies of frames from a graph and the unit vectors of its atoms; differentiable.
    device : torch.device
    """

    def __init__(self, basis: Basis, energies: Energies, device: torch.device) -> None:
        self.basis, self.energies = basis, energies
        self.captured = CapturedFunction(self.values, device, "the prediction")

    def __call__(
        self, graph: Graph, energy_per_atom: float, forces: bool = True
    ) -> tuple[Labels, Environments]:
        """Labels of a batch, and the environments of its atoms, which cost half of it."""
        if not forces:
            with torch.no_grad():
                environments = describe(graph, self.basis, derivatives=False)
                predicted = Labels(self.energies(environments.graph, environments.unit).cpu().numpy())
        elif isinstance(self.basis, DscribeBasis):
            environments = describe(graph, self.basis)
            predicted = _from_jacobian(environments, self.basis, self.energies)
        else:
            energy, force, stress, unit, norm, density = self._replayed(graph)
            environments = Environments(placed(graph, self.basis), unit, norm, density)
            predicted = labels(graph, energy, force, stress)
        sizes = torch.bincount(graph.frame, minlength=graph.n_frames).cpu().numpy()
        return replace(predicted, energy=predicted.energy + energy_per_atom * sizes), environments

    def _replayed(self, graph: Graph) -> list[torch.Tensor]:
        """The values, those of the padding removed."""
        if not self.captured.captures or len(graph.numbers) > MOST_ATOMS:
            return list(self.values(placed(graph, self.basis)))
        values = self.captured(placed(padded(graph, self.basis.radius), self.basis, NEIGHBOURS))
        sizes = [graph.n_frames, len(graph.numbers), graph.n_frames, *3 * [len(graph.numbers)]]
        return [value[:size] for value, size in zip(values, sizes, strict=True)]

    def values(self, graph: PlacedGraph) -> tuple[torch.Tensor, ...]:
        """Energies, forces, stresses; unit vectors of atoms, their norms and densities. Waits for nothing."""
        described: list[Environments] = []

        def total(moved: Graph) -> torch.Tensor:
            described.append(describe(graph, self.basis, vectors=moved.vectors))
            return self.energies(graph, described[0].unit)

        energy, forces, stress = with_pair_forces(total, graph)
        density = described[0].density
        assert density is not None
        features = (described[0].unit, described[0].norm, density)
        return energy.detach(), forces, stress, *(x.detach() for x in features)


def _from_jacobian(environments: Environments, basis: Basis, energies: Energies) -> Labels:
    """Predict molecules whose SOAP vectors come with derivatives instead of differentiable code."""
    graph = environments.graph
    unit = environments.unit.detach().requires_grad_()
    energy = energies(graph, unit)
    (by_unit,) = torch.autograd.grad(energy.sum(), unit)
    forces = torch.zeros_like(graph.positions)
    for number in basis.numbers:
        axes = torch.eye(unit.shape[1], dtype=unit.dtype, device=unit.device)
        jacobian = unit_jacobian(environments, basis, number, axes)
        gradient = torch.einsum("pxf,pf->px", jacobian.values, by_unit[jacobian.source])
        forces.index_add_(0, jacobian.target, gradient, alpha=-1)
    return labels(graph, energy.detach(), forces, None)
