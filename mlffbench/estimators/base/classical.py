"""Base class of the fitted classical potentials."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from ase import Atoms
from sklearn.utils import check_random_state

from mlffbench.data import Labels
from mlffbench.descriptors.graph import Graph, build, with_forces
from mlffbench.descriptors.graph import labels as as_labels
from mlffbench.forcefield import ForceField
from mlffbench.potentials.classical.design_matrix import (
    DesignMatrix,
    design_matrix,
    per_atom_constants,
    random_subsample,
)
from mlffbench.potentials.classical.least_squares import element_table
from mlffbench.system.ranges import AtomEnergies, Count, Device, Length, Natural, NonNegative, Seed

__all__ = ["Classical"]


class Classical(ForceField):
    """A potential with few parameters, fitted to energies, forces and stresses by weighted least squares.

    A subclass defines `_fit_interaction`, which sets fitted attributes from a graph and its design matrix,
    and `_interaction`, the energies of the frames of a graph. This class adds a constant energy per atom of
    each element.
    """

    family: ClassVar[str] = "classical"

    def __init__(
        self,
        cutoff: Length = 6.0,
        energy_weight: NonNegative = 1.0,
        forces_weight: NonNegative = 1.0,
        stress_weight: NonNegative = 1.0,
        max_iterations: Natural = 100,
        n_starts: Count = 2,
        device: Device = "cpu",
        random_state: Seed | None = None,
        atomic_energies: AtomEnergies | None = None,
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
    def _fit_interaction(self, graph: Graph, design: DesignMatrix, rng: np.random.RandomState) -> None:
        """Set the fitted attributes that `_interaction` uses."""

    @abstractmethod
    def _interaction(self, graph: Graph) -> torch.Tensor:
        """Energies of frames without the constants per element, (n_frames,) eV."""

    def _max_pairs(self) -> float:
        """Most directed pairs of a training set; a larger one is subsampled."""
        return 2e6

    def _graph(self, frames: Sequence[Atoms], device: str) -> Graph:
        return build(frames, self.cutoff, device=device)

    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        rng = check_random_state(self.random_state)
        frames, labels = random_subsample(frames, labels, self.cutoff, self._max_pairs(), rng)
        graph = self._graph(frames, "cpu")
        weights = (self.energy_weight, self.forces_weight, self.stress_weight)
        self._fit_interaction(graph, design_matrix(graph, frames, labels, weights, self.elements_), rng)
        with torch.no_grad():
            remainder = labels.energy - self._interaction(graph).numpy()
        self.element_energies_ = per_atom_constants(frames, remainder, self.elements_)

    def _prepare(self, frames: Sequence[Atoms]) -> Graph:
        return self._graph(frames, self.device)

    def _evaluate(self, inputs: Graph) -> Labels:
        return as_labels(inputs, *with_forces(self._energies, inputs))

    def _energies(self, graph: Graph) -> torch.Tensor:
        constants = element_table(self.element_energies_).to(graph.positions)
        return self._interaction(graph) + graph.sum_atoms(constants[graph.numbers])
