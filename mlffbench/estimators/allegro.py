"""Allegro by its authors' package, in the Python environment of nequip."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

from mlffbench.estimators.base.nequip_network import NequIPNetwork
from mlffbench.system.ranges import Count, Length, Order

__all__ = ["Allegro"]


@dataclass(eq=False, repr=False)
class Allegro(NequIPNetwork):
    """Allegro as its authors write it: the network of nequip-allegro, in the common training loop.

    Equivariant features of pairs of atoms, with no messages between atoms: an energy depends on nothing
    beyond the cutoff, however many layers there are [1]_ [2]_. Each layer multiplies the tensors of a pair
    with a weighted sum of the spherical harmonics around its first atom, and feeds the scalars of the product
    to a network; E = Σ_i (shift + scale · Σ_j ε_ij), up to a constant. Layers, initial weights and precision
    are the package's own, in its mode ``eager``, with tensor products as matrix products: the same numbers.
    Loss, batches, schedule and the choice of the best epoch are those of the other networks here. A suite
    fits this method in its own `environment`, that of `NequIP`.

    Parameters
    ----------
    cutoff : float
        Å.
    num_scalar_features, num_tensor_features : int
        Scalars of a pair; features of each order of a pair.
    l_max : int
        Highest order of features and spherical harmonics.
    num_layers : int
        Tensor products: body order − 2.
    num_radial_basis : int
        Bessel functions of the distance.
    mlp_width : int
        Neurons of the hidden layer of each network of scalars: embedding, layers and readout.
    parity : bool
        Features of either parity in every order.

    Other Parameters
    ----------------
    {shared}

    References
    ----------
    .. [1] A. Musaelian et al., Nat. Commun. 14, 579 (2023). Code: https://github.com/mir-group/allegro
    .. [2] C. W. Tan et al., High-performance training and inference for deep equivariant interatomic
       potentials, arXiv:2504.16068.
    """

    cutoff: Length = 4.5
    num_scalar_features: Count = 64
    num_tensor_features: Count = 8
    l_max: Order = 2
    num_layers: Count = 2
    _: KW_ONLY
    num_radial_basis: Count = 8
    mlp_width: Count = 64
    parity: bool = False
    max_epochs: Count = 60

    requires: ClassVar[tuple[str, ...]] = ("torch", "nequip", "allegro")
    readout_of_pairs: ClassVar[bool] = True
    architecture: ClassVar[str] = "allegro"

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        """Cutoff, steps of the training, width, order and depth of the network."""
        return {
            **super().search_space(),
            "num_scalar_features": [32, 64, 128],
            "num_tensor_features": [4, 8, 16],
            "l_max": [1, 2],
            "num_layers": [1, 2, 3],
        }

    @classmethod
    def test_params(cls) -> dict[str, Any]:
        return {
            "num_scalar_features": 8,
            "num_tensor_features": 4,
            "mlp_width": 8,
            "max_epochs": 2,
            "dtype": "float64",
        }

    def _size(self) -> dict[str, Any]:
        return {
            "num_scalar_features": self.num_scalar_features,
            "num_tensor_features": self.num_tensor_features,
            "l_max": self.l_max,
            "num_layers": self.num_layers,
            "num_bessels": self.num_radial_basis,
            "mlp_width": self.mlp_width,
            "parity": self.parity,
        }
