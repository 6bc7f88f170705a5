"""Behler–Parrinello: one small neural network per element on atom-centred symmetry functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from ase import Atoms

from mlffbench import graph
from mlffbench.data import Labels
from mlffbench.descriptors._described import Batch, Described, derivatives
from mlffbench.descriptors.acsf import ACSF
from mlffbench.device import checked_device
from mlffbench.forcefield import ForceField
from mlffbench.graph import Graph
from mlffbench.nn.train import (
    Settings,
    checked_dtype,
    holdout,
    seed_of,
    seeded,
    shuffled,
    train,
)

__all__ = ["BehlerParrinello"]

KEPT_BYTES = 2e9  # derivatives of descriptors up to this size are computed once, not every epoch
FLOORS = 0.1, 1e-3  # least width that a feature is divided by: relative to the mean width, and absolute
BATCH = 32  # frames that are predicted at a time


class BehlerParrinello(ForceField):
    """E = Σ_i N_Z(i)(G_i): a feed-forward network per element on its symmetry functions [1]_.

    Energies, forces and, where labelled, stresses are fitted. The structures stand still in training, so the
    descriptors' derivatives are computed once, F = −Σ ∂E/∂G ∂G/∂r, and an epoch costs the networks alone.

    Parameters
    ----------
    cutoff : float
        Å.
    hidden : tuple of int
        Width of each hidden layer.
    energy_weight, forces_weight, stress_weight : float
        Of the squared errors: energy per atom, eV; force components, eV/Å; stress components, eV/Å³.
    max_epochs, batch_size, learning_rate, patience, max_seconds : optional
        Training; see `mlffbench.nn.train.Settings`.
    validation_fraction : float
        Part of the training frames held out to choose the best epoch.
    device : str
    dtype : {"float64", "float32"}
    random_state : int, optional
    atomic_energies : mapping of str to float, optional
        Energies of isolated atoms, eV.

    Attributes
    ----------
    history_ : list of dict
        One row an epoch.

    References
    ----------
    .. [1] J. Behler and M. Parrinello, Phys. Rev. Lett. 98, 146401 (2007); J. Behler, J. Chem. Phys. 134,
       074106 (2011).
    """

    def __init__(
        self,
        cutoff: float = 5.0,
        hidden: tuple[int, ...] = (32, 32),
        *,
        energy_weight: float = 1.0,
        forces_weight: float = 1.0,
        stress_weight: float = 100.0,
        max_epochs: int = 200,
        batch_size: int = 10,
        learning_rate: float = 0.005,
        validation_fraction: float = 0.1,
        patience: int | None = 100,
        max_seconds: float | None = None,
        device: str = "cpu",
        dtype: str = "float64",
        random_state: int | None = 0,
        atomic_energies: Mapping[str, float] | None = None,
    ) -> None:
        self.cutoff = cutoff
        self.hidden = hidden
        self.energy_weight = energy_weight
        self.forces_weight = forces_weight
        self.stress_weight = stress_weight
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.max_seconds = max_seconds
        self.device = device
        self.dtype = dtype
        self.random_state = random_state
        self.atomic_energies = atomic_energies

    @classmethod
    def test_params(cls) -> dict[str, Any]:
        return {"cutoff": 4.5, "hidden": (8,), "max_epochs": 10}

    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        device, dtype = checked_device(self.device), checked_dtype(self.dtype)
        seed = seed_of(self.random_state)
        self.acsf_ = ACSF(self.cutoff, species=self.elements_).fit(frames)
        described = Described(self.acsf_, frames, labels, dtype, device, KEPT_BYTES)
        training, held = holdout(len(frames), self.validation_fraction, seed)
        scales = _scales([frames[i] for i in training], labels[training])
        with seeded(seed):
            self.networks_ = Networks(self.hidden, *_spread(described, training), *scales).to(device, dtype)
        self._columns = self.acsf_.columns.to(device)
        generator = torch.Generator().manual_seed(seed)
        self.history_ = train(
            self.networks_,
            [{"params": self.networks_.parameters(), "lr": self.learning_rate}],
            batches=lambda: map(described.batch, shuffled(training.tolist(), self.batch_size, generator)),
            loss=self._loss,
            validate=(lambda: self._mean_loss(described, held.tolist())) if len(held) else None,
            settings=Settings(self.max_epochs, self.max_seconds, self.patience, cooldown=0.5),
        )

    def _loss(self, batch: Batch) -> torch.Tensor:
        """w_E ⟨(ΔE/n)²⟩ + w_F ⟨ΔF²⟩ + w_S ⟨ΔS²⟩ over what is labelled."""
        energy, forces, stress = derivatives(self.networks_, batch, self._columns)
        return (
            self.energy_weight * ((energy - batch.energy) / batch.sizes).square().mean()
            + self.forces_weight * _mean_square(forces - batch.forces)
            + self.stress_weight * _mean_square(stress - batch.stress)
        )

    def _mean_loss(self, described: Described, indices: list[int]) -> float:
        parts = [indices[i : i + BATCH] for i in range(0, len(indices), BATCH)]
        return sum(self._loss(described.batch(p)).item() * len(p) for p in parts) / len(indices)

    def _prepare(self, frames: Sequence[Atoms]) -> list[Graph]:
        device = next(self.networks_.parameters()).device
        parts = [frames[i : i + BATCH] for i in range(0, len(frames), BATCH)]
        return [graph.build(p, self.cutoff, device=str(device)) for p in parts]

    def _evaluate(self, inputs: list[Graph]) -> Labels:
        parts = [graph.labels(g, *graph.with_forces(self._energies, g)) for g in inputs]
        return Labels(
            np.concatenate([p.energy for p in parts]),
            tuple(f for p in parts for f in p.forces or ()),
            tuple(s for p in parts for s in p.stress or [None] * len(p)),
        )

    def _energies(self, batch: Graph) -> torch.Tensor:
        weights = next(self.networks_.parameters())
        features, element = self.acsf_.features(batch), self.acsf_.element(batch.numbers)
        atoms = self.networks_(features.to(weights.dtype), element)
        return batch.sum_atoms(atoms.double())


class Networks(torch.nn.Module):
    """A network per element on standardised features -> energy of each atom, eV."""

    mean: torch.Tensor  # (n_elements, n_features)
    width: torch.Tensor

    def __init__(
        self, hidden: Sequence[int], mean: torch.Tensor, width: torch.Tensor, shift: float, scale: float
    ) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("width", width)
        self.shift, self.scale = shift, scale  # eV an atom
        self.each = torch.nn.ModuleList(_network(mean.shape[1], hidden) for _ in mean)

    def forward(self, features: torch.Tensor, element: torch.Tensor) -> torch.Tensor:
        energy = features.new_zeros(len(features))
        for z, network in enumerate(self.each):
            atoms = torch.nonzero(element == z).squeeze(1)
            standard = (features[atoms] - self.mean[z]) / self.width[z]
            energy = energy.index_add(0, atoms, network(standard).squeeze(1))
        return self.shift + self.scale * energy


def _network(n_features: int, hidden: Sequence[int]) -> torch.nn.Sequential:
    sizes = [n_features, *hidden]
    layers: list[torch.nn.Module] = []
    for a, b in pairwise(sizes):
        layers += [torch.nn.Linear(a, b), torch.nn.SiLU()]
    return torch.nn.Sequential(*layers, torch.nn.Linear(sizes[-1], 1))


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


def _mean_square(error: torch.Tensor) -> torch.Tensor:
    """Over what is not NaN; 0 where nothing is labelled."""
    known = error[~error.isnan()]
    return known.square().sum() / max(known.numel(), 1)
