"""SOAP power spectrum of neighbour densities in torch, its basis functions and their gradients."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import torch
from scipy.special import gamma

from mlffbench.descriptors.quintic import quintic

__all__ = [
    "Basis",
    "Tables",
    "pair_density",
    "pair_gradient",
    "prefactor",
    "radial_terms",
    "solid_harmonics",
    "spectra",
    "tables",
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

    @property
    def width(self) -> int:
        """Number of columns m that each degree l has room for: 2 l_max + 1."""
        return 2 * self.l_max + 1

    @cached_property
    def degrees(self) -> list[slice]:
        """Columns (l, m) of each l."""
        return [slice(l * l, (l + 1) ** 2) for l in range(self.l_max + 1)]

    @cached_property
    def harmonic_gradient(self) -> torch.Tensor:
        """G (lm, 3·lm) of ∇(R^l Y_lm) = R^l Y_lm G: a gradient of solid harmonics is solid harmonics again.

        Fitted at random points, more of them than coefficients, so exact to rounding.
        """
        points = torch.randn(400, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        points = torch.nn.functional.normalize(points).requires_grad_()
        with torch.enable_grad():
            columns = explicit_harmonics(points, self.l_max).unbind(1)
            slopes = [torch.autograd.grad(c.sum(), points, retain_graph=True)[0] for c in columns[1:]]
        gradient = torch.stack([torch.zeros_like(points), *slopes], dim=2)  # l = 0 is a constant
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

    @cached_property
    def steps(self) -> list[torch.Tensor]:
        """T_l (3(2l+1), 2l+3) of R^{l+1} Y_{l+1} = (r ⊗ R^l Y_l) T_l, for l below l_max.

        Fitted at random points, more of them than coefficients, so exact to rounding.
        """
        points = torch.randn(400, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        points = torch.nn.functional.normalize(points)
        parts = explicit_harmonics(points, self.l_max).split([2 * l + 1 for l in range(self.l_max + 1)], 1)
        products = [_outer(points, y) for y in parts]
        solve = lambda a, b: torch.linalg.lstsq(a, b, driver="gelsd").solution
        return [solve(a, b) for a, b in zip(products, parts[1:], strict=False)]

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


@dataclass(frozen=True)
class Tables:
    """Constants of a basis on a device; columns (l, m) stand at l·(2 l_max + 1) + l + m where padded.

    Attributes
    ----------
    decay : (l·n',) tensor, γ
    mixing : (l·n', 2·l·n) tensor, coefficients of f_nl and of its derivative by R²
    steps : list of tensors, see `Basis.steps`
    gradient : (lm, 3·lm) tensor, see `Basis.harmonic_gradient`
    column : (lm,) tensor of int, the padded column of each (l, m)
    own : (n_elements, l, n_channels, 2 l_max + 1) tensor, density of an atom at its own place
    order : (n_features,) tensor of int, see `Basis.order`
    weight, multiplicity : (n_features,) tensors, π √(8/(2l+1)), and see `Basis.multiplicity`
    """

    decay: torch.Tensor
    mixing: torch.Tensor
    steps: list[torch.Tensor]
    gradient: torch.Tensor
    column: torch.Tensor
    own: torch.Tensor
    order: torch.Tensor
    weight: torch.Tensor
    multiplicity: torch.Tensor


def tables(basis: Basis, like: torch.Tensor) -> Tables:
    """Constants of a basis, of the type and on the device of a tensor."""
    return _tables(basis, like.device, like.dtype)


@lru_cache(maxsize=32)
def _tables(basis: Basis, device: torch.device, dtype: torch.dtype) -> Tables:
    to = lambda values: values.to(device=device, dtype=dtype if values.is_floating_point() else None)
    decay, mixing = basis.radial
    terms = [mixing.mT, -decay[:, :, None] * mixing.mT]  # (l, n', n)
    degree = basis.order // basis.n_channels**2
    return Tables(
        decay=to(decay.flatten()),
        mixing=to(torch.cat([torch.block_diag(*t) for t in terms], dim=1)),
        steps=[to(t) for t in basis.steps],
        gradient=to(basis.harmonic_gradient),
        column=to(torch.cat([l * basis.width + torch.arange(2 * l + 1) for l in range(basis.l_max + 1)])),
        own=to(_own_density(basis)),
        order=to(basis.order),
        weight=to(torch.tensor([prefactor(l) for l in range(basis.l_max + 1)], dtype=torch.float64)[degree]),
        multiplicity=to(basis.multiplicity),
    )


def _own_density(basis: Basis) -> torch.Tensor:
    """Density of an atom of each element at its own place: l = 0 only."""
    n, numbers = basis.n_max, range(len(basis.numbers))
    _, mixing = basis.radial
    own = torch.zeros(len(numbers), basis.l_max + 1, basis.n_channels, basis.width, dtype=torch.float64)
    for z in numbers:
        own[z, 0, z * n : (z + 1) * n, 0] = mixing[0].sum(dim=1) * _norm(0, 0)
    return own


def solid_harmonics(r: torch.Tensor, basis: Basis) -> torch.Tensor:
    """R^l Y_lm, real and orthonormal on the sphere, (p, (l_max+1)²): polynomials, so smooth at R = 0."""
    columns = [torch.full_like(r[:, :1], _norm(0, 0))]
    for step in tables(basis, r).steps:
        columns.append(_outer(r, columns[-1]) @ step)
    return torch.cat(columns, dim=1)


def _outer(r: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return (r[:, :, None] * y[:, None]).flatten(1)


def explicit_harmonics(r: torch.Tensor, l_max: int) -> torch.Tensor:
    """The solid harmonics term by term, which define those of `solid_harmonics`."""
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
    return radial * solid_harmonics(vectors, basis)[:, None]


def pair_gradient(vectors: torch.Tensor, basis: Basis) -> torch.Tensor:
    """∂(pair density)/∂(vector) = 2 r f' R^l Y_lm + f ∇(R^l Y_lm), (p, 3, n_max, lm)."""
    radial, slope = (_by_column(t, basis) for t in radial_terms(vectors, basis))
    harmonics = solid_harmonics(vectors, basis)
    gradient = (harmonics @ tables(basis, vectors).gradient).view(len(vectors), 3, 1, -1)
    along = (slope * harmonics[:, None])[:, None] * (2 * vectors)[:, :, None, None]
    return along.addcmul_(radial[:, None], gradient)


def _by_column(values: torch.Tensor, basis: Basis) -> torch.Tensor:
    """Spread values (p, l, n_max) over the columns (l, m): (p, n_max, lm)."""
    degree = tables(basis, values).column // basis.width
    return values.mT.index_select(-1, degree)


def radial_terms(vectors: torch.Tensor, basis: Basis) -> tuple[torch.Tensor, torch.Tensor]:
    """f_nl(R²) and its derivative by R², (p, l, n_max)."""
    constants = tables(basis, vectors)
    r2 = (vectors * vectors).sum(-1, keepdim=True)
    terms = torch.exp(-constants.decay * r2) @ constants.mixing
    if basis.smooth:
        value, slope = terms.chunk(2, dim=1)
        fade, fall = _switch(r2, basis)
        value, slope = value * fade, slope * fade + value * fall
    else:
        value, slope = terms.chunk(2, dim=1)
    shape = (-1, basis.l_max + 1, basis.n_max)
    return value.reshape(shape), slope.reshape(shape)


def _switch(r2: torch.Tensor, basis: Basis) -> tuple[torch.Tensor, torch.Tensor]:
    """Quintic switch, 1 inside the cutoff and 0 at the radius, t ∝ R² between; and its derivative by R²."""
    width = basis.radius**2 - basis.cutoff**2
    t = ((r2 - basis.cutoff**2) / width).clamp(0.0, 1.0)
    return quintic(t), -30 * t**2 * (1 - t) ** 2 / width


def prefactor(l: int) -> float:
    """π √(8/(2l+1)), from the integral over rotations (the erratum of Bartók 2013)."""
    return float(np.pi * np.sqrt(8 / (2 * l + 1)))


def spectra(c: torch.Tensor, basis: Basis) -> torch.Tensor:
    """p = π √(8/(2l+1)) Σ_m c_nlm c_n'lm of densities (n, l, n_channels, m): (n, n_features)."""
    constants, products = tables(basis, c), c.flatten(0, 1)
    blocks = torch.bmm(products, products.mT).view(len(c), -1)
    return blocks.index_select(1, constants.order) * constants.weight
