"""E(3)-equivariant message passing: NequIP's architecture, reimplemented on e3nn."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ase import Atoms

from mlffbench.estimators.base.graph_network import GraphNetwork
from mlffbench.system.ranges import Count, Length, Order, Positive

if TYPE_CHECKING:
    import torch

    from mlffbench.descriptors.graph import Graph
    from mlffbench.potentials.networks.batches import LabelledGraphs

__all__ = ["EquivariantNetwork"]


@dataclass(eq=False, repr=False)
class EquivariantNetwork(GraphNetwork):
    """E(3)-equivariant message passing of NequIP's architecture on e3nn; not the authors' code.

    Atoms carry scalars, vectors and tensors that turn with the molecule; each layer convolves those of the
    neighbours with spherical harmonics of their directions, by a tensor product whose weights are a small
    network of the distance, and gates the sum [1]_ [2]_. An atom's energy is shift + scale · a linear readout
    of its last scalars, with the mean energy of an atom and the root mean square force. Reflections change
    nothing either. Forces and stresses by automatic differentiation. Vectors between atoms are differences of
    float64 positions, whatever `dtype` is.

    Parameters
    ----------
    cutoff : float
        Å.
    num_channels : int
        Features of each order.
    l_max : int
        Highest order of features and spherical harmonics.
    num_layers : int
        Convolutions: information travels `num_layers` times the cutoff.
    num_radial_basis : int
        Bessel functions of the distance.
    parity : bool
        Features of either parity in every order; else scalars, vectors, tensors only, and no pseudoscalars,
        pseudovectors ..., at about half the cost.

    Other Parameters
    ----------------
    {shared}

    References
    ----------
    .. [1] S. Batzner et al., Nat. Commun. 13, 2453 (2022). Code: https://github.com/mir-group/nequip
    .. [2] N. Thomas et al., Tensor field networks, arXiv:1802.08219. M. Geiger and T. Smidt, e3nn,
       arXiv:2207.09453.
    """

    cutoff: Length = 4.5
    num_channels: Count = 32
    l_max: Order = 1
    num_layers: Count = 3
    _: KW_ONLY
    num_radial_basis: Count = 8
    parity: bool = False
    max_epochs: Count = 60
    learning_rate: Positive = 0.02

    predicts_std: ClassVar[bool] = True
    requires: ClassVar[tuple[str, ...]] = ("torch", "e3nn")
    implementation: ClassVar[tuple[str, ...]] = (
        *GraphNetwork.implementation,
        "mlffbench.potentials.networks.nequip",
    )

    def import_libraries(self) -> None:
        super().import_libraries()

        from mlffbench.potentials.networks.e3nn_wrapper import o3

        o3()

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        """Cutoff, steps of the training, width, order and depth of the network."""
        return {
            **super().search_space(),
            "num_channels": [16, 32, 64],
            "l_max": [1, 2],
            "num_layers": [2, 3, 4],
        }

    @classmethod
    def test_params(cls) -> dict[str, Any]:
        return {"num_channels": 4, "num_layers": 2, "max_epochs": 2, "dtype": "float64"}

    def _config(self, training: LabelledGraphs) -> dict[str, Any]:
        return {
            "numbers": Atoms(self.elements_).numbers.tolist(),
            "cutoff": self.cutoff_,
            "channels": self.num_channels,
            "l_max": self.l_max,
            "layers": self.num_layers,
            "basis": self.num_radial_basis,
            "parity": self.parity,
            "neighbours": max(len(training.graph.source) / len(training.graph.numbers), 1.0),
            "shift": self.shift_,
            "scale": self.scale_,
        }

    def _module(self, **config: Any) -> torch.nn.Module:
        from mlffbench.potentials.networks.nequip import NequIP

        return NequIP(**config)

    def _readout(self) -> torch.nn.Module:
        return self.module_.get_submodule("readout")

    def _energies(self, batch: Graph) -> torch.Tensor:
        return batch.sum_atoms(self.module_(batch).double())

    def _with_forces(
        self, batch: Graph, create_graph: bool = False
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        from mlffbench.descriptors.pair_forces import with_pair_forces

        return with_pair_forces(self._energies, batch, create_graph)
