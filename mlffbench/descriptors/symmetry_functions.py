"""Behler's symmetry functions and their derivatives in closed form, for pairs and triplets of atoms."""

from __future__ import annotations

import math

import torch

from mlffbench.descriptors.environments import Environments

__all__ = ["SymmetryFunctions", "Values"]


class SymmetryFunctions:
    """G2 and G4 of `mlffbench.descriptors.acsf.ACSF` with their constants on one device.

    Functions of many triplets share their exponentials and powers: they are computed once for each width η
    and each shape (ζ, λ), and multiplied. Nothing here waits for the device.

    Attributes
    ----------
    columns : (n_elements, n_columns) int tensor
        Indices of the features that a neighbour of each element can change.
    """

    def __init__(
        self,
        cutoff: float,
        radial: torch.Tensor,
        angular: torch.Tensor,
        n_elements: int,
        device: torch.device | str = "cpu",
    ) -> None:
        self.cutoff, self.n_elements = cutoff, n_elements
        self.n_kinds = n_elements * (n_elements + 1) // 2  # of two neighbours' elements
        self.radial = radial.to(device)
        widths, width = torch.unique(angular[:, 0], return_inverse=True)
        shapes, shape = torch.unique(angular[:, 1:], dim=0, return_inverse=True)
        self.widths, self.shapes = widths.to(device), shapes.to(device)
        self.place = (width * len(shapes) + shape).to(device)  # of each function in the grid of products
        self.kind = _kinds(n_elements).flatten().to(device)
        self.columns = self._columns(len(radial), len(angular)).to(device)

    def __call__(self, environments: Environments) -> Values:
        return Values(self, environments)

    def by_neighbour(self, gradient: torch.Tensor) -> torch.Tensor:
        """Values of the features in `columns`, (n · n_elements, n_columns), from (n, n_features)."""
        if self.n_elements == 1:
            return gradient
        n, two, three = self.n_elements, len(self.radial), len(self.place)
        radial, angular = gradient.split([n * two, self.n_kinds * three], dim=1)
        angular = angular.unflatten(1, (self.n_kinds, three)).index_select(1, self.kind)
        blocks = radial.unflatten(1, (n, two)), angular.view(-1, n, n * three)
        return torch.cat(blocks, dim=2).flatten(0, 1)

    def _columns(self, two: int, three: int) -> torch.Tensor:
        kinds = self.n_elements
        radial = torch.arange(kinds * two).view(kinds, two)
        angular = kinds * two + _kinds(kinds)[:, :, None] * three + torch.arange(three)
        return torch.cat([radial, angular.view(kinds, -1)], dim=1)


class Values:
    """Symmetry functions of some environments, and their derivatives by the vectors r_ij.

    With f(r) = (cos(π r / cutoff) + 1) / 2, s = r_ij² + r_ik² + r_jk², c = cos θ_jik and
    F = f(r_ij) f(r_ik) f(r_jk), a triplet's term is T = R P F with R = 2 exp(−ηs) and P = ((1 + λc)/2)^ζ.
    Its derivative is ∂T/∂r_ij = α r_ij + β r_ik, where β stays and α changes when j and k are exchanged.
    """

    def __init__(self, functions: SymmetryFunctions, environments: Environments) -> None:
        g, e = functions, environments
        self.functions, self.environments = g, e
        self.length = torch.linalg.vector_norm(e.vectors, dim=1)
        self.fade, self.slope = self._fade(self.length)
        self.offset = self.length[:, None] - g.radial[:, 1]
        self.gauss = torch.exp(-g.radial[:, 0] * self.offset.square())
        # one selection of whole rows for each end of a triplet
        rows = torch.cat([e.vectors, torch.stack([self.length, self.fade, self.slope], dim=1)], dim=1)
        ends = rows.index_select(0, e.first), rows.index_select(0, e.second)
        self.v1, self.v2 = (end[:, :3] for end in ends)
        (self.r1, self.f1, self.d1), (self.r2, self.f2, self.d2) = (end[:, 3:].unbind(1) for end in ends)
        product, squares = _row_sums(self.v1 * self.v2), self.r1.square() + self.r2.square()
        self.r3 = (squares - 2 * product).sqrt()
        self.f3, self.d3 = self._fade(self.r3)
        self.cosine = product / (self.r1 * self.r2)
        zeta, sign = g.shapes.unbind(1)
        base = ((1 + sign * self.cosine[:, None]) / 2).clamp(min=0)  # rounding can fall below 0
        power = base ** (zeta - 1)
        self.P, self.dP = power * base, power * (zeta * sign / 2)
        self.R = 2 * torch.exp(-2 * g.widths * (squares - product)[:, None])
        self.F = self.f1 * self.f2 * self.f3

    def features(self) -> torch.Tensor:
        """Features of each atom, (n, n_features)."""
        g, n = self.functions, len(self.environments.element)
        two = _sums(self.gauss * self.fade[:, None], self._pair_row, n * g.n_elements)
        three = _sums(_outer(self.R * self.F[:, None], self.P), self._triplet_row, n * g.n_kinds)
        three = three.index_select(1, g.place)
        return torch.cat([two.view(n, -1), three.view(n, -1)], dim=1)

    def pair_gradients(self, gradient: torch.Tensor) -> torch.Tensor:
        """Return Σ ∂E/∂G ∂G/∂r_ij of each pair, (p, 3), from ∂E/∂G, (n, n_features)."""
        g, e = self.functions, self.environments
        two, three = gradient.split([g.n_elements * len(g.radial), g.n_kinds * len(g.place)], dim=1)
        rows = two.reshape(-1, len(g.radial)).index_select(0, self._pair_row)
        central = _row_sums(rows * self._radial_slopes())
        grid = three.new_zeros(len(e.element) * g.n_kinds, len(g.widths) * len(g.shapes))
        grid = grid.index_add(1, g.place, three.reshape(-1, len(g.place)))
        rows = grid.index_select(0, self._triplet_row).view(-1, len(g.widths), len(g.shapes))
        PR, dPR = (_row_sums(rows * x[:, None]) * self.R for x in (self.P, self.dP))
        alpha1, alpha2, beta = self._angular_slopes(_row_sums(PR), _row_sums(dPR), PR @ g.widths)
        summed = e.vectors.new_zeros(len(e.vectors), 4)
        for pair, alpha, vector in (e.first, alpha1, self.v2), (e.second, alpha2, self.v1):
            both = torch.cat([alpha[:, None], beta[:, None] * vector], dim=1)
            summed = summed.index_add(0, pair, both)
        return torch.addcmul(summed[:, 1:], (central + summed[:, 0])[:, None], e.vectors)

    def jacobian(self) -> torch.Tensor:
        """Return ∂G/∂r_ij of each pair by the features in `columns`, (p, 3, n_columns), Å⁻¹."""
        g, e = self.functions, self.environments
        p, grid = len(e.vectors), len(g.widths) * len(g.shapes)
        PR, dPR = _outer(self.R, self.P), _outer(self.R, self.dP)
        alpha1, alpha2, beta = self._angular_slopes(PR, dPR, _outer(g.widths * self.R, self.P))
        central = e.vectors.new_zeros(p * g.n_elements, grid)
        other = e.vectors.new_zeros(p * g.n_elements, 3, grid)
        ends = (e.first, e.second, alpha1, self.v2), (e.second, e.first, alpha2, self.v1)
        for pair, partner, alpha, vector in ends:
            row = pair * g.n_elements + e.neighbour.index_select(0, partner)
            central.index_add_(0, row, alpha)
            other.index_add_(0, row, vector[:, :, None] * beta[:, None])
        along = e.vectors[:, None, :, None] * central.view(p, g.n_elements, 1, grid)
        three = (along + other.view(p, g.n_elements, 3, grid)).index_select(3, g.place)
        two = self._radial_slopes()[:, None] * e.vectors[:, :, None]
        return torch.cat([two, three.transpose(1, 2).flatten(2)], dim=2)

    @property
    def _pair_row(self) -> torch.Tensor:
        """Row of each pair among the sums over neighbours of one element."""
        return self.environments.source * self.functions.n_elements + self.environments.neighbour

    @property
    def _triplet_row(self) -> torch.Tensor:
        """Row of each triplet among the sums over neighbours of two elements."""
        e, n = self.environments, self.functions.n_elements
        row = self._pair_row.index_select(0, e.first) * n + e.neighbour.index_select(0, e.second)
        kind = self.functions.kind.index_select(0, row % n**2)
        return row // n**2 * self.functions.n_kinds + kind

    def _radial_slopes(self) -> torch.Tensor:
        """Return dG2/dr / r of each pair, (p, n_radial)."""
        slope = self.slope[:, None] - 2 * self.functions.radial[:, 0] * self.offset * self.fade[:, None]
        return self.gauss * slope / self.length[:, None]

    def _angular_slopes(
        self, PR: torch.Tensor, dPR: torch.Tensor, ηPR: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return α, α with j and k exchanged, and β, from P R, dP/dc R and η P R, (t, ...)."""
        F, r1, r2 = self.F, self.r1, self.r2
        across = self.f1 * self.f2 * self.d3 / self.r3
        turn = F * self.cosine

        def combined(p: torch.Tensor, d: torch.Tensor, e: torch.Tensor) -> torch.Tensor:
            p, d, e = (x.view(-1, *[1] * (PR.ndim - 1)) for x in (p, d, e))
            return torch.addcmul(torch.addcmul(p * PR, d, dPR), e, ηPR)

        alpha1 = combined(across + self.d1 * self.f2 * self.f3 / r1, -turn / r1.square(), -4 * F)
        alpha2 = combined(across + self.d2 * self.f1 * self.f3 / r2, -turn / r2.square(), -4 * F)
        return alpha1, alpha2, combined(-across, F / (r1 * r2), 2 * F)

    def _fade(self, r: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return f and df/dr, both 0 beyond the cutoff."""
        x = (r * (math.pi / self.functions.cutoff)).clamp(max=math.pi)
        return (torch.cos(x) + 1) / 2, torch.sin(x) * (-math.pi / 2 / self.functions.cutoff)


def _kinds(n: int) -> torch.Tensor:
    """Number of each two elements, row by row through the lower triangle (dscribe's order), (n, n) int."""
    kind = torch.zeros(n, n, dtype=torch.long)
    i, j = torch.tril_indices(n, n)
    kind[i, j] = kind[j, i] = torch.arange(len(i))
    return kind


def _outer(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Products a[t, i] b[t, j], (t, i·j)."""
    return (a[:, :, None] * b[:, None, :]).flatten(1)


def _sums(values: torch.Tensor, index: torch.Tensor, size: int) -> torch.Tensor:
    return values.new_zeros(size, *values.shape[1:]).index_add(0, index, values)


def _row_sums(values: torch.Tensor) -> torch.Tensor:
    """Sums over the last dimension; over a few values a product with ones is several times faster."""
    return values @ values.new_ones(values.shape[-1])
