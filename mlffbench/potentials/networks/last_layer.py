"""Input of a network's last layer, summed over each frame, and its derivatives by the atoms' positions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch

from mlffbench.descriptors.graph import Graph
from mlffbench.potentials.networks.batches import LabelledGraphs
from mlffbench.potentials.networks.rigidity import Rigidity, Rows

__all__ = ["LastLayer", "slopes"]

Energies = Callable[[Graph], torch.Tensor]


class LastLayer:
    """∂E/∂w and ∂F/∂w of graphs by the weights w of a network's last layer, which is linear.

    Energies are linear in that layer's output: ∂E/∂w = Σ_i c_i x_i with its inputs x_i, and with factors c_i,
    such as scales, that do not depend on the structure.

    Parameters
    ----------
    energies : callable
        Graph -> (n_frames,) tensor, eV.
    layer : torch.nn.Module
        Maps an atom's features to its energy; (n, n_features) to n numbers.
    of_pairs : bool
        It maps those of a pair instead, in the graph's order.
    """

    def __init__(self, energies: Energies, layer: torch.nn.Module, of_pairs: bool = False) -> None:
        self.energies, self.layer, self.of_pairs = energies, layer, of_pairs

    def __call__(
        self, graph: Graph, directions: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Features of frames, and the derivatives of their components.

        Parameters
        ----------
        graph : Graph
        directions : (n_features, k) float64 tensor, optional
            Components that are differentiated; by default all features.

        Returns
        -------
        features : (n_frames, n_features) float64 tensor, eV
        jacobian : (n, 3, k) float64 tensor, eV/Å
        """
        positions = graph.positions.detach().requires_grad_()
        features = self._scaled_inputs(replace(graph, positions=positions))
        columns = slopes(features, positions, directions)
        frame = graph.frame.index_select(0, graph.source) if self.of_pairs else graph.frame
        summed = features.new_zeros(graph.n_frames, features.shape[1])
        return summed.index_add(0, frame, features.detach()), torch.stack(columns, dim=2)

    def deviations(self, graph: Graph, rigidity: Rigidity) -> tuple[torch.Tensor, torch.Tensor]:
        """Standard deviations of energies, (n_frames,) eV, and of force components, (n, 3) eV/Å."""
        features, jacobian = self(graph, rigidity.forces)
        return (features @ rigidity.energy).norm(dim=1), jacobian.norm(dim=2)

    def rows(self, batch: LabelledGraphs, energy: torch.Tensor, forces: torch.Tensor) -> Rows:
        """Rows of a batch of labels from what the network predicts for it."""
        errors = energy - batch.energy, forces - batch.forces
        return Rows.known(*self(batch.graph), batch.sizes, *errors)

    def _scaled_inputs(self, graph: Graph) -> torch.Tensor:
        """c_i x_i of each atom or pair, (rows, n_features)."""
        seen: list[tuple[torch.Tensor, torch.Tensor]] = []

        def note(layer: torch.nn.Module, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
            seen.append((inputs[0], output))

        handle = self.layer.register_forward_hook(note)
        try:
            energy = self.energies(graph)
        finally:
            handle.remove()
        ((inputs, output),) = seen
        (factor,) = torch.autograd.grad(energy.sum(), output, retain_graph=True)
        n = output.numel()
        return inputs.reshape(n, -1).double() * factor.reshape(n, 1).double()


def slopes(
    features: torch.Tensor, variable: torch.Tensor, directions: torch.Tensor | None
) -> list[torch.Tensor]:
    """Derivatives by a variable of the summed features' components along directions.

    Parameters
    ----------
    features : (rows, n_features) tensor
    variable : tensor, of which they are a function
    directions : (n_features, k) tensor, optional
        By default all features.

    Returns
    -------
    list of k tensors of the variable's shape
    """
    if directions is None:
        directions = torch.eye(features.shape[1], dtype=features.dtype, device=features.device)
    components = (features.sum(dim=0) @ directions).unbind()
    return [_gradient(component, variable) for component in components]


def _gradient(value: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
    """∂value/∂positions; zeros where there is no neighbour to depend on."""
    if not value.requires_grad:
        return torch.zeros_like(positions, dtype=value.dtype)
    (gradient,) = torch.autograd.grad(value, positions, retain_graph=True, allow_unused=True)
    return torch.zeros_like(positions) if gradient is None else gradient
