"""NequIP's interaction layer: mix channels, convolve over the neighbours, add the atom itself, gate."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch.nn.functional import silu

from mlffbench.potentials.networks.convolution import Convolution, rows_of
from mlffbench.potentials.networks.e3nn_wrapper import Irrep

__all__ = ["Interaction", "Perceptron"]

SCALAR = (0, 1)
RADIAL = (64, 64)  # hidden widths of the radial network
UNIT = 1.6792  # UNIT · silu(x) has variance 1 for x from a normal distribution


class Interaction(torch.nn.Module):
    """x_i ← gate[ U Σ_j w(r_ij) (V x_j ⊗ Y(r_ij)) / √n̄ + S_{Z_i} x_i ], NequIP's layer.

    U, V and S mix the channels of each irrep, S by the atom's element; w is a small network of the radial
    basis; n̄ is the mean number of neighbours. Scalars pass through silu; every other irrep is multiplied by
    silu of a scalar of its own.

    Parameters
    ----------
    inputs, harmonics, outputs : sequence of (l, parity)
        Irreps of the incoming features, of the directions and of the outgoing features, scalars first.
    channels, n_elements, n_basis : int
        Channels of each irrep, elements, radial functions.
    neighbours : float
        Mean number of neighbours n̄.
    """

    def __init__(
        self,
        inputs: Sequence[Irrep],
        harmonics: Sequence[Irrep],
        outputs: Sequence[Irrep],
        *,
        channels: int,
        n_elements: int,
        n_basis: int,
        neighbours: float,
    ) -> None:
        super().__init__()
        self.channels, self.neighbours = channels, neighbours
        self.convolution = Convolution(inputs, harmonics, outputs)
        self.outputs = self.convolution.outputs
        widths = [channels * len(self.outputs), *[channels] * (len(self.outputs) - 1)]
        self.before = _ChannelMixing(inputs, inputs, [channels] * len(inputs), channels)
        self.after = _ChannelMixing(self.convolution.reached, self.outputs, widths, channels)
        self.itself = _SelfInteraction(inputs, self.outputs, widths, channels, n_elements)
        self.radial = Perceptron(n_basis, *RADIAL, self.convolution.n_paths * channels)

    def forward(
        self,
        x: torch.Tensor,
        y: torch.Tensor,
        basis: torch.Tensor,
        element: torch.Tensor,
        source: torch.Tensor,
        target: torch.Tensor,
    ) -> torch.Tensor:
        """(n, rows of the inputs, channels) -> (n, rows of the outputs, channels)."""
        weights = self.radial(basis).view(len(basis), self.convolution.n_paths, self.channels)
        messages = self.convolution(torch.cat(self.before(x), 1).index_select(0, target), y, weights)
        total = messages.new_zeros(len(x), *messages.shape[1:]).index_add(0, source, messages)
        mixed = self.after(total / self.neighbours**0.5)
        own = self.itself(x, element)
        first, *rest = [m if s is None else m + s for m, s in zip(mixed, own, strict=True)]
        scalars, *gates = (UNIT * silu(first)).split(self.channels, dim=2)
        return torch.cat([scalars, *(v * g for v, g in zip(rest, gates, strict=True))], dim=1)


class Perceptron(torch.nn.Module):
    """Linear layers without bias and silu between them: f(0) = 0, so the weights vanish at the cutoff."""

    def __init__(self, *sizes: int) -> None:
        super().__init__()
        self.weights = torch.nn.ParameterList(torch.randn(a, b) for a, b in pairwise(sizes))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        first, *others = self.weights
        x = x @ (first / len(first) ** 0.5)
        for weight in others:
            x = silu(x) @ (weight * (UNIT / len(weight) ** 0.5))
        return x


class _ChannelMixing(torch.nn.Module):
    """Linear map of channels: for each output irrep a matrix on the channels of all inputs of that irrep."""

    def __init__(
        self, inputs: Sequence[Irrep], outputs: Sequence[Irrep], widths: Sequence[int], channels: int
    ) -> None:
        super().__init__()
        spans = rows_of(inputs)
        self.rows = [[s for s, k in zip(spans, inputs, strict=True) if k == out] for out in outputs]
        sizes = [len(r) * channels for r in self.rows]
        self.weights = torch.nn.ParameterList(torch.randn(*s) for s in zip(sizes, widths, strict=True))

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        return [
            torch.cat([x[:, r] for r in rows], dim=2) @ (w / len(w) ** 0.5)
            for rows, w in zip(self.rows, self.weights, strict=True)
        ]


class _SelfInteraction(torch.nn.Module):
    """Linear map of an atom's own channels, a matrix for each element; None for irreps the inputs lack."""

    def __init__(
        self,
        inputs: Sequence[Irrep],
        outputs: Sequence[Irrep],
        widths: Sequence[int],
        channels: int,
        n_elements: int,
    ) -> None:
        super().__init__()
        rows = dict(zip(inputs, rows_of(inputs), strict=True))
        self.rows = [rows.get(k) for k in outputs]
        self.weights = torch.nn.ParameterDict(
            {
                str(k): torch.randn(n_elements, channels, width)
                for k, (r, width) in enumerate(zip(self.rows, widths, strict=True))
                if r is not None
            }
        )

    def forward(self, x: torch.Tensor, element: torch.Tensor) -> list[torch.Tensor | None]:
        scale = x.shape[2] ** 0.5
        return [
            None if r is None else torch.bmm(x[:, r], self.weights[str(k)].index_select(0, element) / scale)
            for k, r in enumerate(self.rows)
        ]
