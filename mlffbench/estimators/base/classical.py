"""Base class of the fitted classical potentials."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from ase import Atoms
from sklearn.utils import check_random_state

from mlffbench.data import Labels
from mlffbench.estimators.base.exportable import Exportable
from mlffbench.forcefield import ForceField
from mlffbench.potentials.lammps_input import lammps_input, lammps_script
from mlffbench.system.ranges import AtomEnergies, Count, Device, Length, Natural, NonNegative, Seed

if TYPE_CHECKING:
    import torch

    from mlffbench.descriptors.graph import Graph
    from mlffbench.potentials.classical.design_matrix import DesignMatrix
    from mlffbench.potentials.classical.least_squares import Fit

__all__ = ["Classical"]


class Classical(Exportable, ForceField):
    """A potential with few parameters, fitted to energies, forces and stresses by weighted least squares.

    A subclass defines `_fit_interaction`, which sets fitted attributes from a graph and its design matrix,
    `_interaction`, the energies of the frames of a graph, and `_lammps`, the interaction as LAMMPS reads it.
    This class adds a constant energy per atom of each element.
    """

    family: ClassVar[str] = "classical"
    requires: ClassVar[tuple[str, ...]] = ("torch",)
    extra: ClassVar[str | None] = "classical"
    implementation: ClassVar[tuple[str, ...]] = ("mlffbench.potentials.classical.design_matrix",)
    runs_in: ClassVar[tuple[str, ...]] = ("ASE", "LAMMPS")
    export_formats: ClassVar[Mapping[str, str]] = {"lammps": ".lammps"}

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
    def search_space(cls) -> dict[str, Any]:
        """The cutoff: all other parameters are fitted, or belong to the loss and its minimisation."""
        from scipy.stats import uniform

        return {
            "cutoff": uniform(4.0, 5.0),
        }

    @classmethod
    def test_params(cls) -> dict[str, Any]:
        return {"cutoff": 5.0, "max_iterations": 20, "n_starts": 1, "random_state": 0}

    @abstractmethod
    def _fit_interaction(self, graph: Graph, design: DesignMatrix, rng: np.random.RandomState) -> Fit | None:
        """Set the fitted attributes that `_interaction` uses; None where nothing interacts."""

    @abstractmethod
    def _interaction(self, graph: Graph) -> torch.Tensor:
        """Energies of frames without the constants per element, (n_frames,) eV."""

    @abstractmethod
    def _lammps(self, name: str) -> tuple[str, str, list[str]]:
        """Name, from `name` on, and text of a parameter file, and LAMMPS commands that read it."""

    def _exported(self, target: Path, format: str) -> tuple[dict[Path, str | bytes], str]:
        file, parameters, commands = self._lammps(target.name)
        constants = {s: self.element_energies_[s] + self.atomic_energies_[s] for s in self.elements_}
        text = lammps_input(f"{type(self).__name__} of mlffbench", self.elements_, commands, constants)
        script = lammps_script(target.name, self.elements_, text)
        return {target: text, target.with_name(file): parameters}, script

    def _max_pairs(self) -> float:
        """Most directed pairs of a training set; a larger one is subsampled."""
        return 2e6

    def _graph(self, frames: Sequence[Atoms], device: str) -> Graph:
        from mlffbench.descriptors.graph import build

        return build(frames, self.cutoff, device=device)

    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        import torch

        from mlffbench.potentials.classical.design_matrix import (
            design_matrix,
            per_atom_constants,
            random_subsample,
        )

        rng = check_random_state(self.random_state)
        frames, labels = random_subsample(frames, labels, self.cutoff, self._max_pairs(), rng)
        graph = self._graph(frames, "cpu")
        weights = (self.energy_weight, self.forces_weight, self.stress_weight)
        design = design_matrix(graph, frames, labels, weights, self.elements_)
        solution = self._fit_interaction(graph, design, rng)
        with torch.no_grad():
            remainder = labels.energy - self._interaction(graph).numpy()
        self.element_energies_ = per_atom_constants(frames, remainder, self.elements_)
        self.n_parameters_ = len(self.element_energies_)
        if solution is not None:
            self.n_parameters_ += solution.values.size
            self.stopped_by_ = solution.stopped_by

    def _prepare(self, frames: Sequence[Atoms]) -> Graph:
        return self._graph(frames, self.device)

    def _evaluate(self, inputs: Graph) -> Labels:
        from mlffbench.descriptors.graph import labels as as_labels
        from mlffbench.descriptors.graph import with_forces

        return as_labels(inputs, *with_forces(self._energies, inputs))

    def _energies(self, graph: Graph) -> torch.Tensor:
        from mlffbench.potentials.classical.least_squares import element_table

        constants = element_table(self.element_energies_).to(graph.positions)
        return self._interaction(graph) + graph.sum_atoms(constants[graph.numbers])
