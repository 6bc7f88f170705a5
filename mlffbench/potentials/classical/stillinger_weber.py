"""The Stillinger–Weber energy from moments of neighbours: three-body terms at the price of pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch

from mlffbench.descriptors.graph import Graph

__all__ = ["Parameters", "Places", "energies"]

EDGE = 1e-3  # Å inside the range, where exp(−0.3/0.001) is nothing: closer, derivatives are 0/0
SIX = [(0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1)]


@dataclass(frozen=True)
class Parameters:
    """Of k elements, all tensors: v₂ = (R r^−p − T r^−q) exp(σ/(r − reach)), angles K g g (cos θ − c)².

    Attributes
    ----------
    repulsion, attraction : (k, k) R in eV Å^p, T in eV Å^q
    decay : (k, k) σ, Å
    reach : (k, k) Å, where everything about the pair ends; 0 for pairs that training never showed
    bend_decay : (k, k) γσ, Å, of g = exp(γσ/(r − reach))
    stiffness : (k, k, k) K, eV, of the angle at the first element between the two others
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
        return Parameters(*(getattr(self, f.name).to(device) for f in fields(self)))


@dataclass(frozen=True)
class Places:
    """Who is where in a graph: frame and element index of atoms (n,), source and target of pairs (p,)."""

    n_frames: int
    n_elements: int
    frame: torch.Tensor
    element: torch.Tensor
    source: torch.Tensor
    target: torch.Tensor

    @staticmethod
    def of(graph: Graph, numbers: Sequence[int]) -> Places:
        """`numbers`: the atomic numbers of the elements, sorted."""
        known = torch.tensor(numbers, device=graph.numbers.device)
        element = torch.searchsorted(known, graph.numbers)
        return Places(graph.n_frames, len(numbers), graph.frame, element, graph.source, graph.target)

    def of_pairs(self, table: torch.Tensor) -> torch.Tensor:
        """The entry of a (k, k) table for each pair, (p,)."""
        return table[self.element[self.source], self.element[self.target]]


def energies(
    parameters: Parameters, powers: tuple[float, float], places: Places, vectors: torch.Tensor
) -> torch.Tensor:
    """Energies of frames, (n_frames,) eV; `vectors` (p, 3) are both directions of every pair."""
    r = vectors.norm(dim=1)
    gap = r - places.of_pairs(parameters.reach)
    inside = gap < -EDGE
    gap = torch.where(inside, gap, -1.0)
    fade, g = (
        torch.where(inside, torch.exp(places.of_pairs(decay) / gap), 0.0)
        for decay in (parameters.decay, parameters.bend_decay)
    )
    repulsion, attraction = (places.of_pairs(x) for x in (parameters.repulsion, parameters.attraction))
    two = (repulsion * r ** -powers[0] - attraction * r ** -powers[1]) * fade / 2
    atoms = _bending(parameters, places, vectors / r[:, None], g).index_add(0, places.source, two)
    return atoms.new_zeros(places.n_frames).index_add(0, places.frame, atoms)


def _bending(parameters: Parameters, places: Places, u: torch.Tensor, g: torch.Tensor) -> torch.Tensor:
    """Σ_{j<k} K g_j g_k (û_j·û_k − c)² per atom, (n,), without triples.

    The square is û_j⊗û_j : û_k⊗û_k − 2c û_j·û_k + c², so the sum over all j and k is one over moments
    Σ_j g_j (1, û_j, û_j⊗û_j) of each element; half of it without j = k is the sum over j < k.
    """
    n, k = len(places.element), places.n_elements
    roots = torch.tensor([1.0, 1.0, 1.0, 2.0, 2.0, 2.0], dtype=u.dtype, device=u.device).sqrt()
    squares = torch.stack([u[:, i] * u[:, j] for i, j in SIX], dim=1) * roots
    terms = torch.cat([g[:, None], g[:, None] * u, g[:, None] * squares, g[:, None] ** 2], dim=1)
    where = places.source * k + places.element[places.target]
    sums = terms.new_zeros(n * k, 11).index_add(0, where, terms).view(n, k, 11)
    scalars, vectors, tensors, alone = sums.split([1, 3, 6, 1], dim=2)
    stiffness, cosine = parameters.stiffness[places.element], parameters.cosine[places.element]
    square = (
        tensors @ tensors.mT
        - 2 * cosine * (vectors @ vectors.mT)
        + cosine**2 * (scalars @ scalars.mT)
        - torch.diag_embed(alone[:, :, 0]) * (1 - cosine) ** 2
    )
    return (stiffness * square).sum(dim=(1, 2)) / 2
