"""PaiNN through graph-pes' implementation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlffbench.estimators.base.graph_pes import GraphPES
from mlffbench.system.ranges import Count

if TYPE_CHECKING:
    import torch

    from mlffbench.potentials.graph_pes import Library

__all__ = ["PaiNN"]


@dataclass(eq=False, repr=False)
class PaiNN(GraphPES):
    """Equivariant messages of scalars and vectors: graph-pes' PaiNN.

    Atoms carry scalars and vectors that turn with the molecule; filters of distances, times directions, carry
    both to the neighbours, and each updates the other [1]_. E = Σ_i (shift + scale · readout of the scalars);
    shift is the mean energy of an atom, scale the root mean square force. Forces and stresses by automatic
    differentiation.

    Parameters
    ----------
    cutoff : float
        Å.
    channels : int
        Scalars of an atom, and as many vectors.
    layers : int
        Pairs of a message and an update: information travels `layers` times the cutoff.
    radial_features : int
        Bessel functions of the distance, under a polynomial that ends smoothly at the cutoff.

    Other Parameters
    ----------------
    {shared}

    References
    ----------
    .. [1] K. T. Schütt, O. T. Unke and M. Gastegger, ICML 2021, arXiv:2102.03150. Code:
       https://github.com/jla-gardner/graph-pes
    """

    channels: Count = 32
    layers: Count = 3
    radial_features: Count = 20

    @staticmethod
    def _construct(
        library: Library, cutoff: float, channels: int, layers: int, radial_features: int
    ) -> torch.nn.Module:
        return library.PaiNN(cutoff=cutoff, channels=channels, layers=layers, radial_features=radial_features)
