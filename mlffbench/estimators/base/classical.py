"""Base class of the fitted classical potentials."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from ase import Atoms
from sklearn.utils import check_random_state

from mlffbench.data import Labels
from mlffbench.descriptors.graph import Graph, build, with_forces
from mlffbench.descriptors.graph import labels as as_labels
from mlffbench.forcefield import ForceField
from mlffbench.potentials.classical.design_matrix import Rows, affordable, per_atom_constants, rows_of
from mlffbench.potentials.classical.least_squares import element_table

__all__ = ["Classical"]


class Classical(ForceField):
    """A potential with few parameters, fitted to energies, forces and stresses by weighted least squares.

    A subclass writes `_learn`, which sets attributes from a graph and its rows, and `_interaction`, the
    energies of the frames of a graph. This class adds a constant energy per atom of each element.
    """

    def __init__(
        self,
        cutoff: float = 6.0,
        energy_weight: float = 1.0,
        forces_weight: float = 1.0,
        stress_weight: float = 1.0,
        max_iterations: int = 100,
        n_starts: int = 2,
        device: str = "cpu",
        random_state: int | None = None,
        atomic_energies: Mapping[str, float] | None = None,
    ) -> None:
        self.cutoff = cutoff
        self.energy_weight = energy_weight
        self.forces_weight = forces_weight
        self.stress_weight = stress_weight
        self.max_iterations = max_iterations
        self.n_starts = n_starts
        self.device = device
        self.random_state = random_state
        self.atomic_energies = atomic_energies

    @classmethod
    def test_params(cls) -> dict[str, Any]:
        return {"cutoff": 5.0, "max_iterations": 20, "n_starts": 1, "random_state": 0}

    @abstractmethod
    def _learn(self, graph: Graph, rows: Rows, rng: np.random.RandomState) -> None:
        """Set the attributes that `_interaction` reads."""

    @abstractmethod
    def _interaction(self, graph: Graph) -> torch.Tensor:
        """Energies of frames without the constants, (n_frames,) eV."""

    def _affordable_pairs(self) -> float:
        """Directed pairs that the training set may hold; of more frames a part is drawn."""
        return 2e6

    def _graph(self, frames: Sequence[Atoms], device: str) -> Graph:
        return build(frames, self.cutoff, device=device)

    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        rng = check_random_state(self.random_state)
        frames, labels = affordable(frames, labels, self.cutoff, self._affordable_pairs(), rng)
        graph = self._graph(frames, "cpu")
        weights = (self.energy_weight, self.forces_weight, self.stress_weight)
        self._learn(graph, rows_of(graph, frames, labels, weights, self.elements_), rng)
        with torch.no_grad():
            left = labels.energy - self._interaction(graph).numpy()
        self.element_energies_ = per_atom_constants(frames, left, self.elements_)

    def _prepare(self, frames: Sequence[Atoms]) -> Graph:
        return self._graph(frames, self.device)

    def _evaluate(self, inputs: Graph) -> Labels:
        return as_labels(inputs, *with_forces(self._energies, inputs))

    def _energies(self, graph: Graph) -> torch.Tensor:
        constants = element_table(self.element_energies_).to(graph.positions)
        return self._interaction(graph) + graph.sum_atoms(constants[graph.numbers])
