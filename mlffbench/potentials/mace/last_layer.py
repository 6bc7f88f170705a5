"""Inputs of MACE's readouts, summed over each frame, and their derivatives by the atoms' positions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from mlffbench.data import Labels
from mlffbench.potentials.mace.assembly import assemble
from mlffbench.potentials.mace.backends import named_weights
from mlffbench.potentials.mace.batch import Batch
from mlffbench.potentials.mace.batches import Graphs
from mlffbench.potentials.mace.evaluation import energies_and_forces, frozen_weights
from mlffbench.potentials.mace.inputs import Inputs
from mlffbench.potentials.mace.library import session
from mlffbench.potentials.mace.model import build
from mlffbench.potentials.mace.network import FusedMACE
from mlffbench.potentials.networks.batches import consecutive_groups
from mlffbench.potentials.networks.last_layer import slopes
from mlffbench.potentials.networks.rigidity import Rigidity, Rows, fit_rigidity, sample_frames
from mlffbench.system.batch_size import with_half_on_memory_error

__all__ = ["LastLayer", "fused_layers"]

ON_CPU = 200  # atoms evaluated together: the inputs' derivatives take turns in the caches


def fused_layers(module: torch.nn.Module, backend: str, config: dict[str, Any]) -> FusedMACE:
    """The module in our layers, whose inputs are at hand; new layers where it has those of another backend.

    Raises
    ------
    NotImplementedError
        Our layers do not know all of the module's.
    """
    if isinstance(module, FusedMACE):
        return module
    weight = next(module.parameters())
    with session(weight.dtype):
        copy = build(config, weight.dtype, weight.device, named_weights(module, backend))
        return FusedMACE(copy)


class LastLayer:
    """∂E/∂w and ∂F/∂w of batches by the weights w of all readouts' last layers, which are linear."""

    def __init__(self, module: FusedMACE) -> None:
        self.module = module

    def __call__(
        self, batch: Batch, directions: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Features (n_frames, n_features), eV, and derivatives (n, 3, k) of their components, eV/Å.

        Atoms are in the order of the batch; `directions`, (n_features, k), by default are all features.
        """
        with frozen_weights(self.module):
            vectors = self.module.vectors(batch).detach().requires_grad_()
            features = self.module.last_features(batch, vectors).double()
            columns = slopes(features, vectors, directions)
        jacobian = torch.stack([self.module.forces(column, batch) for column in columns], dim=2)
        summed = features.new_zeros(len(batch["energy"]), features.shape[1])
        return summed.index_add(0, batch["batch"], features).detach(), jacobian.double()

    def with_deviations(self, labels: Labels, inputs: Inputs, rigidity: Rigidity) -> Labels:
        """The labels of prepared frames with standard deviations."""
        of = lambda i: lambda n: [self._deviations(batch, rigidity) for batch in inputs.parts(i, n)]
        each = [part for i in range(len(inputs.batches)) for part in with_half_on_memory_error(of(i))]
        energy = np.concatenate([energy for energy, _ in each])
        return replace(labels, energy_std=energy, forces_std=tuple(f for _, several in each for f in several))

    def _deviations(self, batch: Batch, rigidity: Rigidity) -> tuple[np.ndarray, list[np.ndarray]]:
        features, jacobian = self(batch, rigidity.forces)
        energy = (features @ rigidity.energy).norm(dim=1)[: len(batch.sizes)].cpu().numpy()
        forces = jacobian.norm(dim=2).cpu().numpy()[batch.order]
        return energy, np.split(forces, batch.sizes.cumsum()[:-1])

    def rigidity(
        self, graphs: Graphs, split: tuple[list[int], list[int]], weights: tuple[float, float], seed: int
    ) -> Rigidity:
        """Rigidity from some of the training and some of the held-out frames.

        Parameters
        ----------
        graphs : Graphs
        split : two lists of int
            Training frames and those held out.
        weights : two floats
            Of the mean squared errors of energies per atom and of force components.
        seed : int
        """
        sizes = np.array([shape.n for shape in graphs.shapes])
        training, held = (sample_frames(picks, sizes, seed) for picks in split)
        return fit_rigidity(self._rows(graphs, training), Rows.joined(self._rows(graphs, held)), *weights)

    def _rows(self, graphs: Graphs, picks: list[int]) -> Iterator[Rows]:
        for group in consecutive_groups([graphs.shapes[i].n for i in picks], ON_CPU):
            batch = assemble(graphs, [picks[i] for i in group])
            energy, forces = energies_and_forces(self.module, batch)
            unknown = batch["forces_scale"] == 0
            yield Rows.known(
                *self(batch),
                torch.as_tensor(batch.sizes, device=energy.device),
                energy - batch["energy"],
                (forces - batch["forces"]).masked_fill(unknown, torch.nan),
            )
