"""Behler–Parrinello: one small neural network per element on atom-centred symmetry functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from ase import Atoms

from mlffbench.data import Labels
from mlffbench.descriptors import graph
from mlffbench.descriptors.acsf import ACSF
from mlffbench.descriptors.graph import Graph
from mlffbench.estimators.base.warm_start import WarmStart
from mlffbench.potentials.networks.acsf_batches import Batch, Described, derivatives
from mlffbench.potentials.networks.batches import loss as weighted_loss
from mlffbench.potentials.networks.batches import parts
from mlffbench.potentials.networks.element_networks import ElementNetworks
from mlffbench.potentials.networks.training import (
    Settings,
    checked_dtype,
    holdout,
    seed_of,
    seeded,
    shuffled,
    train,
)
from mlffbench.system.device import checked_device

__all__ = ["BehlerParrinello"]

KEPT_BYTES = 2e9  # derivatives of descriptors up to this size are computed once, not every epoch
FLOORS = 0.1, 1e-3  # least width that a feature is divided by: relative to the mean width, and absolute
BATCH = 32  # frames that are validated at a time


class BehlerParrinello(WarmStart):
    """E = Σ_i N_Z(i)(G_i): a feed-forward network per element on its symmetry functions [1]_.

    Energies, forces and, where labelled, stresses are fitted. The structures stand still in training, so the
    descriptors' derivatives are computed once, F = −Σ ∂E/∂G ∂G/∂r, and an epoch costs the networks alone.

    Parameters
    ----------
    cutoff : float
        Å.
    hidden : tuple of int
        Width of each hidden layer.
    n_networks : int
        Trained one after the other on the same descriptors, each with its own first weights and its own
        frames held out. The mean is predicted; from two on also their standard deviation, energy_std and
        forces_std [2]_.
    energy_weight, forces_weight, stress_weight : float
        Of the squared errors: energy per atom, eV; force components, eV/Å; stress components, eV/Å³.
    max_epochs, batch_size, learning_rate, patience : optional
        Training of each network; see `mlffbench.potentials.networks.training.Settings`.
    max_seconds : float, optional
        Of the training of all networks together.
    validation_fraction : float
        Part of the training frames held out to choose the best epoch.
    warm_start : bool
        A second `fit` goes on from the present weights.
    device : str
    dtype : {"float64", "float32"}
    random_state : int, optional
    atomic_energies : mapping of str to float, optional
        Energies of isolated atoms, eV.

    Attributes
    ----------
    history_ : list of dict
        One row an epoch of each network.

    References
    ----------
    .. [1] J. Behler and M. Parrinello, Phys. Rev. Lett. 98, 146401 (2007); J. Behler, J. Chem. Phys. 134,
       074106 (2011).
    .. [2] C. Schran, K. Brezina and O. Marsalek, J. Chem. Phys. 153, 104105 (2020).
    """

    shares_inputs = True

    def __init__(
        self,
        cutoff: float = 5.0,
        hidden: tuple[int, ...] = (64, 64),
        *,
        n_networks: int = 1,
        energy_weight: float = 30.0,
        forces_weight: float = 1.0,
        stress_weight: float = 100.0,
        max_epochs: int = 300,
        batch_size: int = 10,
        learning_rate: float = 0.01,
        validation_fraction: float = 0.1,
        patience: int | None = 100,
        max_seconds: float | None = None,
        warm_start: bool = False,
        device: str = "cpu",
        dtype: str = "float64",
        random_state: int | None = 0,
        atomic_energies: Mapping[str, float] | None = None,
    ) -> None:
        self.cutoff = cutoff
        self.hidden = hidden
        self.n_networks = n_networks
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
        return {"cutoff": 4.5, "hidden": (8,), "max_epochs": 10}

    # ------------------------------------------------------------ learning
    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        if self.n_networks < 1:
            raise ValueError(f"n_networks must be at least 1; got {self.n_networks}")
        self.device_, self.dtype_ = str(checked_device(self.device)), self.dtype
        self.acsf_ = ACSF(self.cutoff, species=self.elements_).fit(frames)
        described = self._described(frames, labels)
        self.networks_ = []
        for seed in self._seeds(self.n_networks):
            training, _ = holdout(len(frames), self.validation_fraction, seed)
            mean, width = _spread(described, training)
            shift, scale = _scales([frames[i] for i in training], labels[training])
            with seeded(seed):
                network = ElementNetworks(self.hidden, *mean.shape)
            network.scale_by(mean, width, shift, scale)
            self.networks_.append(network.to(self.device_, checked_dtype(self.dtype_)))
        self._train(described)

    def _partial_fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        self._train(self._described(frames, labels))

    def _described(self, frames: Sequence[Atoms], labels: Labels) -> Described:
        dtype, device = checked_dtype(self.dtype_), torch.device(self.device_)
        return Described(self.acsf_, frames, labels, dtype, device, KEPT_BYTES)

    def _seeds(self, n: int) -> list[int]:
        return [seed_of(self.random_state) + k for k in range(n)]

    def _train(self, described: Described) -> None:
        """Each network on its own part of the frames; the time is shared out evenly."""
        self.history_: list[dict[str, float]] = []
        n, columns = len(self.networks_), self.acsf_.columns.to(self.device_)
        seconds = None if self.max_seconds is None else self.max_seconds / n
        settings = Settings(self.max_epochs, seconds, self.patience, cooldown=0.5)
        for network, seed in zip(self.networks_, self._seeds(n), strict=True):
            training, held = holdout(len(described.frames), self.validation_fraction, seed)
            generator = torch.Generator().manual_seed(seed)
            loss = partial(self._loss, network, columns)
            self.history_ += train(
                network,
                [{"params": network.parameters(), "lr": self.learning_rate}],
                batches=lambda: map(described.batch, shuffled(training.tolist(), self.batch_size, generator)),  # noqa: B023
                loss=loss,
                validate=(lambda: _mean_loss(loss, described, held.tolist())) if len(held) else None,  # noqa: B023
                settings=settings,
            )

    def _loss(self, network: ElementNetworks, columns: torch.Tensor, batch: Batch) -> torch.Tensor:
        return weighted_loss(batch, *derivatives(network, batch, columns), self)

    # ------------------------------------------------------------ predicting
    def _prepare(self, frames: Sequence[Atoms]) -> list[Graph]:
        return [graph.build(p, self.acsf_.cutoff, device=self.device_) for p in parts(frames)]

    def _evaluate(self, inputs: list[Graph]) -> Labels:
        members = [graph.predict(partial(self._energies, network), inputs) for network in self.networks_]
        return members[0] if len(members) == 1 else _ensemble(members)

    def _energies(self, network: ElementNetworks, batch: Graph) -> torch.Tensor:
        features, element = self.acsf_.features(batch), self.acsf_.element(batch.numbers)
        return batch.sum_atoms(network(features.to(network.mean.dtype), element).double())

    # ------------------------------------------------------------ pickling
    def __getstate__(self) -> dict[str, Any]:
        """Weights instead of modules: a file holds values, no code."""
        state = super().__getstate__().copy()
        if "networks_" in state:
            state["networks_"] = [
                {k: v.detach().cpu().clone() for k, v in n.state_dict().items()} for n in state["networks_"]
            ]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "networks_" in state:
            self.device_ = self.device_ if torch.cuda.is_available() else "cpu"
            with seeded(0):
                self.networks_ = [
                    ElementNetworks.of(weights).to(self.device_) for weights in state["networks_"]
                ]


def _spread(described: Described, training: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and width of the features around each element's training atoms."""
    features = torch.cat([described.features[i] for i in training])
    element = torch.cat([described.element(i) for i in training])
    groups = [features[element == z] for z in range(len(described.acsf.species_))]
    mean = torch.stack([g.mean(0) if len(g) else g.new_zeros(g.shape[1]) for g in groups])
    width = torch.stack([g.std(0, correction=0) if len(g) else g.new_zeros(g.shape[1]) for g in groups])
    # what hardly varies in training must not decide elsewhere, nor make the energy rough
    relative, absolute = FLOORS
    return mean, torch.maximum(width, relative * width.mean(1, keepdim=True)).clamp(min=absolute)


def _scales(frames: Sequence[Atoms], labels: Labels) -> tuple[float, float]:
    """Mean energy of an atom, eV, and the size of what is left: RMS force times 1 Å, else energies."""
    per_atom = labels.energy / [len(a) for a in frames]
    known = [f for f in labels.forces or () if f is not None]
    size = np.sqrt(np.mean(np.concatenate(known) ** 2)) if known else per_atom.std()
    return float(per_atom.mean()), float(size) if size > 0 else 1.0


def _mean_loss(loss: Callable[[Batch], torch.Tensor], described: Described, indices: list[int]) -> float:
    groups = [indices[i : i + BATCH] for i in range(0, len(indices), BATCH)]
    return sum(loss(described.batch(g)).item() * len(g) for g in groups) / len(indices)


def _ensemble(members: list[Labels]) -> Labels:
    """The mean of several predictions, and √(Σ(x − mean)²/(n − 1)) of energies and forces."""
    energies = np.array([m.energy for m in members])
    frames = range(len(members[0]))
    at = lambda name, i: np.array([getattr(m, name)[i] for m in members])
    stress = members[0].stress
    return Labels(
        energies.mean(axis=0),
        tuple(at("forces", i).mean(axis=0) for i in frames),
        stress and tuple(None if stress[i] is None else at("stress", i).mean(axis=0) for i in frames),
        energies.std(axis=0, ddof=1),
        tuple(at("forces", i).std(axis=0, ddof=1) for i in frames),
    )
