"""Last hidden layers of element networks, summed over each frame, and their derivatives by positions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import replace

import numpy as np
import torch
from ase import Atoms

from mlffbench.data import Labels
from mlffbench.descriptors.acsf import ACSF
from mlffbench.potentials.networks.acsf_evaluation import Places, PreparedFrames, prepared
from mlffbench.potentials.networks.element_networks import ElementNetworks
from mlffbench.potentials.networks.rigidity import Rigidity, Rows

__all__ = ["LastLayer"]

COLUMNS = 8  # components whose derivatives by all symmetry functions are in memory together


class LastLayer:
    """∂E/∂w and ∂F/∂w of prepared frames by the weights w of the last layers, one for each element.

    Parameters
    ----------
    acsf : ACSF
    network : ElementNetworks
        Its weights are copied.
    device : str
    """

    def __init__(self, acsf: ACSF, network: ElementNetworks, device: str) -> None:
        self.acsf, self.device = acsf, device
        self.network = deepcopy(network).with_weights_of(torch.float64)
        self.functions = acsf.functions(device)
        self.n_elements, self.width, _ = self.network.weights[-1].shape

    @torch.no_grad()
    def __call__(
        self, inputs: PreparedFrames, directions: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Features of frames, and the derivatives of their components.

        Parameters
        ----------
        inputs : PreparedFrames
        directions : (n_elements · n_hidden, k) tensor, optional
            Components that are differentiated; by default all features.

        Returns
        -------
        features : (n_frames, n_elements · n_hidden) tensor, eV
        jacobian : (n, 3, k) tensor, eV/Å
        """
        graph = inputs.graph
        if directions is None:
            size = self.n_elements * self.width
            directions = torch.eye(size, dtype=torch.float64, device=graph.positions.device)
        jacobian = torch.zeros_like(graph.positions)[:, :, None].repeat(1, 1, directions.shape[1])
        atoms = []
        for part, table in inputs.parts:
            hidden, pairs = self._of_part(table, directions)
            atoms.append(hidden[: part.atoms.stop - part.atoms.start])
            pairs = pairs[: part.pairs.stop - part.pairs.start]
            jacobian.index_add_(0, graph.source[part.pairs], pairs)
            jacobian.index_add_(0, graph.target[part.pairs], pairs, alpha=-1)
        return graph.sum_atoms(torch.cat(atoms)), jacobian

    def _of_part(self, table: Places, directions: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Features of the atoms, (n, n_elements · n_hidden), and derivatives by r_ij, (p, 3, k)."""
        network, e = self.network, table.environments
        values = self.functions(e)
        rows = values.features().index_select(0, table.atom).view(self.n_elements, -1, network.mean.shape[1])
        x = (rows - network.mean[:, None]) / network.width[:, None]
        jacobian, columns = values.jacobian(), []
        pair = e.source * self.n_elements + e.neighbour
        for part in directions.view(self.n_elements, self.width, -1).split(COLUMNS, dim=2):
            hidden, gradient = network.last_hidden(x, part)
            gradient = (gradient * (network.scale / network.width)[:, None, None]).flatten(0, 1)
            gradient = gradient.index_select(0, table.place)  # (n, k, n_features)
            by_neighbour = self.functions.by_neighbour(gradient.flatten(0, 1))
            by_neighbour = by_neighbour.view(len(gradient), part.shape[2], self.n_elements, -1)
            of_pairs = by_neighbour.transpose(1, 2).flatten(0, 1).index_select(0, pair)  # (p, k, n_columns)
            columns.append(torch.bmm(jacobian, of_pairs.mT))
        return self._features(hidden, table), torch.cat(columns, dim=2)

    def _features(self, hidden: torch.Tensor, table: Places) -> torch.Tensor:
        """Last hidden layer of each atom in the columns of its element, zero in the others."""
        blocks = [torch.zeros_like(hidden[0]) for _ in range(self.n_elements)]
        rows = [torch.cat([*blocks[:k], h, *blocks[k + 1 :]], dim=1) for k, h in enumerate(hidden)]
        return self.network.scale * torch.cat(rows).index_select(0, table.place)

    def with_deviations(self, labels: Labels, inputs: PreparedFrames, rigidity: Rigidity) -> Labels:
        """The labels of prepared frames with standard deviations."""
        features, jacobian = self(inputs, rigidity.forces)
        energy = (features @ rigidity.energy).norm(dim=1).cpu().numpy()
        forces = np.split(jacobian.norm(dim=2).cpu().numpy(), np.cumsum(inputs.sizes)[:-1])
        return replace(labels, energy_std=energy, forces_std=tuple(forces))

    def rows(self, frames: Sequence[Atoms], labels: Labels, predicted: Labels) -> Iterator[Rows]:
        """Rows of some frames, one frame after the other, from their labels and predictions."""
        for i, atoms in enumerate(frames):
            known = None if labels.forces is None else labels.forces[i]
            forces = np.full((len(atoms), 3), np.nan) if known is None else np.asarray(known)
            errors = predicted.energy[i : i + 1] - labels.energy[i : i + 1], predicted.forces[i] - forces
            sizes = torch.tensor([len(atoms)])
            inputs = prepared(self.acsf, [atoms], self.device)
            yield Rows.known(*(x.cpu() for x in self(inputs)), sizes, *map(torch.as_tensor, errors))
