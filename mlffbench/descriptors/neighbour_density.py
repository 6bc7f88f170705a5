"""Neighbour densities of a graph's atoms in the SOAP basis, differentiable by the pairs' vectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch.autograd.function import once_differentiable

from mlffbench.descriptors.graph import Graph
from mlffbench.descriptors.power_spectrum import Basis, radial_terms, solid_harmonics, tables

__all__ = ["PlacedGraph", "density", "placed"]


@dataclass(frozen=True)
class PlacedGraph(Graph):
    """A graph with the places of its pairs in an array that is padded to the same number for every atom.

    Attributes
    ----------
    rows : (p·l,) int tensor
        Place of pair p at degree l, where each atom, degree and element has room for `width` neighbours.
    width : int
    channel : (n,) int tensor, the number of each atom's element in the basis
    atoms : mapping of int to int tensors, the atoms of each atomic number
    """

    rows: torch.Tensor
    width: int
    channel: torch.Tensor
    atoms: Mapping[int, torch.Tensor]


def placed(graph: Graph, basis: Basis, multiple: int = 1) -> PlacedGraph:
    """The graph with its pairs' places, which depend on the pairs alone; the width is rounded up."""
    if isinstance(graph, PlacedGraph):
        return graph
    elements, degrees = len(basis.numbers), torch.arange(basis.l_max + 1, device=graph.source.device)
    channel = basis.channels(graph.numbers)
    group = graph.source * elements + channel[graph.target]
    counts = torch.bincount(group, minlength=elements * len(graph.numbers))
    width = -(-(int(counts.max()) if len(group) else 0) // multiple) * multiple
    order, starts = torch.argsort(group, stable=True), counts.cumsum(0) - counts
    place = torch.empty_like(group)
    place[order] = torch.arange(len(group), device=group.device) - starts[group[order]]
    cell = (graph.source[:, None] * len(degrees) + degrees) * elements + channel[graph.target, None]
    return PlacedGraph(
        **vars(graph),
        rows=(cell * width + place[:, None]).flatten(),
        width=width,
        channel=channel,
        atoms={z: torch.nonzero(graph.numbers == z).flatten() for z in basis.numbers},
    )


def density(graph: Graph, basis: Basis, vectors: torch.Tensor | None = None) -> torch.Tensor:
    """Density c of every atom's neighbourhood, itself included: (n_atoms, l, n_channels, 2 l_max + 1).

    The last index is m + l, and zero follows beyond 2l. Differentiable once, by the vectors (p, 3) of the
    pairs: those given, or the graph's.
    """
    graph = placed(graph, basis)
    vectors = graph.vectors if vectors is None else vectors
    around = _Around.apply(vectors, graph.rows, len(graph.numbers), graph.width, basis)
    return around + tables(basis, around).own[graph.channel]


class _Around(torch.autograd.Function):
    """c_i = Σ_j f(R²) ⊗ R^l Y_lm: one product of matrices for every atom, degree and element."""

    @staticmethod
    def forward(
        ctx: Any, vectors: torch.Tensor, rows: torch.Tensor, n_atoms: int, width: int, basis: Basis
    ) -> torch.Tensor:
        value, slope = radial_terms(vectors, basis)
        harmonics = solid_harmonics(vectors, basis)
        n, m, degrees = basis.n_max, basis.width, basis.l_max + 1
        spread = harmonics.new_zeros(len(vectors), degrees * m)
        spread.index_copy_(1, tables(basis, vectors).column, harmonics)
        groups = n_atoms * degrees * len(basis.numbers)
        padded = vectors.new_zeros(groups * width, n + m)
        padded.index_copy_(0, rows, torch.cat([value, spread.view(-1, degrees, m)], dim=2).flatten(0, 1))
        ctx.save_for_backward(vectors, slope, harmonics, padded, rows)
        ctx.basis, ctx.width = basis, width
        radial, angular = padded.view(groups, width, n + m).split([n, m], dim=2)
        return torch.bmm(radial.mT, angular).view(n_atoms, degrees, -1, m)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        vectors, slope, harmonics, padded, rows = ctx.saved_tensors
        basis: Basis = ctx.basis
        n, m, constants = basis.n_max, basis.width, tables(basis, vectors)
        by_density = gradient.reshape(-1, n, m)
        radial, angular = padded.view(len(by_density), ctx.width, n + m).split([n, m], dim=2)
        products = [torch.bmm(angular, by_density.mT), torch.bmm(radial, by_density)]
        back = torch.cat(products, dim=2).flatten(0, 1).index_select(0, rows)
        back = back.view(len(vectors), basis.l_max + 1, n + m)
        along = (back[..., :n] * slope).sum(dim=(1, 2)).mul_(2)
        by_harmonics = back[..., n:].flatten(1).index_select(1, constants.column)
        slopes = (harmonics @ constants.gradient).view(len(vectors), 3, harmonics.shape[1])
        across = torch.bmm(slopes, by_harmonics[:, :, None])[..., 0]
        return across.addcmul_(vectors, along[:, None]), None, None, None, None
