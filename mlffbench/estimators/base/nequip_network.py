"""Base class of the networks that the package nequip, or one that extends it, implements."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from mlffbench.estimators.base.graph_network import GraphNetwork
from mlffbench.system.ranges import Positive

if TYPE_CHECKING:
    import torch

    from mlffbench.descriptors.graph import Graph
    from mlffbench.potentials.networks.batches import LabelledGraphs

__all__ = ["NequIPNetwork"]


@dataclass(eq=False, repr=False)
class NequIPNetwork(GraphNetwork):
    """A network of nequip's authors in the common training loop, in their mode ``eager``.

    Layers, initial weights and precision are the package's own. Loss, batches, schedule and the choice of the
    best epoch are those of the other networks here; the package's own training by Lightning is not used, so
    that rows differ in the network alone. The networks read positions only through the vectors between
    neighbours, whose derivatives give forces and stresses. A subclass writes `_size`.
    """

    learning_rate: Positive = 0.01

    predicts_std: ClassVar[bool] = True
    requires: ClassVar[tuple[str, ...]] = ("torch", "nequip")
    extra: ClassVar[str | None] = "nequip"
    environment: ClassVar[Mapping[str, Any] | None] = {
        "name": "nequip",
        "requirements": ["nequip>=0.19,<0.20", "nequip-allegro>=0.8.3,<0.9", "torch>=2.6,<2.14"],
    }
    architecture: ClassVar[str]

    def import_libraries(self) -> None:
        super().import_libraries()

        from mlffbench.potentials.nequip import builder

        builder(self.architecture)

    @abstractmethod
    def _size(self) -> dict[str, Any]:
        """The package's arguments that are not the same for all of its networks."""

    def _config(self, training: LabelledGraphs) -> dict[str, Any]:
        return {
            "type_names": list(self.elements_),
            "r_max": self.cutoff_,
            **self._size(),
            "avg_num_neighbors": max(len(training.graph.source) / len(training.graph.numbers), 1.0),
            "per_type_energy_shifts": self.shift_,
            "per_type_energy_scales": self.scale_,
        }

    def _build(self) -> torch.nn.Module:
        """The package's network, whose constants stay in float64 whatever the weights are."""
        return self._module(**self.config_)

    def _module(self, **config: Any) -> torch.nn.Module:
        from mlffbench.potentials.nequip import network

        return network(self.architecture, self.dtype_, config)

    def _readout(self) -> torch.nn.Module:
        from mlffbench.potentials.nequip import last_linear

        return last_linear(self.module_)

    def _energies(self, batch: Graph) -> torch.Tensor:
        from mlffbench.potentials.nequip import atomic_energies

        return batch.sum_atoms(atomic_energies(self.module_, batch, tuple(self.elements_)).double())

    def _with_forces(
        self, batch: Graph, create_graph: bool = False
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        from mlffbench.descriptors.pair_forces import with_pair_forces

        return with_pair_forces(self._energies, batch, create_graph)
