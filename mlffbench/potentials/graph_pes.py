"""Access to graph-pes; the only file that imports it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from mlffbench.descriptors.graph import Graph
from mlffbench.system.cuda_graph import captures

__all__ = ["Library", "atomic_graph", "defaults", "last_linear", "library"]


@dataclass(frozen=True)
class Library:
    """The classes of graph-pes that are used here."""

    SchNet: Callable[..., Any]
    PaiNN: Callable[..., Any]
    TensorNet: Callable[..., Any]
    AtomicGraph: Any
    CosineEnvelope: Callable[..., Any]
    HaddamardProduct: Callable[..., Any]


@cache
def library() -> Library:
    """Import graph-pes, which takes seconds; the warnings' filters stay as they were."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from graph_pes import models
        from graph_pes.atomic_graph import AtomicGraph
        from graph_pes.models.components.distances import CosineEnvelope
        from graph_pes.utils.nn import HaddamardProduct
    return Library(
        SchNet=models.SchNet,
        PaiNN=models.PaiNN,
        TensorNet=models.TensorNet,
        AtomicGraph=AtomicGraph,
        CosineEnvelope=CosineEnvelope,
        HaddamardProduct=HaddamardProduct,
    )


def atomic_graph(batch: Graph, cutoff: float, dtype: torch.dtype) -> Any:
    """Convert a graph to a batch of graph-pes; every frame moves to its centre, where `dtype` is finest."""
    sizes = batch.sum_atoms(torch.ones_like(batch.frame))
    centre = batch.sum_atoms(batch.positions.detach()) / sizes.clamp(min=1)[:, None]
    return library().AtomicGraph(
        Z=batch.numbers,
        R=(batch.positions - centre.index_select(0, batch.frame)).to(dtype),
        cell=batch.cells.to(dtype),
        neighbour_list=torch.stack([batch.source, batch.target]),
        neighbour_cell_offsets=batch.shifts.to(dtype),
        properties={},
        cutoff=cutoff,
        other={},
        batch=batch.frame,
        ptr=torch.cat([sizes.new_zeros(1), sizes.cumsum(0)]),
    )


def last_linear(module: Any) -> torch.nn.Module:
    """The last layer of a model, after which energies are multiplied by a factor of each element."""
    readout = module.energy_read_out.mlp if hasattr(module, "energy_read_out") else module.read_out
    last: torch.nn.Module = readout.linear_layers[-1]
    return last


@contextmanager
def defaults(dtype: torch.dtype, device: torch.device) -> Iterator[None]:
    """Set torch's default type inside the block: graph-pes makes tensors without naming one.

    Where functions are captured as CUDA graphs, its numbers are made on the device, not copied to it.
    """
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with _NumbersOnDevice(device) if captures(device) else nullcontext():
            yield
    finally:
        torch.set_default_dtype(before)


class _NumbersOnDevice(TorchFunctionMode):
    """``torch.tensor(number)`` as a tensor that is filled on the device."""

    def __init__(self, device: torch.device) -> None:
        super().__init__()
        self.device = device

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.tensor and isinstance(args[0], int | float):
            return torch.full((), args[0], **{"device": self.device, **(kwargs or {})})
        return func(*args, **(kwargs or {}))
