"""MACE's symmetric contraction from its Jacobian: one matrix product gives the value and the derivative."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Any

import torch
from torch.autograd.function import once_differentiable

from mlffbench.potentials.mace.wanted_gradients import wanted_gradients

__all__ = ["JacobianContraction"]

TINY = 1e-9  # coupling coefficients below are rounding
Monomial = tuple[int, ...]  # sorted indices of its factors


class JacobianContraction(torch.nn.Module):
    """B_d = Σ_ν Σ_k w^ν_kc Σ_i U^ν_d,i,k A_i1 ⋯ A_iν by Euler's theorem on homogeneous functions.

    The Jacobian J_di = ∂B_d/∂A_i is linear in the monomials Φ of degree 0 ... N − 1, where N is the highest
    degree, and B_d = Σ_i A_i J_di / N + Σ_ν (1 − ν/N) B^ν_d. The last sum has no monomial of degree N. So
    J = C Φ and the last sum R = C' Φ are one matrix product for every element and channel; products of
    degree N are never made, and forces, which need J, cost no other product. Memory is linear in the atoms.

    Parameters
    ----------
    original : mace.modules.symmetric_contraction.SymmetricContraction
        mace-torch's layer, whose weights are used under their own names.
    """

    def __init__(self, original: Any) -> None:
        super().__init__()
        self._original = (original,)  # a tuple: no submodule, or its parameters would be listed twice
        self.degree = int(original.contractions[0].correlation)
        width = int(original.contractions[0].U_tensors(1).shape[-2])
        monomials = [m for nu in range(self.degree) for m in combinations_with_replacement(range(width), nu)]
        self.n_monomials = len(monomials)
        place = {m: i for i, m in enumerate(monomials)}
        for j, contraction in enumerate(self._original[0].contractions):
            jacobian, rest = _tables(contraction, place, self.degree, width)
            self._constant(f"jacobian_{j}", jacobian.flatten(1))  # (paths, D·components·monomials)
            self._constant(f"rest_{j}", rest.flatten(1))  # (paths, D·monomials)
        for nu in range(2, self.degree):
            long = [m for m in monomials if len(m) == nu]
            before = {m: i for i, m in enumerate(m for m in monomials if len(m) == nu - 1)}
            self._constant(f"shorter_{nu}", torch.tensor([before[m[:-1]] for m in long]))
            self._constant(f"last_{nu}", torch.tensor([m[-1] for m in long]))

    def _constant(self, name: str, value: torch.Tensor) -> None:
        self.register_buffer(name, value.contiguous(), persistent=False)

    def forward(self, features: torch.Tensor, counts: tuple[int, ...]) -> torch.Tensor:
        """(n, components, channels), atoms sorted by element -> (n, Σ(2L+1), channels).

        Parameters
        ----------
        features : (n, components, channels) tensor
        counts : tuple of int
            Number of atoms of each element.
        """
        by_channel = features.permute(2, 1, 0).contiguous()
        value: torch.Tensor = _Value.apply(by_channel, self.coefficients(), self.layout(counts))
        return value.permute(2, 1, 0)

    def layout(self, counts: tuple[int, ...]) -> _Layout:
        """Monomials and atoms, for atoms sorted by element."""
        factors = [(getattr(self, f"shorter_{k}"), getattr(self, f"last_{k}")) for k in range(2, self.degree)]
        return _Layout(self.degree, factors, counts)

    def coefficients(self) -> torch.Tensor:
        """C over C': (elements, channels, D·components + D, monomials)."""
        jacobians, rests = [], []
        for j, contraction in enumerate(self._original[0].contractions):
            weights = torch.cat([contraction.weights_max, *contraction.weights], dim=1).transpose(1, 2)
            n_elements, channels, _ = weights.shape
            rows = lambda table, w=weights, e=n_elements, c=channels: (w @ table).view(
                e, c, -1, self.n_monomials
            )
            jacobians.append(rows(getattr(self, f"jacobian_{j}")))
            rests.append(rows(getattr(self, f"rest_{j}")))
        return torch.cat([*jacobians, *rests], dim=2)


@dataclass(frozen=True)
class _Layout:
    """Degree N, the monomials' shorter monomial and last factor for degrees 2 ... N − 1, atoms by element."""

    degree: int
    factors: list[tuple[torch.Tensor, torch.Tensor]]
    counts: tuple[int, ...]

    def monomials(self, features: torch.Tensor) -> torch.Tensor:
        """Φ(A): (channels, components, n) -> (channels, monomials, n)."""
        degrees = [torch.ones_like(features[:, :1]), features][: self.degree]
        for shorter, last in self.factors:
            degrees.append(degrees[-1].index_select(1, shorter).mul_(features.index_select(1, last)))
        return torch.cat(degrees, dim=1)

    def tangents(self, features: torch.Tensor, moved: torch.Tensor) -> torch.Tensor:
        """DΦ(A)[V], the derivative of the monomials along V."""
        tangents = [torch.zeros_like(features[:, :1]), moved][: self.degree]
        value = features
        for shorter, last in self.factors:
            final = features.index_select(1, last)
            tangent = tangents[-1].index_select(1, shorter).mul_(final)
            value = value.index_select(1, shorter)
            tangents.append(tangent.addcmul_(value, moved.index_select(1, last)))
            value = value * final
        return torch.cat(tangents, dim=1)

    def linear(self, rows: torch.Tensor, monomials: torch.Tensor) -> torch.Tensor:
        """(elements, channels, r, monomials) by (channels, monomials, n) -> (channels, r, n)."""
        parts = zip(rows, monomials.split(self.counts, dim=2), strict=True)
        return torch.cat([torch.bmm(c, m) for c, m in parts], dim=2)

    def outer(self, left: torch.Tensor, monomials: torch.Tensor) -> torch.Tensor:
        """Σ_n of (channels, r, n) by (channels, monomials, n) -> (elements, channels, r, monomials)."""
        parts = zip(left.split(self.counts, dim=2), monomials.split(self.counts, dim=2), strict=True)
        return torch.stack([torch.bmm(x, m.transpose(1, 2)) for x, m in parts])


class _Value(torch.autograd.Function):
    """B (channels, D, n) of A (channels, components, n) and the coefficients C over C'."""

    @staticmethod
    def forward(
        ctx: Any, features: torch.Tensor, coefficients: torch.Tensor, layout: _Layout
    ) -> torch.Tensor:
        monomials = layout.monomials(features)
        product = layout.linear(coefficients, monomials)
        n_out = product.shape[1] // (features.shape[1] + 1)
        jacobian = product[:, :-n_out].unflatten(1, (n_out, -1))
        ctx.layout = layout
        kept = monomials if ctx.needs_input_grad[1] else None
        ctx.save_for_backward(features, coefficients, jacobian, kept)
        return (features.unsqueeze(1) * jacobian).sum(2).div_(layout.degree).add_(product[:, -n_out:])

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> Any:
        features, coefficients, jacobian, monomials = ctx.saved_tensors
        wanted = wanted_gradients(ctx)
        by_features = by_coefficients = None
        if wanted[0]:
            by_features = _Derivative.apply(features, coefficients, gradient, jacobian, monomials, ctx.layout)
        if wanted[1]:
            rows = (gradient.unsqueeze(2) * features.unsqueeze(1)).div_(ctx.layout.degree).flatten(1, 2)
            if torch.is_grad_enabled():  # the weights' gradient is to be differentiated too
                monomials = ctx.layout.monomials(features)
            by_coefficients = ctx.layout.outer(torch.cat([rows, gradient], dim=1), monomials)
        return by_features, by_coefficients, None


class _Derivative(torch.autograd.Function):
    """∂(g·B)/∂A = Σ_d g_d J_d, (channels, components, n); its own derivative needs one more product."""

    @staticmethod
    def forward(
        ctx: Any, features: torch.Tensor, coefficients: torch.Tensor, gradient: torch.Tensor,
        jacobian: torch.Tensor, monomials: torch.Tensor | None, layout: _Layout,
    ) -> torch.Tensor:  # fmt: skip
        ctx.layout = layout
        ctx.save_for_backward(features, coefficients, gradient, jacobian, monomials)
        return (gradient.unsqueeze(2) * jacobian).sum(1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, moved: torch.Tensor) -> Any:
        features, coefficients, gradient, jacobian, monomials = ctx.saved_tensors
        layout, wanted, n_rows = ctx.layout, wanted_gradients(ctx), jacobian.shape[1] * jacobian.shape[2]
        by_features = by_coefficients = by_gradient = None
        if wanted[0]:
            tangents = layout.tangents(features, moved)
            second = layout.linear(coefficients[:, :, :n_rows], tangents).view_as(jacobian)
            by_features = (gradient.unsqueeze(2) * second).sum(1)
        if wanted[1]:
            rows = (gradient.unsqueeze(2) * moved.unsqueeze(1)).flatten(1, 2)
            by_coefficients = torch.zeros_like(coefficients)
            by_coefficients[:, :, :n_rows] = layout.outer(rows, monomials)
        if wanted[2]:
            by_gradient = (moved.unsqueeze(1) * jacobian).sum(2)
        return by_features, by_coefficients, by_gradient, None, None, None


def _tables(
    contraction: Any, place: dict[Monomial, int], degree: int, width: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """C and C' of each path: (paths, D, components, monomials) and (paths, D, monomials).

    ∂(A_i1 ⋯ A_iν)/∂A_k is the monomial without one k, times the number of factors k.
    """
    jacobians, rests = [], []
    for nu in range(degree, 0, -1):  # the order of mace-torch's weights
        monomials, coefficients = _polynomial(contraction.U_tensors(nu), nu)
        n_out, _, paths = coefficients.shape
        jacobian = coefficients.new_zeros(paths, n_out, width, len(place))
        rest = coefficients.new_zeros(paths, n_out, len(place))
        for monomial, values in zip(monomials, coefficients.permute(1, 2, 0), strict=True):
            for k, count in Counter(monomial).items():
                shorter = list(monomial)
                shorter.remove(k)
                jacobian[:, :, k, place[tuple(shorter)]] += count * values
            if nu < degree:
                rest[:, :, place[monomial]] += (1 - nu / degree) * values
        jacobians.append(jacobian)
        rests.append(rest)
    return torch.cat(jacobians), torch.cat(rests)


def _polynomial(coupling: torch.Tensor, degree: int) -> tuple[list[Monomial], torch.Tensor]:
    """Monomials with a coefficient that is not zero, and the coefficients (2L+1, monomials, paths)."""
    width, paths = coupling.shape[-2:]
    coupling = coupling.cpu().reshape(-1, width**degree, paths)
    indices = torch.cartesian_prod(*[torch.arange(width)] * degree).reshape(-1, degree).sort(dim=1).values
    distinct, monomial = indices.unique(dim=0, return_inverse=True)
    summed = coupling.new_zeros(len(coupling), len(distinct), paths).index_add_(1, monomial, coupling)
    keep = (summed.abs() > TINY).any(dim=0).any(dim=1)
    return [tuple(m) for m in distinct[keep].tolist()], summed[:, keep]
