"""Energies of the squared SOAP kernel as one quadratic form for each element.

For ζ = 2 the sum over sparse points is done once: Σ_m w_m (x̂·x̂_m)² = x̂ᵀ (Σ_m w_m x̂_m x̂_mᵀ) x̂.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch.autograd.function import once_differentiable

from mlffbench.descriptors.neighbour_density import PlacedGraph
from mlffbench.potentials.soap.kernel import Kernel

__all__ = ["QuadraticForm"]


@dataclass(frozen=True)
class QuadraticForm:
    """ε(x̂) = ε₀ + h o + f o² + b·a + aᵀ M a − o v·a, with a = Aᵀ(x̂ − x̄) and o = |x̂ − x̄|².

    x̄ is the mean of the sparse points. In a crystal a cosine differs from 1 in the fourth digit and weights
    are large: differences from the mean let energies keep their digits.

    Attributes
    ----------
    centre : (n_elements, n_features) tensor, x̄
    coefficients : (n_elements, 3) tensor: ε₀, h, f
    axes : mapping of atomic number to (n_features, d) tensor, A
    matrix : mapping of atomic number to (d, d + 2) tensor: M, v, b
    """

    centre: torch.Tensor
    coefficients: torch.Tensor
    axes: Mapping[int, torch.Tensor]
    matrix: Mapping[int, torch.Tensor]

    @classmethod
    def of(
        cls,
        kernel: Kernel,
        weights: Mapping[int, torch.Tensor],
        derivatives: Mapping[int, torch.Tensor] | None = None,
    ) -> QuadraticForm:
        """The form of Σ_m w_m (x̂·x̂_m)² + 2 (x̂·x̂_m) x̂·A g_m, from w and, if given, g."""
        numbers = kernel.basis.numbers
        terms = [
            _terms(*kernel.centred[z], weights[z], None if derivatives is None else derivatives[z])
            for z in numbers
        ]
        return cls(
            centre=torch.stack([kernel.axes[z] @ kernel.centred[z][0] for z in numbers]),
            coefficients=torch.stack([coefficients for coefficients, _ in terms]),
            axes={z: kernel.axes[z] for z in numbers},
            matrix={z: matrix for z, (_, matrix) in zip(numbers, terms, strict=True)},
        )

    def energies(self, graph: PlacedGraph, unit: torch.Tensor) -> torch.Tensor:
        """Energies of frames, (n_frames,) eV, from the unit vectors of their atoms; differentiable once."""
        return graph.sum_atoms(_Local.apply(unit, graph, self))


def _terms(
    mean: torch.Tensor,
    points: torch.Tensor,
    squares: torch.Tensor,
    w: torch.Tensor,
    g: torch.Tensor | None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Coefficients and matrix of an element: c_m = 1 + a·p_m − (o + s_m)/2 with the points minus their mean.

    (1 + a·p − (o + s)/2)² = (1 − s/2)² + (2 − s) a·p + (a·p)² + o (s/2 − 1) − o a·p + o²/4.
    """
    total, weighted = w.sum(), w @ points
    constant, slope, curvature = w @ (1 - squares / 2) ** 2, w @ (squares / 2 - 1), total / 4
    linear, matrix, cross = (w * (2 - squares)) @ points, (points.T * w) @ points, weighted
    if g is not None:  # 2 c_m (a + mean)·g_m
        inner, sum_g, product = (2 - squares) @ g, g.sum(dim=0), points.T @ g
        constant = constant + inner @ mean
        slope = slope - sum_g @ mean
        linear = linear + inner + 2 * (product @ mean)
        matrix, cross = matrix + product + product.T, cross + sum_g
    return torch.stack([constant, slope, curvature]), torch.cat([matrix, cross[:, None], linear[:, None]], 1)


class _Local(torch.autograd.Function):
    """Energies of atoms, (n,), and their derivatives by the unit vectors."""

    @staticmethod
    def forward(ctx: Any, unit: torch.Tensor, graph: PlacedGraph, form: QuadraticForm) -> torch.Tensor:
        atoms = torch.cat([graph.atoms[z] for z in form.axes])
        sizes = [len(graph.atoms[z]) for z in form.axes]
        channel = graph.channel[atoms]
        away = unit.index_select(0, atoms) - form.centre[channel]
        o = (away * away).sum(dim=1)
        constant, slope, curvature = form.coefficients[channel].unbind(1)
        local, across, gradient = [], [], []
        for (z, axes), part in zip(form.axes.items(), away.split(sizes), strict=True):
            a, d = part @ axes, axes.shape[1]
            products = a @ form.matrix[z]  # aᵀM, a·v, a·b
            local.append((products[:, :d] * a).sum(dim=1) + products[:, d + 1])
            across.append(products[:, d])
            gradient.append(products[:, :d])
        ctx.form, ctx.sizes = form, sizes
        cross = torch.cat(across)
        energies = torch.cat(local).add_(constant).addcmul_(slope - cross + curvature * o, o)
        ctx.save_for_backward(atoms, away, o, slope - cross + 2 * curvature * o, *gradient)
        return torch.empty_like(energies).index_copy_(0, atoms, energies)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, by_local: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        atoms, away, o, factor, *products = ctx.saved_tensors
        form: QuadraticForm = ctx.form
        gradient = torch.empty_like(away)
        for (z, axes), product, square, part in zip(
            form.axes.items(), products, o.split(ctx.sizes), gradient.split(ctx.sizes), strict=True
        ):
            v, b = form.matrix[z][:, -2:].unbind(1)
            torch.mm(torch.addcmul(b + 2 * product, square[:, None], v, value=-1), axes.T, out=part)
        gradient.addcmul_(away, factor[:, None], value=2).mul_(by_local.index_select(0, atoms)[:, None])
        return torch.empty_like(gradient).index_copy_(0, atoms, gradient), None, None
