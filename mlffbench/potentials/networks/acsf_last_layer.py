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
    def __call__(self, inputs: PreparedFrames) -> tuple[torch.Tensor, torch.Tensor]:
        """Features of frames, and their derivatives.

        Returns
        -------
        features : (n_frames, n_elements · n_hidden) tensor, eV
        jacobian : (n, 3, n_elements · n_hidden) tensor, eV/Å
        """
        graph, atoms = inputs.graph, []
        size = len(graph.numbers), self.n_elements, 3, self.width
        jacobian = graph.positions.new_zeros(size).flatten(0, 1)
        for part, table in inputs.parts:
            hidden, pairs = self._of_part(table)
            pairs = pairs[: part.pairs.stop - part.pairs.start]
            atoms.append(hidden[: part.atoms.stop - part.atoms.start])
            e = table.environments
            element = e.element.index_select(0, e.source)[: len(pairs)]
            for ends, sign in (graph.source, 1), (graph.target, -1):
                jacobian.index_add_(0, ends[part.pairs] * self.n_elements + element, pairs, alpha=sign)
        return graph.sum_atoms(torch.cat(atoms)), jacobian.view(size).transpose(1, 2).flatten(2)

    def _of_part(self, table: Places) -> tuple[torch.Tensor, torch.Tensor]:
        """Features of the atoms, (n, n_elements · n_hidden), and derivatives by r_ij, (p, 3, n_hidden).

        Forwards from the symmetry functions: dz = Wᵀ dx and dh = h'(z) dz in every layer, for the three
        components of each pair's vector; a pair changes the layers of its source alone.
        """
        network, e = self.network, table.environments
        values = self.functions(e)
        rows = values.features().index_select(0, table.atom).view(self.n_elements, -1, network.mean.shape[1])
        hidden, slopes = network.hidden_layers((rows - network.mean[:, None]) / network.width[:, None])
        slopes = [slope.flatten(0, 1).index_select(0, table.place) for slope in slopes]
        jacobian = values.jacobian()
        moved = jacobian.new_zeros(*jacobian.shape[:2], self.width)
        kind = e.element.index_select(0, e.source) * self.n_elements + e.neighbour
        for number in kind.unique().tolist():
            pairs = torch.nonzero(kind == number).squeeze(1)
            element, neighbour = divmod(number, self.n_elements)
            source = e.source.index_select(0, pairs)
            moved[pairs] = self._along(jacobian[pairs], element, neighbour, slopes, source)
        return self._features(hidden, table), network.scale * moved

    def _along(
        self,
        moved: torch.Tensor,
        element: int,
        neighbour: int,
        slopes: list[torch.Tensor],
        source: torch.Tensor,
    ) -> torch.Tensor:
        """Derivatives of the last hidden layer, (p, 3, n_hidden), from those of the symmetry functions."""
        network, columns = self.network, self.functions.columns[neighbour]
        moved = moved / network.width[element, columns]
        weights = [layer[element] for layer in network.weights[:-1]]
        if not weights:
            return moved.new_zeros(*moved.shape[:2], self.width).index_copy(2, columns, moved)
        weights[0] = weights[0].index_select(0, columns)
        for weight, slope in zip(weights, slopes, strict=True):
            moved = (moved @ weight) * slope.index_select(0, source)[:, None]
        return moved

    def _features(self, hidden: torch.Tensor, table: Places) -> torch.Tensor:
        """Last hidden layer of each atom in the columns of its element, zero in the others."""
        blocks = [torch.zeros_like(hidden[0]) for _ in range(self.n_elements)]
        rows = [torch.cat([*blocks[:k], h, *blocks[k + 1 :]], dim=1) for k, h in enumerate(hidden)]
        return self.network.scale * torch.cat(rows).index_select(0, table.place)

    def with_deviations(self, labels: Labels, inputs: PreparedFrames, rigidity: Rigidity) -> Labels:
        """The labels of prepared frames with standard deviations."""
        features, jacobian = self(inputs)
        energy = (features @ rigidity.energy).norm(dim=1).cpu().numpy()
        forces = np.split(
            (jacobian @ rigidity.forces).norm(dim=2).cpu().numpy(), np.cumsum(inputs.sizes)[:-1]
        )
        return replace(labels, energy_std=energy, forces_std=tuple(forces))

    def rows(self, frames: Sequence[Atoms], labels: Labels, predicted: Labels) -> Iterator[Rows]:
        """Rows of some frames, one frame after the other, from their labels and predictions."""
        computed, true = predicted.forces or (), labels.forces or (None,) * len(frames)
        for i, (atoms, forces, label) in enumerate(zip(frames, computed, true, strict=True)):
            features, jacobian = self(prepared(self.acsf, [atoms], self.device))
            energy = torch.as_tensor(predicted.energy[i : i + 1] - labels.energy[i : i + 1])
            error = np.full((len(atoms), 3), np.nan) if label is None else np.subtract(forces, label)
            sizes = torch.tensor([len(atoms)])
            yield Rows.known(features.cpu(), jacobian.cpu(), sizes, energy, torch.as_tensor(error))
