"""NequIP's equivariant message-passing network: graph -> energy of each atom."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from mlffbench.descriptors.graph import Graph
from mlffbench.potentials.networks.e3nn_wrapper import harmonics
from mlffbench.potentials.networks.nequip_interaction import SCALAR, Interaction, Perceptron
from mlffbench.potentials.networks.radial_basis import RadialBasis

__all__ = ["NequIP"]


class NequIP(torch.nn.Module):
    """NequIP's architecture: element embedding, interaction layers, a linear readout of the last scalars.

    Parameters
    ----------
    numbers : sequence of int
        The elements' atomic numbers, sorted.
    cutoff : float
        Å.
    channels, l_max, layers, basis : int
        Channels of every irrep, highest order, interaction layers, radial functions.
    parity : bool
        Keep pseudoscalars, pseudovectors ... too, not only irreps of parity (−1)^l.
    neighbours, shift, scale : float
        Mean number of neighbours; mean energy of an atom and scale of the readout, eV.
    """

    numbers: torch.Tensor

    def __init__(
        self,
        numbers: Sequence[int],
        *,
        cutoff: float,
        channels: int,
        l_max: int,
        layers: int,
        basis: int,
        parity: bool,
        neighbours: float,
        shift: float,
        scale: float,
    ) -> None:
        super().__init__()
        self.l_max, self.shift, self.scale = l_max, shift, scale
        self.register_buffer("numbers", torch.tensor(numbers), persistent=False)
        directions = [(l, (-1) ** l) for l in range(l_max + 1)]
        irreps = directions + [(l, -p) for l, p in directions] if parity else directions
        self.radial_basis = RadialBasis(cutoff, basis)
        self.embedding = torch.nn.Parameter(torch.randn(len(numbers), 1, channels))
        self.layers = torch.nn.ModuleList()
        features = [SCALAR]
        for k in range(layers):
            layer = Interaction(
                features,
                directions,
                irreps if k < layers - 1 else [SCALAR],
                channels=channels,
                n_elements=len(numbers),
                n_basis=basis,
                neighbours=neighbours,
            )
            self.layers.append(layer)
            features = layer.outputs
        self.readout = Perceptron(channels, 1)

    def forward(self, graph: Graph) -> torch.Tensor:
        """(n,) energies of the atoms, eV."""
        vectors = graph.vectors.to(self.embedding.dtype)
        element = torch.searchsorted(self.numbers, graph.numbers)
        r = torch.linalg.vector_norm(vectors, dim=1)
        y = harmonics(self.l_max, vectors / r[:, None])
        basis = self.radial_basis(r)
        x = self.embedding.index_select(0, element)
        for layer in self.layers:
            x = layer(x, y, basis, element, graph.source, graph.target)
        return self.shift + self.scale * self.readout(x.squeeze(1)).squeeze(1)
