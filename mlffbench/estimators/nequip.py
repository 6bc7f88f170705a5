"""NequIP by its authors' package, in a Python environment of its own."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from mlffbench.estimators.base.nequip_network import NequIPNetwork
from mlffbench.system.ranges import Count, Length, Order

if TYPE_CHECKING:
    import torch

__all__ = ["NequIP"]


@dataclass(eq=False, repr=False)
class NequIP(NequIPNetwork):
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
    num_layers: Count = 2
    _: KW_ONLY
    num_radial_basis: Count = 8
    radial_width: Count = 64
    parity: bool = False
    max_epochs: Count = 60

    predicts_std: ClassVar[bool] = True
    architecture: ClassVar[str] = "nequip"

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

    def _readout(self) -> torch.nn.Module:
        from mlffbench.potentials.nequip import readout

        return readout(self.module_)

    def _size(self) -> dict[str, Any]:
        return {
            "num_features": self.num_channels,
            "l_max": self.l_max,
            "num_layers": self.num_layers,
            "num_bessels": self.num_radial_basis,
            "radial_mlp_width": self.radial_width,
            "parity": self.parity,
        }
