"""TensorNet through graph-pes' implementation."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import torch

from mlffbench.estimators.base.graph_pes import GraphPES

__all__ = ["TensorNet"]


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
        Of the weights and of what they see.
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
    .. [1] G. Simeon and G. De Fabritiis, NeurIPS 2023, arXiv:2306.06482. Code:
       https://github.com/jla-gardner/graph-pes
    """

    def __init__(
        self,
        cutoff: float = 5.0,
        channels: int = 16,
        layers: int = 2,
        radial_features: int = 32,
        *,
        energy_weight: float = 1.0,
        forces_weight: float = 1.0,
        stress_weight: float = 100.0,
        max_epochs: int = 100,
        batch_size: int = 5,
        learning_rate: float = 0.005,
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
        self.channels = channels
        self.layers = layers
        self.radial_features = radial_features
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
        return {"channels": 8, "layers": 2, "radial_features": 8, "max_epochs": 2, "dtype": "float64"}

    @staticmethod
    def _construct(
        library: SimpleNamespace, cutoff: float, channels: int, layers: int, radial_features: int
    ) -> torch.nn.Module:
        return library.TensorNet(
            cutoff=cutoff, channels=channels, layers=layers, radial_features=radial_features
        )
