"""Access to graph-pes; the only file that imports it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import SimpleNamespace
from typing import Any

import torch

from mlffbench.descriptors.graph import Graph

__all__ = ["atomic_graph", "default_dtype", "library"]


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
def default_dtype(dtype: torch.dtype) -> Iterator[None]:
    """Torch's default while graph-pes makes tensors without saying of what type."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)
