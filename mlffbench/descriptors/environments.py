"""Pairs and triplets of neighbouring atoms, ready for functions of atomic environments."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from mlffbench.descriptors.graph import Graph
from mlffbench.system.batch_size import consecutive_parts

__all__ = ["Environments", "Part", "environments", "padded", "parts"]


@dataclass(frozen=True)
class Environments:
    """Environments of n atoms: their p neighbours, and t pairs of neighbours closer than the cutoff.

    Attributes
    ----------
    element : (n,) int tensor, index of the central atom's element
    source : (p,) int tensor, the central atom of each pair, in ascending order
    neighbour : (p,) int tensor, index of the neighbour's element
    vectors : (p, 3) tensor, from the central atom to the neighbour, Å
    first, second : (t,) int tensors, two pairs of one source, each two once
    """

    element: torch.Tensor
    source: torch.Tensor
    neighbour: torch.Tensor
    vectors: torch.Tensor
    first: torch.Tensor
    second: torch.Tensor


@dataclass(frozen=True)
class Part:
    """Environments of consecutive atoms of a graph, with the ranges of these atoms and of their pairs."""

    atoms: slice
    pairs: slice
    environments: Environments


def environments(graph: Graph, element: torch.Tensor, cutoff: float) -> Environments:
    """Environments of all atoms of a graph, whose pairs are ordered by source; `cutoff` in Å."""
    vectors = graph.vectors
    first, second = _triplets(graph.source, vectors.detach(), len(element), cutoff)
    return Environments(element, graph.source, element[graph.target], vectors, first, second)


def parts(graph: Graph, element: torch.Tensor, cutoff: float, triplets: float) -> list[Part]:
    """Environments in parts of at most so many triplets, or of one atom with more."""
    degree = torch.bincount(graph.source, minlength=len(element)).cpu().numpy()
    ends = np.concatenate([[0], degree.cumsum()])
    vectors, neighbour = graph.vectors, element[graph.target]
    groups = consecutive_parts((degree * (degree - 1) / 2).tolist(), triplets)
    made = []
    for atoms in groups:
        pairs = slice(int(ends[atoms.start]), int(ends[atoms.stop]))
        source, there = graph.source[pairs] - atoms.start, vectors[pairs]
        first, second = _triplets(source, there, atoms.stop - atoms.start, cutoff)
        part = Environments(element[atoms], source, neighbour[pairs], there, first, second)
        made.append(Part(atoms, pairs, part))
    return made


def _triplets(
    source: torch.Tensor, vectors: torch.Tensor, n: int, cutoff: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Indices of every two pairs of one source whose neighbours are closer than the cutoff, each once."""
    end = torch.bincount(source, minlength=n).cumsum(0)
    pair = torch.arange(len(source), device=source.device)
    following = end.index_select(0, source) - pair - 1  # pairs of the same source after this one
    first = torch.repeat_interleave(pair, following)
    shift = pair + 1 + following - following.cumsum(0)
    second = torch.arange(len(first), device=source.device) + shift.index_select(0, first)
    across = vectors.index_select(0, second) - vectors.index_select(0, first)
    near = torch.nonzero(across.square() @ across.new_ones(3) < cutoff**2).squeeze(1)
    return first.index_select(0, near), second.index_select(0, near)


def padded(part: Environments, atoms: int, pairs: int, triplets: int, cutoff: float) -> Environments:
    """The same environments, filled up to these numbers by an atom, pairs and triplets that give nothing.

    At least one atom and two pairs more: the last atom has neighbours beyond the cutoff in two directions,
    since lengths of zero have no derivatives.
    """
    far = part.vectors.new_zeros(pairs - len(part.source), 3)
    far[:, 0] = 2 * cutoff
    far[-1] = far[-1].flip(0)
    fill = lambda x, size, value: torch.nn.functional.pad(x, (0, size - len(x)), value=value)
    return replace(
        part,
        element=fill(part.element, atoms, 0),
        source=fill(part.source, pairs, atoms - 1),
        neighbour=fill(part.neighbour, pairs, 0),
        vectors=torch.cat([part.vectors, far]),
        first=fill(part.first, triplets, pairs - 2),
        second=fill(part.second, triplets, pairs - 1),
    )
