"""NequIP by its authors' package, in a Python environment of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from mlffbench.estimators.base.graph_network import GraphNetwork
from mlffbench.system.ranges import Count, Length, Order, Positive

if TYPE_CHECKING:
    import torch

    from mlffbench.descriptors.graph import Graph
    from mlffbench.potentials.networks.batches import LabelledGraphs

__all__ = ["NequIP"]


@dataclass(eq=False, repr=False)
class NequIP(GraphNetwork):
    """NequIP as its authors write it: the network of the package nequip, in the common training loop.

    E(3)-equivariant message passing [1]_ [2]_, the architecture that `EquivariantNetwork` implements again:
    here layers, initial weights and precision are the package's own, in its mode ``eager``. Loss, batches,
    schedule and the choice of the best epoch are those of the other networks here; the package's own training
    by Lightning is not used, so that rows differ in the network alone. The package needs e3nn 0.6, MACE
    e3nn 0.4.4: a suite fits this method in its own `environment`.

    Parameters
    ----------
    cutoff : float
        Å.
    num_channels : int
        Features of each order: ``num_features`` of the package.
    l_max : int
        Highest order of features and spherical harmonics.
    num_layers : int
        Convolutions: information travels `num_layers` times the cutoff.
    num_radial_basis : int
        Bessel functions of the distance.
    radial_width : int
        Neurons of the hidden layer of the radial networks.
    parity : bool
        Features of either parity in every order.

    Other Parameters
    ----------------
    {shared}

    References
    ----------
    .. [1] S. Batzner et al., Nat. Commun. 13, 2453 (2022). Code: https://github.com/mir-group/nequip
    .. [2] C. W. Tan et al., High-performance training and inference for deep equivariant interatomic
       potentials, arXiv:2504.16068.
    """

    cutoff: Length = 4.5
    num_channels: Count = 32
    l_max: Order = 1
    num_layers: Count = 3
    _: KW_ONLY
    num_radial_basis: Count = 8
    radial_width: Count = 64
    parity: bool = False
    max_epochs: Count = 60
    learning_rate: Positive = 0.01

    requires: ClassVar[tuple[str, ...]] = ("torch", "nequip")
    extra: ClassVar[str | None] = "nequip"
    environment: ClassVar[Mapping[str, Any] | None] = {
        "name": "nequip",
        "requirements": ["nequip>=0.19,<0.20", "torch>=2.6,<2.14"],
    }

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
        return {"num_channels": 4, "num_layers": 2, "radial_width": 8, "max_epochs": 2, "dtype": "float64"}

    def import_libraries(self) -> None:
        super().import_libraries()

        from mlffbench.potentials.nequip import builder

        builder()

    def _config(self, training: LabelledGraphs) -> dict[str, Any]:
        return {
            "type_names": list(self.elements_),
            "r_max": self.cutoff_,
            "num_features": self.num_channels,
            "l_max": self.l_max,
            "num_layers": self.num_layers,
            "num_bessels": self.num_radial_basis,
            "radial_mlp_width": self.radial_width,
            "parity": self.parity,
            "avg_num_neighbors": max(len(training.graph.source) / len(training.graph.numbers), 1.0),
            "per_type_energy_shifts": self.shift_,
            "per_type_energy_scales": self.scale_,
        }

    def _build(self) -> torch.nn.Module:
        """The package's network, whose constants stay in float64 whatever the weights are."""
        return self._module(**self.config_)

    def _module(self, **config: Any) -> torch.nn.Module:
        from mlffbench.potentials.nequip import network

        return network(self.dtype_, **config)

    def _energies(self, batch: Graph) -> torch.Tensor:
        from mlffbench.potentials.nequip import atomic_energies

        return batch.sum_atoms(atomic_energies(self.module_, batch, self.elements_).double())
