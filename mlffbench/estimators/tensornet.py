"""TensorNet through graph-pes' implementation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlffbench.estimators.base.graph_pes import GraphPES
from mlffbench.system.ranges import Count

if TYPE_CHECKING:
    import torch

    from mlffbench.potentials.graph_pes import Library

__all__ = ["TensorNet"]


@dataclass(eq=False, repr=False)
class TensorNet(GraphPES):
    """Equivariant messages of 3×3 matrices: graph-pes' TensorNet.

    Atoms carry matrices, sums of a scalar, a vector and a symmetric tensor; layers filter each by distance,
    sum over neighbours and multiply the sum with the atom's own [1]_. E = Σ_i (shift + scale · readout of the
    three norms); shift is the mean energy of an atom, scale the root mean square force. Forces and stresses
    by automatic differentiation.

    Parameters
    ----------
    cutoff : float
        Å.
    channels : int
        Matrices of an atom.
    layers : int
        Interactions after the embedding.
    radial_features : int
        Exponential radial functions, under a cosine that ends at the cutoff.

    Other Parameters
    ----------------
    {shared}

    References
    ----------
    .. [1] G. Simeon and G. De Fabritiis, NeurIPS 2023, arXiv:2306.06482. Code:
       https://github.com/jla-gardner/graph-pes
    """

    channels: Count = 16
    layers: Count = 2
    radial_features: Count = 32

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        """Cutoff, steps of the training, width and depth of the network; a matrix counts as nine scalars."""
        return {**super().search_space(), "channels": [8, 16, 32, 64], "layers": [1, 2, 3]}

    @staticmethod
    def _construct(
        library: Library, cutoff: float, channels: int, layers: int, radial_features: int
    ) -> torch.nn.Module:
        return library.TensorNet(
            cutoff=cutoff, channels=channels, layers=layers, radial_features=radial_features
        )
