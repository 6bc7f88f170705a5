"""SOAP power spectrum of a graph's atoms in torch, and the gradient of its densities."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from scipy.special import gamma

from mlffbench.descriptors.graph import Graph
from mlffbench.descriptors.quintic import quintic

__all__ = [
    "Basis",
    "density",
    "pair_density",
    "pair_gradient",
    "power_spectrum",
    "prefactor",
    "radial_terms",
    "slots",
    "solid_harmonics",
    "spectra",
]

DECAY = 1e-3  # value of Gaussians and radial functions at their radii, as in dscribe


@dataclass(frozen=True)
class Basis:
    """Basis of n_max Gaussian-type radial functions times spherical harmonics up to l_max, for some elements.

    `smooth` lets a neighbour's density vanish continuously between `cutoff` and `radius`, as forces need;
    without it the density ends with a small step at `radius`, as in dscribe. Lengths in Å.
    """

    numbers: tuple[int, ...]
    cutoff: float
    n_max: int
    l_max: int
    sigma: float
    smooth: bool = False

    @property
    def radius(self) -> float:
        """Distance up to which neighbours count: the cutoff plus the width of a Gaussian, Å."""
        return self.cutoff + self.sigma * float(np.sqrt(-2 * np.log(DECAY)))

    @property
    def n_channels(self) -> int:
        """Number of rows of a density: elements times radial functions."""
        return len(self.numbers) * self.n_max

    @cached_property
    def degrees(self) -> list[slice]:
        """Columns (l, m) of each l."""
        return [slice(l * l, (l + 1) ** 2) for l in range(self.l_max + 1)]

    @cached_property
    def degree(self) -> torch.Tensor:
        """Degree l of each column."""
        return torch.arange(self.l_max + 1).repeat_interleave(2 * torch.arange(self.l_max + 1) + 1)

    @cached_property
    def harmonic_gradient(self) -> torch.Tensor:
        """G (lm, 3·lm) of ∇(R^l Y_lm) = R^l Y_lm G: a gradient of solid harmonics is solid harmonics again.

        Fitted at random points, more of them than coefficients, so exact to rounding.
        """
        points = torch.randn(400, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        points = torch.nn.functional.normalize(points).requires_grad_()
        columns = solid_harmonics(points, self.l_max).unbind(1)
        gradients = [torch.autograd.grad(c.sum(), points, retain_graph=True)[0] for c in columns[1:]]
        gradient = torch.stack([torch.zeros_like(points), *gradients], dim=2)  # l = 0 is a constant
        return torch.linalg.lstsq(torch.stack(columns, 1).detach(), gradient.flatten(1)).solution

    @cached_property
    def radial(self) -> tuple[torch.Tensor, torch.Tensor]:
        """γ (l, n) and A (l, n, n') of f_nl(R²) = Σ_n' A_nn' exp(−γ_n' R²), smeared by Gaussians."""
        eta = 1 / (2 * self.sigma**2)
        l = np.arange(self.l_max + 1)[:, None]
        a = np.linspace(1, self.cutoff, self.n_max)
        alpha = -np.log(DECAY / a**l) / a**2
        power = l[:, :, None] + 1.5
        overlap = 0.5 * gamma(power) * (alpha[:, :, None] + alpha[:, None, :]) ** -power
        beta = _inverse_root(overlap)
        smeared = (np.pi / (eta + alpha)) ** 1.5 * (eta / (eta + alpha)) ** l
        return torch.as_tensor(alpha * eta / (alpha + eta)), torch.as_tensor(beta * smeared[:, None, :])

    @cached_property
    def order(self) -> torch.Tensor:
        """Index of feature f in a flat (l, a, b), sorted as in dscribe: by pair of elements, l, n and n'."""
        l, a, b = np.indices((self.l_max + 1, self.n_channels, self.n_channels)).reshape(3, -1)
        upper = np.flatnonzero(a <= b)
        l, a, b = l[upper], a[upper], b[upper]
        return torch.as_tensor(upper[np.lexsort((b, a, l, b // self.n_max, a // self.n_max))])

    @cached_property
    def multiplicity(self) -> torch.Tensor:
        """√ of the number of entries (l, a, b) that feature f stands for: 1 on the diagonal, else √2."""
        rest = self.order % self.n_channels**2
        diagonal = rest // self.n_channels == rest % self.n_channels
        return torch.where(diagonal, 1.0, 2.0).to(torch.float64).sqrt()

    @cached_property
    def feature(self) -> torch.Tensor:
        """Feature of the entries (l, a, b) and (l, b, a)."""
        shape = (self.l_max + 1, self.n_channels, self.n_channels)
        upper = torch.zeros(shape, dtype=torch.long).flatten()
        upper[self.order] = torch.arange(len(self.order))
        return torch.maximum(upper.view(shape), upper.view(shape).mT)

    def channels(self, numbers: torch.Tensor) -> torch.Tensor:
        """Index of each atomic number among the basis' elements."""
        return torch.searchsorted(torch.as_tensor(self.numbers, device=numbers.device), numbers)


def _inverse_root(overlap: np.ndarray) -> np.ndarray:
    """S^{-1/2}, Löwdin's orthonormalisation."""
    values, vectors = np.linalg.eigh(overlap)
    if (values[:, 0] <= 1e-14 * values[:, -1]).any():
        raise ValueError(
            "the radial functions are not independent in double precision; lower n_max or raise the cutoff"
        )
    return np.einsum("lij,lj,lkj->lik", vectors, values**-0.5, vectors)


def solid_harmonics(r: torch.Tensor, l_max: int) -> torch.Tensor:
    """R^l Y_lm, real and orthonormal on the sphere, (p, (l_max+1)²): polynomials, so smooth at R = 0."""
    x, y, z = r.unbind(-1)
    r2 = (r * r).sum(-1)
    zero, one = torch.zeros_like(z), torch.ones_like(z)
    cosine, sine = [one], [zero]  # Re and Im of (x + iy)^m
    for m in range(l_max):
        cosine.append(x * cosine[m] - y * sine[m])
        sine.append(x * sine[m] + y * cosine[m])
    legendre: dict[tuple[int, int], torch.Tensor] = {}
    for m in range(l_max + 1):
        legendre[m, m] = one * float(np.prod(np.arange(1, 2 * m, 2.0)))
        for l in range(m + 1, l_max + 1):
            last = legendre.get((l - 2, m), zero)
            legendre[l, m] = ((2 * l - 1) * z * legendre[l - 1, m] - (l + m - 1) * r2 * last) / (l - m)
    columns = [
        _norm(l, abs(m)) * legendre[l, abs(m)] * (cosine[m] if m >= 0 else sine[-m])
        for l in range(l_max + 1)
        for m in range(-l, l + 1)
    ]
    return torch.stack(columns, dim=-1)


def _norm(l: int, m: int) -> float:
    """Normalisation of a real spherical harmonic."""
    ratio = gamma(l - m + 1) / gamma(l + m + 1)
    return float(np.sqrt((2 * l + 1) / (4 * np.pi) * ratio * (2 if m else 1)))


def pair_density(vectors: torch.Tensor, basis: Basis) -> torch.Tensor:
    """Density of a Gaussian at `vectors` (p, 3) in each n and (l, m): f_nl(R²) R^l Y_lm, (p, n_max, lm)."""
    radial = _by_column(radial_terms(vectors, basis)[0], basis)
    return radial * solid_harmonics(vectors, basis.l_max)[:, None]


def pair_gradient(vectors: torch.Tensor, basis: Basis) -> torch.Tensor:
    """∂(pair density)/∂(vector) = 2 r f' R^l Y_lm + f ∇(R^l Y_lm), (p, 3, n_max, lm)."""
    radial, slope = (_by_column(t, basis) for t in radial_terms(vectors, basis))
    harmonics = solid_harmonics(vectors, basis.l_max)
    gradient = (harmonics @ basis.harmonic_gradient.to(vectors)).view(len(vectors), 3, 1, -1)
    along = (slope * harmonics[:, None])[:, None] * (2 * vectors)[:, :, None, None]
    return along.addcmul_(radial[:, None], gradient)


def _by_column(values: torch.Tensor, basis: Basis) -> torch.Tensor:
    """Spread values (p, n_max, l) over the columns (l, m)."""
    return values.index_select(-1, basis.degree.to(values.device))


def radial_terms(vectors: torch.Tensor, basis: Basis) -> tuple[torch.Tensor, torch.Tensor]:
    """f_nl(R²) and its derivative by R², (p, n_max, l)."""
    decay, mixing = (t.to(vectors) for t in basis.radial)
    r2 = (vectors * vectors).sum(-1)
    gaussians = torch.exp(-decay * r2[:, None, None])
    value = torch.einsum("pln,lkn->pkl", gaussians, mixing)
    slope = -torch.einsum("pln,lkn->pkl", gaussians, decay[:, None] * mixing)
    if basis.smooth:
        fade, fall = (s[:, None, None] for s in _switch(r2, basis))
        value, slope = value * fade, slope * fade + value * fall
    return value, slope


def _switch(r2: torch.Tensor, basis: Basis) -> tuple[torch.Tensor, torch.Tensor]:
    """Quintic switch, 1 inside the cutoff and 0 at the radius, t ∝ R² between; and its derivative by R²."""
    width = basis.radius**2 - basis.cutoff**2
    t = ((r2 - basis.cutoff**2) / width).clamp(0.0, 1.0)
    return quintic(t), -30 * t**2 * (1 - t) ** 2 / width


def density(graph: Graph, basis: Basis) -> torch.Tensor:
    """Density c of every atom's neighbourhood, itself included: (n_atoms, n_channels, lm).

    The neighbours of all atoms are padded to the same number, so that radial functions and harmonics meet in
    one product of matrices for each l.
    """
    vectors, n, channel = graph.vectors, len(graph.numbers), basis.channels(graph.numbers)
    slot, width = slots(graph)
    row = slot * len(basis.numbers) + channel[graph.target]
    radial = vectors.new_zeros(basis.l_max + 1, n * width * len(basis.numbers), basis.n_max)
    radial = radial.index_copy(1, row, radial_terms(vectors, basis)[0].permute(2, 0, 1))
    radial = radial.view(basis.l_max + 1, n, width, basis.n_channels).mT
    harmonics = vectors.new_zeros(n * width, (basis.l_max + 1) ** 2)
    harmonics = harmonics.index_copy(0, slot, solid_harmonics(vectors, basis.l_max)).unflatten(0, (n, width))
    around = torch.cat([radial[l] @ harmonics[..., part] for l, part in enumerate(basis.degrees)], dim=2)
    return around + _own_density(channel, basis).to(vectors)


def slots(graph: Graph) -> tuple[torch.Tensor, int]:
    """Index of every pair when each atom has room for `width` neighbours, and that width."""
    counts = torch.bincount(graph.source, minlength=len(graph.numbers))
    width = int(counts.max()) if len(graph.source) else 0
    starts = torch.arange(len(counts), device=counts.device) * width - (counts.cumsum(0) - counts)
    return starts[graph.source] + torch.arange(len(graph.source), device=counts.device), width


def _own_density(channel: torch.Tensor, basis: Basis) -> torch.Tensor:
    """Density of each atom in its own neighbourhood, (n_atoms, n_channels, lm): l = 0 only."""
    own = pair_density(torch.zeros(1, 3, dtype=torch.float64), basis)[0].to(channel.device)
    element = torch.nn.functional.one_hot(channel, len(basis.numbers))
    return (element[:, :, None, None] * own).flatten(1, 2)


def prefactor(l: int) -> float:
    """π √(8/(2l+1)), from the integral over rotations (the erratum of Bartók 2013)."""
    return float(np.pi * np.sqrt(8 / (2 * l + 1)))


def spectra(c: torch.Tensor, basis: Basis) -> torch.Tensor:
    """p = π √(8/(2l+1)) Σ_m c_nlm c_n'lm of densities (n, n_channels, lm): (n, n_features)."""
    by_degree = [prefactor(l) * c[..., part] @ c[..., part].mT for l, part in enumerate(basis.degrees)]
    blocks = torch.stack(by_degree, dim=1).flatten(1)
    return blocks.index_select(1, basis.order.to(c.device))  # quicker backward than [:, order]


def power_spectrum(graph: Graph, basis: Basis) -> torch.Tensor:
    """SOAP vector of every atom, (n_atoms, n_features); differentiable through the graph's vectors."""
    return spectra(density(graph, basis), basis)
