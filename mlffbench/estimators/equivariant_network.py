"""E(3)-equivariant message passing: NequIP's architecture, written again on e3nn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from ase import Atoms

from mlffbench.descriptors.graph import Graph
from mlffbench.estimators.base.graph_network import GraphNetwork
from mlffbench.potentials.networks.batches import Labelled
from mlffbench.potentials.networks.nequip import Equivariant

__all__ = ["EquivariantNetwork"]


class EquivariantNetwork(GraphNetwork):
    """E(3)-equivariant message passing of NequIP's architecture on e3nn; not the authors' code.

    Atoms carry scalars, vectors and tensors that turn with the molecule; each layer convolves those of the
    neighbours with spherical harmonics of their directions, by a tensor product whose weights are a small
    network of the distance, and gates the sum [1]_ [2]_. An atom's energy is shift + scale · a linear readout
    of its last scalars, with the mean energy of an atom and the root mean square force. Reflections change
    nothing either. Forces and stresses by automatic differentiation.

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
    energy_weight, forces_weight, stress_weight : float
        Of the squared errors: energy per atom, eV; force components, eV/Å; stress components, eV/Å³.
    max_epochs, batch_size, learning_rate, patience, max_seconds : optional
        Training; see `mlffbench.potentials.networks.training.Settings`.
    validation_fraction : float
        Part of the training frames held out to choose the best epoch.
    warm_start : bool
        A second `fit` goes on from the present weights.
    device : str
        ``cpu``, ``cuda``, ``cuda:1`` ...
    dtype : {"float32", "float64"}
        Of the weights; distances are always float64.
    random_state : int, optional
    atomic_energies : mapping of str to float, optional
        Energies of isolated atoms, eV.

    Attributes
    ----------
    history_ : list of dict
        One row an epoch.
    shift_, scale_ : float
        eV an atom, eV.
    device_, dtype_ : str
        Those of the weights.

    References
    ----------
    .. [1] S. Batzner et al., Nat. Commun. 13, 2453 (2022). Code: https://github.com/mir-group/nequip
    .. [2] N. Thomas et al., Tensor field networks, arXiv:1802.08219. M. Geiger and T. Smidt, e3nn,
       arXiv:2207.09453.
    """

    def __init__(
        self,
        cutoff: float = 4.5,
        num_channels: int = 32,
        l_max: int = 1,
        num_layers: int = 3,
        *,
        num_radial_basis: int = 8,
        parity: bool = False,
        energy_weight: float = 1.0,
        forces_weight: float = 1.0,
        stress_weight: float = 100.0,
        max_epochs: int = 60,
        batch_size: int = 5,
        learning_rate: float = 0.02,
        validation_fraction: float = 0.1,
        patience: int | None = None,
        max_seconds: float | None = None,
        warm_start: bool = False,
        device: str = "cpu",
        dtype: str = "float32",
        random_state: int | None = 0,
        atomic_energies: Mapping[str, float] | None = None,
    ) -> None:
        self.cutoff = cutoff
        self.num_channels = num_channels
        self.l_max = l_max
        self.num_layers = num_layers
        self.num_radial_basis = num_radial_basis
        self.parity = parity
        self.energy_weight = energy_weight
        self.forces_weight = forces_weight
        self.stress_weight = stress_weight
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.max_seconds = max_seconds
        self.warm_start = warm_start
        self.device = device
        self.dtype = dtype
        self.random_state = random_state
        self.atomic_energies = atomic_energies

    @classmethod
    def test_params(cls) -> dict[str, Any]:
        return {"num_channels": 4, "num_layers": 2, "max_epochs": 2, "dtype": "float64"}

    def _config(self, training: Labelled) -> dict[str, Any]:
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
        return Equivariant(**config)

    def _energies(self, batch: Graph) -> torch.Tensor:
        return batch.sum_atoms(self.module_(batch).double())
