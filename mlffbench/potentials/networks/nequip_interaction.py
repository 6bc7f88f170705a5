"""NequIP's interaction layer: mix channels, convolve over the neighbours, add the atom itself, gate."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch

from mlffbench.potentials.networks.activation import silu
from mlffbench.potentials.networks.convolution import Convolution, sizes_of
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
        self.channels, self.sizes = channels, sizes_of(inputs)
        self.convolution = Convolution(inputs, harmonics, outputs)
        self.outputs = self.convolution.outputs
        widths = [channels * len(self.outputs), *[channels] * (len(self.outputs) - 1)]
        self.before = _ChannelMixing([1] * len(inputs), [channels] * len(inputs), channels)
        paths = [self.convolution.reached.count(k) for k in self.outputs]
        self.after = _ChannelMixing(paths, widths, channels, neighbours**-0.5)
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
        parts = x.split(self.sizes, dim=1)
        mixed = torch.cat(self.before(parts), dim=1)
        messages = self.convolution(mixed.index_select(0, target), y, weights)
        total = messages.new_zeros(len(x), *messages.shape[1:]).index_add(0, source, messages)
        mixed = self.after(total.split(self.convolution.sizes, dim=1))
        own = self.itself(parts, element)
        first, *rest = [m if s is None else m + s for m, s in zip(mixed, own, strict=True)]
        scalars, *gates = (UNIT * silu(first)).split(self.channels, dim=2)
        return torch.cat([scalars, *(v * g for v, g in zip(rest, gates, strict=True))], dim=1)


class Perceptron(torch.nn.Module):
    """Linear layers without bias and silu between them: f(0) = 0, so the weights vanish at the cutoff."""

    def __init__(self, *sizes: int) -> None:
        super().__init__()
        self.weights = torch.nn.ParameterList(torch.randn(a, b) for a, b in pairwise(sizes))
        self.scales = [(UNIT if k else 1.0) / n**0.5 for k, n in enumerate(sizes[:-1])]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        first, *others = torch._foreach_mul(list(self.weights), self.scales)
        x = x @ first
        for weight in others:
            x = silu(x) @ weight
        return x


class _ChannelMixing(torch.nn.Module):
    """Linear map of channels: for each irrep a matrix on the channels of all paths that lead to it.

    Parameters
    ----------
    paths, widths : sequence of int
        Paths to each irrep, whose rows follow one another; channels to compute.
    channels : int
        Channels of a path.
    scale : float
        Factor of the map.
    """

    def __init__(
        self, paths: Sequence[int], widths: Sequence[int], channels: int, scale: float = 1.0
    ) -> None:
        super().__init__()
        self.paths, sizes = paths, [n * channels for n in paths]
        self.weights = torch.nn.ParameterList(torch.randn(*s) for s in zip(sizes, widths, strict=True))
        self.scales = [scale / size**0.5 for size in sizes]

    def forward(self, parts: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """(n, paths * (2l+1), channels) of each irrep -> (n, 2l+1, width)."""
        weights = torch._foreach_mul(list(self.weights), self.scales)
        return [_beside(x, n) @ w for x, n, w in zip(parts, self.paths, weights, strict=True)]


def _beside(x: torch.Tensor, n: int) -> torch.Tensor:
    """Put the channels of n paths, whose rows follow one another, beside each other."""
    return x if n == 1 else x.unflatten(1, (n, -1)).transpose(1, 2).flatten(2)


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
        self.places = [inputs.index(k) if k in inputs else None for k in outputs]
        self.scale = channels**-0.5
        self.weights = torch.nn.ParameterDict(
            {
                str(k): torch.randn(n_elements, channels, width)
                for k, (place, width) in enumerate(zip(self.places, widths, strict=True))
                if place is not None
            }
        )

    def forward(self, parts: Sequence[torch.Tensor], element: torch.Tensor) -> list[torch.Tensor | None]:
        weights = iter(torch._foreach_mul(list(self.weights.values()), self.scale))
        return [
            None if place is None else torch.bmm(parts[place], next(weights).index_select(0, element))
            for place in self.places
        ]
