"""SchNet through graph-pes' implementation, with filters that end smoothly at the cutoff."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlffbench.estimators.base.graph_pes import GraphPES
from mlffbench.system.ranges import Count

if TYPE_CHECKING:
    import torch

    from mlffbench.potentials.graph_pes import Library

__all__ = ["SchNet"]


@dataclass(eq=False, repr=False)
class SchNet(GraphPES):
    """Continuous-filter convolutions of distances: graph-pes' SchNet.

    Atoms carry scalars; x_i ← x_i + mlp(Σ_j x_j ∘ W(r_ij)) in every layer, W a network of Gaussians of the
    distance [1]_. E = Σ_i (shift + scale · readout(x_i)); shift is the mean energy of an atom, scale the root
    mean square force. W is faded by ½(1 + cos πr/cutoff) as in SchNetPack [2]_: graph-pes cuts it off, and
    energies would jump. Forces and stresses by automatic differentiation.

    Parameters
    ----------
    cutoff : float
        Å.
    channels : int
        Features of an atom.
    layers : int
        Interaction blocks: information travels `layers` times the cutoff.
    radial_features : int
        Gaussians of the distance.

    Other Parameters
    ----------------
    {shared}

    References
    ----------
    .. [1] K. T. Schütt et al., J. Chem. Phys. 148, 241722 (2018). Code: https://github.com/jla-gardner/graph-pes
    .. [2] K. T. Schütt et al., J. Chem. Theory Comput. 15, 448 (2019).
    """

    channels: Count = 64
    layers: Count = 3
    radial_features: Count = 50

    @staticmethod
    def _construct(
        library: Library, cutoff: float, channels: int, layers: int, radial_features: int
    ) -> torch.nn.Module:
        model = library.SchNet(
            cutoff=cutoff, channels=channels, layers=layers, expansion_features=radial_features
        )
        for interaction in model.interactions:
            filters = interaction.cfconv
            fade = library.CosineEnvelope(cutoff)
            filters.filter_generator = library.HaddamardProduct(
                filters.filter_generator, fade, left_aligned=True
            )
        return model
