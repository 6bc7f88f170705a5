"""Base class of the networks that graph-pes implements."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from mlffbench.estimators.base.graph_network import GraphNetwork
from mlffbench.system.ranges import Count

if TYPE_CHECKING:
    import torch

    from mlffbench.descriptors.graph import Graph
    from mlffbench.potentials.graph_pes import Library
    from mlffbench.potentials.networks.batches import LabelledGraphs

__all__ = ["GraphPES"]


@dataclass(eq=False, repr=False)
class GraphPES(GraphNetwork):
    """A model of graph-pes in the common training loop: E = Σ_i (shift + scale · ε_i).

    shift is the mean energy of an atom, scale the root mean square force; ε_i is the model's energy of atom i
    with a trained factor for each element. A subclass sets the defaults of the three sizes and writes
    `_construct`.
    """

    predicts_std: ClassVar[bool] = True
    requires: ClassVar[tuple[str, ...]] = ("torch", "graph_pes")
    extra: ClassVar[str | None] = "graph-pes"

    channels: Count = 32
    layers: Count = 3
    radial_features: Count = 20

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        """Cutoff, steps of the training, width and depth of the network."""
        return {**super().search_space(), "channels": [16, 32, 64, 128], "layers": [2, 3, 4]}

    @classmethod
    def test_params(cls) -> dict[str, Any]:
        return {"channels": 8, "layers": 2, "radial_features": 8, "max_epochs": 2, "dtype": "float64"}

    def import_libraries(self) -> None:
        super().import_libraries()

        from mlffbench.potentials.graph_pes import library

        library()

    @staticmethod
    @abstractmethod
    def _construct(
        library: Library, cutoff: float, channels: int, layers: int, radial_features: int
    ) -> torch.nn.Module:
        """The model with new weights."""

    def _config(self, training: LabelledGraphs) -> dict[str, Any]:
        return {k: getattr(self, k) for k in ("channels", "layers", "radial_features")}

    def _module(self, **config: Any) -> torch.nn.Module:
        from mlffbench.potentials.graph_pes import library

        return self._construct(library(), cutoff=self.cutoff_, **config)

    def _readout(self) -> torch.nn.Module:
        from mlffbench.potentials.graph_pes import last_linear

        return last_linear(self.module_)

    def _energies(self, batch: Graph) -> torch.Tensor:
        from mlffbench.potentials.graph_pes import atomic_graph, defaults
        from mlffbench.potentials.networks.seeding import checked_dtype

        dtype = checked_dtype(self.dtype_)
        with defaults(dtype, batch.positions.device):
            local = self.module_(atomic_graph(batch, self.cutoff_, dtype))["local_energies"]
        # graph-pes drops the dimension of a single atom
        return batch.sum_atoms(self.shift_ + self.scale_ * local.reshape(-1).double())
