"""Stillinger–Weber energy from moments of the neighbours: three-body terms at the cost of pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch

from mlffbench.descriptors.graph import Graph

__all__ = ["GraphIndices", "Parameters", "energies"]

EDGE = 1e-3  # Å inside the range, where exp(−0.3/0.001) is 0: closer, derivatives would be 0/0
VOIGT_PAIRS = [(0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1)]


@dataclass(frozen=True)
class Parameters:
    """Tables of k elements: v₂ = (R r^−p − T r^−q) exp(σ/(r − reach)), v₃ = K g g (cos θ − c)².

    Attributes
    ----------
    repulsion, attraction : (k, k) R in eV Å^p, T in eV Å^q
    decay : (k, k) σ, Å
    reach : (k, k) Å, range of v₂ and of g; 0 for pairs that training never showed
    bend_decay : (k, k) γσ, Å, of g = exp(γσ/(r − reach))
    stiffness : (k, k, k) K, eV, of the angle at the first element between the other two
    cosine : (k, k, k) c
    """

    repulsion: torch.Tensor
    attraction: torch.Tensor
    decay: torch.Tensor
    reach: torch.Tensor
    bend_decay: torch.Tensor
    stiffness: torch.Tensor
    cosine: torch.Tensor

    def to(self, device: torch.device) -> Parameters:
        """The parameters on a device."""
        return Parameters(*(getattr(self, f.name).to(device) for f in fields(self)))


@dataclass(frozen=True)
class GraphIndices:
    """Indices of a graph: frame and element of each atom (n,), source and target of each pair (p,)."""

    n_frames: int
    n_elements: int
    frame: torch.Tensor
    element: torch.Tensor
    source: torch.Tensor
    target: torch.Tensor

    @staticmethod
    def of(graph: Graph, numbers: Sequence[int]) -> GraphIndices:
        """Indices of a graph with the elements of these sorted atomic numbers."""
        known = torch.tensor(numbers, device=graph.numbers.device)
        element = torch.searchsorted(known, graph.numbers)
        return GraphIndices(graph.n_frames, len(numbers), graph.frame, element, graph.source, graph.target)

    def of_pairs(self, table: torch.Tensor) -> torch.Tensor:
        """Entry of a (k, k) table for each pair, (p,)."""
        return table[self.element[self.source], self.element[self.target]]


def energies(
    parameters: Parameters, powers: tuple[float, float], indices: GraphIndices, vectors: torch.Tensor
) -> torch.Tensor:
    """Energies of frames, (n_frames,) eV; `vectors` (p, 3) hold every pair in both directions."""
    r = vectors.norm(dim=1)
    gap = r - indices.of_pairs(parameters.reach)
    inside = gap < -EDGE
    gap = torch.where(inside, gap, -1.0)
    decay, g = (
        torch.where(inside, torch.exp(indices.of_pairs(length) / gap), 0.0)
        for length in (parameters.decay, parameters.bend_decay)
    )
    repulsion, attraction = (indices.of_pairs(x) for x in (parameters.repulsion, parameters.attraction))
    two_body = (repulsion * r ** -powers[0] - attraction * r ** -powers[1]) * decay / 2
    atoms = _bending(parameters, indices, vectors / r[:, None], g).index_add(0, indices.source, two_body)
    return atoms.new_zeros(indices.n_frames).index_add(0, indices.frame, atoms)


def _bending(parameters: Parameters, indices: GraphIndices, u: torch.Tensor, g: torch.Tensor) -> torch.Tensor:
    """Three-body energy Σ_{j<k} K g_j g_k (û_j·û_k − c)² of each atom, (n,), without a sum over triples.

    The square is û_j⊗û_j : û_k⊗û_k − 2c û_j·û_k + c², so the sum over all j and k is one over moments
    Σ_j g_j (1, û_j, û_j⊗û_j) of each element. Half of it, without the terms j = k, is the sum over j < k.
    """
    n, k = len(indices.element), indices.n_elements
    roots = torch.tensor([1.0, 1.0, 1.0, 2.0, 2.0, 2.0], dtype=u.dtype, device=u.device).sqrt()
    squares = torch.stack([u[:, i] * u[:, j] for i, j in VOIGT_PAIRS], dim=1) * roots
    terms = torch.cat([g[:, None], g[:, None] * u, g[:, None] * squares, g[:, None] ** 2], dim=1)
    slots = indices.source * k + indices.element[indices.target]
    sums = terms.new_zeros(n * k, 11).index_add(0, slots, terms).view(n, k, 11)
    scalars, vectors, tensors, same_neighbour = sums.split([1, 3, 6, 1], dim=2)
    stiffness, cosine = parameters.stiffness[indices.element], parameters.cosine[indices.element]
    square = (
        tensors @ tensors.mT
        - 2 * cosine * (vectors @ vectors.mT)
        + cosine**2 * (scalars @ scalars.mT)
        - torch.diag_embed(same_neighbour[:, :, 0]) * (1 - cosine) ** 2
    )
    return (stiffness * square).sum(dim=(1, 2)) / 2
