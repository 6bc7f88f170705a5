"""MACE's symmetric contraction as a sum over distinct monomials: the same polynomial, fewer operations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

__all__ = ["MonomialContraction"]

TINY = 1e-9  # coupling coefficients below are rounding


class MonomialContraction(torch.nn.Module):
    """B_L = Σ_ν Σ_k w^ν_kc Σ_i U^ν_i,k A_i1 ⋯ A_iν with i1 ≤ i2 ≤ … and U summed over the permutations of i.

    mace-torch stores the coupling tensors U densely, but only half a per cent of their entries differ from
    zero, and a product of features has no order: of 16³ products some 300 remain. The parameters are those of
    the original contraction, under their old names.

    Parameters
    ----------
    original : mace.modules.symmetric_contraction.SymmetricContraction
        mace-torch's layer, whose weights are used.
    """

    def __init__(self, original: Any) -> None:
        super().__init__()
        self.contractions = original.contractions
        self._original = (original,)  # a tuple: no submodule, or its parameters would be listed twice
        self.degree = original.contractions[0].correlation
        tables = [_polynomial(c) for c in self.contractions]
        self.sizes = [t[0][1].shape[0] for t in tables]  # 2L + 1 of each
        own = [torch.cat([t[nu][0] for t in tables]).unique(dim=0) for nu in range(self.degree)]
        needed = list(own)  # and the shorter products from which longer ones are made
        for nu in range(self.degree - 1, 0, -1):
            needed[nu - 1] = torch.cat([needed[nu - 1], needed[nu][:, :-1]]).unique(dim=0)
        for nu in range(self.degree):
            self._constant(f"last_factor_{nu}", needed[nu][:, -1])
            self._constant(f"own_{nu}", _rows(own[nu], needed[nu]))
            if nu:
                self._constant(f"shorter_{nu}", _rows(needed[nu][:, :-1], needed[nu - 1]))
            for j, table in enumerate(tables):
                monomials, coefficients = table[nu]
                coupling = coefficients.new_zeros(len(coefficients), len(own[nu]), coefficients.shape[2])
                coupling[:, _rows(monomials, own[nu])] = coefficients
                self._constant(f"coupling_{nu}_{j}", coupling)

    def _constant(self, name: str, value: torch.Tensor) -> None:
        self.register_buffer(name, value, persistent=False)

    def forward(self, features: torch.Tensor, species: torch.Tensor) -> torch.Tensor:
        """(n, channels, (l+1)²) and one-hot (n, elements) -> (n, Σ channels·(2L+1)), as mace-torch has it."""
        element = species.argmax(dim=1)
        order = element.argsort(stable=True)
        counts = torch.bincount(element, minlength=species.shape[1]).tolist()
        sorted_ = features.index_select(0, order).permute(2, 1, 0).contiguous()  # component, channel, atom
        total = torch.stack(list(self._degrees(sorted_, counts))).sum(dim=0)
        back = torch.empty_like(order).scatter_(0, order, torch.arange(len(order), device=order.device))
        total = total.permute(2, 0, 1).index_select(0, back)  # atom, channel, component
        return torch.cat([f.flatten(1) for f in total.split(self.sizes, dim=2)], dim=1)

    def _degrees(self, features: torch.Tensor, counts: list[int]) -> Iterator[torch.Tensor]:
        """The terms of each degree: (channels, Σ(2L+1), n), atoms sorted by element."""
        product = features
        for nu in range(self.degree):
            last = features.index_select(0, getattr(self, f"last_factor_{nu}"))
            product = last if nu == 0 else product.index_select(0, getattr(self, f"shorter_{nu}")) * last
            own = getattr(self, f"own_{nu}")
            monomials = product if len(own) == len(product) else product.index_select(0, own)
            of_element = monomials.transpose(0, 1).split(counts, dim=2)
            pairs = zip(self._weights(nu), of_element, strict=True)
            yield torch.cat([torch.bmm(w, m) for w, m in pairs], dim=2)

    def _weights(self, nu: int) -> torch.Tensor:
        """Σ_k w_kc U_k of degree ν + 1: (elements, channels, Σ(2L+1), monomials)."""
        down = self.degree - 1 - nu  # mace begins with the highest degree
        terms = [
            torch.einsum(
                "dmk,ekc->ecdm", getattr(self, f"coupling_{nu}_{j}"), [c.weights_max, *c.weights][down]
            )
            for j, c in enumerate(self.contractions)
        ]
        return torch.cat(terms, dim=2)


def _polynomial(contraction: Any) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """For each degree ν the monomials (M, ν) with sorted indices and their coefficients (2L+1, M, K)."""
    degrees = []
    for nu in range(1, contraction.correlation + 1):
        coupling = contraction.U_tensors(nu)
        width, paths = coupling.shape[-2:]
        coupling = coupling.reshape(-1, width**nu, paths)
        indices = torch.cartesian_prod(*[torch.arange(width)] * nu).reshape(-1, nu).sort(dim=1).values
        distinct, monomial = indices.unique(dim=0, return_inverse=True)
        summed = coupling.new_zeros(len(coupling), len(distinct), paths)
        summed.index_add_(1, monomial.to(coupling.device), coupling)
        keep = (summed.abs() > TINY).any(dim=0).any(dim=1).cpu()
        degrees.append((distinct[keep], summed[:, keep.to(coupling.device)]))
    return degrees


def _rows(rows: torch.Tensor, table: torch.Tensor) -> torch.Tensor:
    """Indices of some rows in a table that holds them all."""
    index = {tuple(entry): i for i, entry in enumerate(table.tolist())}
    return torch.tensor([index[tuple(entry)] for entry in rows.tolist()], dtype=torch.long)
