"""Equivariant convolution: neighbours' features times spherical harmonics, weighted by the distance."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import torch

from mlffbench.potentials.networks.e3nn_wrapper import Irrep, coefficients, irreps

__all__ = ["Convolution", "rows_of", "sizes_of"]


class Convolution(torch.nn.Module):
    """m_p = w_p(r) ⊙ (x ⊗ Y)_p for every path p = (l₁, l₂ → l₃) of a neighbour's features with its direction.

    The tensor product of tensor field networks [1]_ as NequIP has it [2]_: (x ⊗ Y)_{k} = Σ_ij C_ijk x_i Y_j
    with the Clebsch–Gordan coefficients C, one weight a path and channel. All irreps have equally many
    channels, which come last; so the product is one batched matrix product per pair. e3nn's
    ``TensorProduct`` with ``uvu`` instructions gives the same numbers at twice the cost on a CPU.

    Parameters
    ----------
    inputs, harmonics : sequence of (l, parity)
        Irreps of the features and of the spherical harmonics.
    outputs : sequence of (l, parity)
        Irreps to compute. Those that no path reaches are left out of the attribute `outputs`; `sizes` holds
        the rows of all paths to each of the others.

    References
    ----------
    .. [1] N. Thomas et al., arXiv:1802.08219. .. [2] S. Batzner et al., Nat. Commun. 13, 2453 (2022).
    """

    product: torch.Tensor  # (n_harmonics, n_rows_out * n_rows_in)
    path: torch.Tensor  # (n_rows_out,), the path of each row of the message

    def __init__(self, inputs: Sequence[Irrep], harmonics: Sequence[Irrep], outputs: Sequence[Irrep]) -> None:
        super().__init__()
        paths = [
            (k, i, j)
            for k in outputs
            for i in range(len(inputs))
            for j in range(len(harmonics))
            if k in irreps(inputs[i], harmonics[j])
        ]
        self.reached = [k for k, _, _ in paths]  # sorted as outputs are
        self.outputs = [k for k in outputs if k in self.reached]
        self.n_paths = len(paths)
        ins, angles, outs = rows_of(inputs), rows_of(harmonics), rows_of(self.reached)
        product = torch.zeros(angles[-1].stop, outs[-1].stop, ins[-1].stop, dtype=torch.float64)
        for p, (k, i, j) in enumerate(paths):
            block = coefficients(inputs[i][0], harmonics[j][0], k[0])
            product[angles[j], outs[p], ins[i]] = block.permute(1, 2, 0)
        path = torch.repeat_interleave(torch.arange(self.n_paths), torch.tensor(sizes_of(self.reached)))
        self.sizes = [sum(sizes_of([r for r in self.reached if r == k])) for k in self.outputs]
        self.shape = product.shape[1:]
        self.register_buffer("product", product.flatten(1), persistent=False)
        self.register_buffer("path", path, persistent=False)

    def forward(self, x: torch.Tensor, y: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """(p, n_rows_in, channels), (p, n_harmonics), (p, n_paths, channels) -> (p, n_rows_out, channels)."""
        product = (y @ self.product).view(len(y), *self.shape)
        message = (
            product * x if x.shape[1] == 1 else torch.bmm(product, x)
        )  # one row: the product's own speed
        return message * weights.index_select(1, self.path)


def rows_of(kinds: Sequence[Irrep]) -> list[slice]:
    """Rows of each irrep's 2l+1 components when they are concatenated."""
    return [slice(end - n, end) for end, n in zip(accumulate(sizes_of(kinds)), sizes_of(kinds), strict=True)]


def sizes_of(kinds: Sequence[Irrep]) -> list[int]:
    """Number of components of each irrep."""
    return [2 * l + 1 for l, _ in kinds]
