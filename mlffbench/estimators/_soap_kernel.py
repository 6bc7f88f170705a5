"""The SOAP kernel of atoms, and its rows: energies of frames, their forces and stresses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import torch

from mlffbench.descriptors._power_spectrum import Basis, density, pair_gradient, prefactor, spectra
from mlffbench.graph import Graph

__all__ = ["Environments", "Kernel", "describe", "energies", "energy_rows", "gradient_rows", "self_kernel"]

ELEMENTS = 4_000_000  # of a temporary: 32 MB in double precision
VOIGT = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))


@dataclass(frozen=True)
class Environments:
    """Atoms: densities (n, n_channels, lm), unit SOAP vectors (n, n_features), their norms (n,)."""

    density: torch.Tensor
    unit: torch.Tensor
    norm: torch.Tensor


def describe(graph: Graph, basis: Basis, vectors: torch.Tensor | None = None) -> Environments:
    """Each atom's SOAP vector over its length.

    A feature that stands for two entries of the symmetric spectrum counts √2, so that x·x' sums over all
    entries, as in the overlap integral, and is never negative.
    """
    c = density(graph, basis, vectors)
    p = spectra(c, basis) * basis.multiplicity.to(c)
    norm = p.norm(dim=1)
    return Environments(c, p / norm[:, None], norm)


@dataclass(frozen=True)
class Kernel:
    """k(x, x') = (x̂·x̂')^ζ between atoms of the same element, and the points it is evaluated at.

    Columns of every matrix run over the points of all elements, in the order of `points`.
    """

    basis: Basis
    zeta: float
    points: Mapping[int, torch.Tensor]  # atomic number -> (m, n_features), unit vectors

    @cached_property
    def columns(self) -> dict[int, slice]:
        """The columns that belong to each element."""
        ends = torch.tensor([len(p) for p in self.points.values()]).cumsum(0).tolist()
        starts = [0, *ends[:-1]]
        return {z: slice(a, b) for z, a, b in zip(self.points, starts, ends, strict=True)}

    @cached_property
    def centred(self) -> dict[int, tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
        """Of each element the mean of its points, the points less the mean, and |.|² of those."""
        means = {z: p.mean(dim=0) for z, p in self.points.items()}
        return {z: (m, self.points[z] - m, ((self.points[z] - m) ** 2).sum(1)) for z, m in means.items()}

    def __len__(self) -> int:
        return sum(len(p) for p in self.points.values())

    def among(self, number: int) -> torch.Tensor:
        """K between the points of an element, (m, m)."""
        return (self.points[number] @ self.points[number].T) ** self.zeta

    def local(self, graph: Graph, unit: torch.Tensor) -> Iterator[tuple[int, torch.Tensor, torch.Tensor]]:
        """For each element its atoms (indices) and k − 1 between them and its points.

        In a crystal k differs from 1 in the fourth digit and weights are large: the difference is computed
        as such, x̂·x̂' − 1 = −|d − d'|²/2 with d from the points' mean, so that energies keep their digits.
        """
        for number, (mean, points, squares) in self.centred.items():
            atoms = torch.nonzero(graph.numbers == number).flatten()
            d = unit.index_select(0, atoms) - mean
            excess = d @ points.T - ((d * d).sum(1)[:, None] + squares) / 2
            yield number, atoms, torch.expm1(self.zeta * torch.log1p(excess))


def energies(graph: Graph, unit: torch.Tensor, kernel: Kernel, weights: torch.Tensor) -> torch.Tensor:
    """E = Σ_i Σ_m w_m k(x_i, x_m) of each frame."""
    local = unit.new_zeros(len(graph.numbers))
    for number, atoms, excess in kernel.local(graph, unit):
        w = weights[kernel.columns[number]]
        local = local.index_add(0, atoms, excess @ w + w.sum())
    return graph.sum_atoms(local)


def energy_rows(graph: Graph, unit: torch.Tensor, kernel: Kernel) -> torch.Tensor:
    """Σ_i k(x_i, x_m) of each frame, (n_frames, n_points)."""
    rows = unit.new_zeros(graph.n_frames, len(kernel))
    for number, atoms, excess in kernel.local(graph, unit):
        rows[:, kernel.columns[number]].index_add_(0, graph.frame[atoms], 1 + excess)
    return rows


def gradient_rows(
    graph: Graph, environments: Environments, kernel: Kernel, stress: bool
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Forces −Σ_i ∂k(x_i, x_m)/∂r, (n_atoms, 3, n_points); if asked, stresses (n_frames, 6, n_points)."""
    forces = environments.unit.new_zeros(len(graph.numbers), 3, len(kernel))
    virial = environments.unit.new_zeros(graph.n_frames, 6, len(kernel)) if stress else None
    vectors = graph.vectors
    for centre, points in kernel.points.items():
        column = kernel.columns[centre]
        for channel in range(len(kernel.basis.numbers)):
            folded = _folded(points, channel, kernel.basis)
            width = len(points) + folded.shape[1]
            for pairs in _pairs_of(graph, centre, kernel.basis.numbers[channel], width):
                rows = _pair_rows(graph, environments, kernel, points, folded, pairs, vectors)
                forces[..., column].index_add_(0, graph.source[pairs], rows)
                forces[..., column].index_add_(0, graph.target[pairs], -rows)
                if virial is not None:
                    strained = _strained(vectors[pairs], rows)
                    virial[..., column].index_add_(0, graph.frame[graph.source[pairs]], strained)
    if virial is not None:
        virial /= torch.where(graph.periodic, torch.linalg.det(graph.cells).abs(), torch.inf)[:, None, None]
    return forces, virial


def _pairs_of(graph: Graph, centre: int, neighbour: int, width: int) -> Iterator[torch.Tensor]:
    """The pairs from one element to another, few enough at a time."""
    here = (graph.numbers[graph.source] == centre) & (graph.numbers[graph.target] == neighbour)
    pairs = torch.nonzero(here).flatten()
    return (chunk for chunk in pairs.split(max(1, ELEMENTS // (3 * width))) if len(chunk))


def _folded(points: torch.Tensor, channel: int, basis: Basis) -> torch.Tensor:
    """The entries (l, a, b) of the points that a neighbour's element takes part in, (m, l·a·b)."""
    a = slice(channel * basis.n_max, (channel + 1) * basis.n_max)
    columns = basis.feature[:, a].flatten().to(points.device)
    return points[:, columns] / basis.multiplicity.to(points)[columns]


def _pair_rows(
    graph: Graph,
    environments: Environments,
    kernel: Kernel,
    points: torch.Tensor,
    folded: torch.Tensor,
    pairs: torch.Tensor,
    vectors: torch.Tensor,
) -> torch.Tensor:
    """∂k(x_i, x_m)/∂r_ij of pairs, (p, 3, m): ζ (x̂_i·x̂_m)^{ζ−1} (dx·x̂_m − (dx·x̂_i)(x̂_i·x̂_m))/|x_i|."""
    basis, source = kernel.basis, graph.source[pairs]
    spectrum = _spectrum_gradient(vectors[pairs], environments.density[source], basis)
    channel = int(basis.channels(graph.numbers[graph.target[pairs[:1]]]))
    own = _folded(environments.unit[source], channel, basis)
    along_own = (spectrum @ own[:, :, None])[..., 0]  # dx·x̂_i, (p, 3)
    atoms, place = source.unique(return_inverse=True)
    cosine = environments.unit[atoms] @ points.T
    slope = kernel.zeta * cosine ** (kernel.zeta - 1) / environments.norm[atoms, None]
    rows = (spectrum.flatten(0, 1) @ folded.T).view(len(pairs), 3, -1)
    return rows.sub_(along_own[..., None] * cosine[place, None]).mul_(slope[place, None])


def _spectrum_gradient(vectors: torch.Tensor, c: torch.Tensor, basis: Basis) -> torch.Tensor:
    """∂p_ab/∂r_ij at the entries of `_folded`, both orders of (a, b) in one: (p, 3, l·a·b)."""
    gradient = pair_gradient(vectors, basis)  # (p, 3, n_max, lm)
    blocks = gradient.new_empty(len(c), 3, basis.l_max + 1, basis.n_max, basis.n_channels)
    for l, part in enumerate(basis.degrees):
        product = gradient[..., part].flatten(1, 2) @ c[..., part].mT
        blocks[:, :, l] = product.view(len(c), 3, basis.n_max, -1).mul_(2 * prefactor(l))
    return blocks.flatten(2)


def _strained(vectors: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """r ⊗ ∂k/∂r, symmetric, in Voigt order: (p, 6, m)."""
    half = [0.5 * (vectors[:, i, None] * rows[:, j] + vectors[:, j, None] * rows[:, i]) for i, j in VOIGT]
    return torch.stack(half, dim=1)


def self_kernel(graph: Graph, unit: torch.Tensor, kernel: Kernel) -> torch.Tensor:
    """Σ_ij k(x_i, x_j) within each frame, (n_frames,)."""
    total = unit.new_zeros(graph.n_frames)
    for number in kernel.points:
        atoms = torch.nonzero(graph.numbers == number).flatten()
        for f in graph.frame[atoms].unique().tolist():
            x = unit[atoms[graph.frame[atoms] == f]]
            total[f] += ((x @ x.T) ** kernel.zeta).sum()
    return total
