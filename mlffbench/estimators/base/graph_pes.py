"""The fence around graph-pes, the only file that imports it, and what its models share as estimators."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import SimpleNamespace
from typing import Any

import torch

from mlffbench.descriptors.graph import Graph
from mlffbench.estimators.base.graph_network import GraphNetwork
from mlffbench.potentials.networks.batches import Labelled
from mlffbench.potentials.networks.training import checked_dtype

__all__ = ["GraphPES", "atomic_graph", "library"]


@cache
def library() -> SimpleNamespace:
    """What is used of graph-pes; its import takes seconds, and leaves the warnings' filters as they were."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from graph_pes import models
        from graph_pes.atomic_graph import AtomicGraph
        from graph_pes.models.components.distances import CosineEnvelope
        from graph_pes.utils.nn import HaddamardProduct
    return SimpleNamespace(
        SchNet=models.SchNet,
        PaiNN=models.PaiNN,
        TensorNet=models.TensorNet,
        AtomicGraph=AtomicGraph,
        CosineEnvelope=CosineEnvelope,
        product=HaddamardProduct,
    )


def atomic_graph(batch: Graph, cutoff: float, dtype: torch.dtype) -> Any:
    """The same frames, atoms and neighbours as a batch of graph-pes.

    Every frame moves to its centre, where `dtype` is finest.
    """
    sizes = torch.bincount(batch.frame, minlength=batch.n_frames)
    centre = batch.sum_atoms(batch.positions).detach() / sizes[:, None]
    return library().AtomicGraph(
        Z=batch.numbers,
        R=(batch.positions - centre[batch.frame]).to(dtype),
        cell=batch.cells.to(dtype),
        neighbour_list=torch.stack([batch.source, batch.target]),
        neighbour_cell_offsets=batch.shifts.to(dtype),
        properties={},
        cutoff=cutoff,
        other={},
        batch=batch.frame,
        ptr=torch.cat([sizes.new_zeros(1), sizes.cumsum(0)]),
    )


@contextmanager
def _default(dtype: torch.dtype) -> Iterator[None]:
    """Torch's default while graph-pes makes tensors without saying of what type."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


class GraphPES(GraphNetwork):
    """A model of graph-pes under the one training loop: E = Σ_i (shift + scale · ε_i).

    shift is the mean energy of an atom, scale the root mean square force; ε_i is the model's energy of atom i
    with a trained factor for each element. A subclass has the parameters named below and
    writes `_construct`.
    """

    requires = ("graph_pes",)
    extra = "graph-pes"

    channels: int
    layers: int
    radial_features: int

    @staticmethod
    @abstractmethod
    def _construct(
        library: SimpleNamespace, cutoff: float, channels: int, layers: int, radial_features: int
    ) -> torch.nn.Module:
        """The model with new weights."""

    def _config(self, training: Labelled) -> dict[str, Any]:
        return {k: getattr(self, k) for k in ("channels", "layers", "radial_features")}

    def _module(self, **config: Any) -> torch.nn.Module:
        return self._construct(library(), cutoff=self.cutoff_, **config)

    def _energies(self, batch: Graph) -> torch.Tensor:
        dtype = checked_dtype(self.dtype_)
        with _default(dtype):
            local = self.module_(atomic_graph(batch, self.cutoff_, dtype))["local_energies"]
        # graph-pes drops the dimension of a single atom
        return batch.sum_atoms(self.shift_ + self.scale_ * local.reshape(-1).double())
