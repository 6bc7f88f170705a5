"""E(3)-equivariant message passing: NequIP's architecture, written again on e3nn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from ase import Atoms

from mlffbench import graph
from mlffbench.data import Labels
from mlffbench.device import checked_device
from mlffbench.estimators._warm_start import WarmStart
from mlffbench.graph import Graph
from mlffbench.nn.batches import Labelled, join, labelled, mean_square, parts
from mlffbench.nn.equivariant import Equivariant
from mlffbench.nn.train import (
    Settings,
    checked_dtype,
    holdout,
    seed_of,
    seeded,
    shuffled,
    train,
)

__all__ = ["EquivariantNetwork"]

HELD_BATCH = 10  # frames that are validated at a time


class EquivariantNetwork(WarmStart):
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
        Training; see `mlffbench.nn.train.Settings`.
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
    device_, dtype_ : str
        Those of the weights.

    References
    ----------
    .. [1] S. Batzner et al., Nat. Commun. 13, 2453 (2022). Code: https://github.com/mir-group/nequip
    .. [2] N. Thomas et al., Tensor field networks, arXiv:1802.08219. M. Geiger and T. Smidt, e3nn,
       arXiv:2207.09453.
    """

    shares_inputs = True

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

    # ------------------------------------------------------------ learning
    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        self.dtype_, self.device_ = self.dtype, str(checked_device(self.device))
        training, held = self._split(frames, labels)
        self.config_ = self._config(training)
        with seeded(seed_of(self.random_state)):
            self.module_ = self._build().to(self.device_)
        self._train(training, held)

    def _partial_fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        self._train(*self._split(frames, labels))

    def _split(self, frames: Sequence[Atoms], labels: Labels) -> tuple[list[Labelled], list[Labelled]]:
        """Graphs and labels to train on, and those held out."""
        items = labelled(frames, labels, self.cutoff, device=self.device_)
        split = holdout(len(items), self.validation_fraction, seed_of(self.random_state))
        training, held = ([items[i] for i in part] for part in split)
        return training, held

    def _train(self, training: list[Labelled], held: list[Labelled]) -> None:
        generator = torch.Generator().manual_seed(seed_of(self.random_state))
        held_batches = [join(held[i : i + HELD_BATCH]) for i in range(0, len(held), HELD_BATCH)]
        self.history_ = train(
            self.module_,
            [{"params": self.module_.parameters(), "lr": self.learning_rate}],
            batches=lambda: map(join, shuffled(training, self.batch_size, generator)),
            loss=self._loss,
            validate=(lambda: self._mean_loss(held_batches)) if held else None,
            settings=Settings(self.max_epochs, self.max_seconds, self.patience, cooldown=0.5),
        )

    def _config(self, training: list[Labelled]) -> dict[str, Any]:
        """The module's arguments: plain values, so that a file can hold them."""
        whole = join(training)
        per_atom = whole.energy / whole.sizes
        known = whole.forces[~whole.forces.isnan()]
        scale = (known.square().mean().sqrt() if len(known) else per_atom.std(correction=0)).item()
        return {
            "numbers": Atoms(self.elements_).numbers.tolist(),
            "cutoff": float(self.cutoff),
            "channels": self.num_channels,
            "l_max": self.l_max,
            "layers": self.num_layers,
            "basis": self.num_radial_basis,
            "parity": self.parity,
            "neighbours": max(len(whole.graph.source) / len(whole.graph.numbers), 1.0),
            "shift": per_atom.mean().item(),
            "scale": scale if scale > 0 else 1.0,
        }

    def _build(self) -> Equivariant:
        """The network of `config_`, on the CPU."""
        dtype = checked_dtype(self.dtype_)
        module = Equivariant(**self.config_).to(dtype)
        found = {p.dtype for p in module.parameters()}
        assert found == {dtype}, f"weights are {found}, not {dtype}"
        return module

    def _loss(self, batch: Labelled) -> torch.Tensor:
        """w_E ⟨(ΔE/n)²⟩ + w_F ⟨ΔF²⟩ + w_S ⟨ΔS²⟩ over what is labelled."""
        energy, forces, stress = graph.with_forces(self._energies, batch.graph, create_graph=True)
        return (
            self.energy_weight * ((energy - batch.energy) / batch.sizes).square().mean()
            + self.forces_weight * mean_square(forces - batch.forces)
            + self.stress_weight * mean_square(stress - batch.stress)
        )

    def _mean_loss(self, batches: list[Labelled]) -> float:
        total = sum(self._loss(b).item() * b.graph.n_frames for b in batches)
        return total / sum(b.graph.n_frames for b in batches)

    def _energies(self, batch: Graph) -> torch.Tensor:
        """(n_frames,) eV, summed in float64."""
        return batch.sum_atoms(self.module_(batch).double())

    # ------------------------------------------------------------ predicting
    def _prepare(self, frames: Sequence[Atoms]) -> list[Graph]:
        return [graph.build(p, self.config_["cutoff"], device=self.device_) for p in parts(frames)]

    def _evaluate(self, inputs: list[Graph]) -> Labels:
        found = [graph.labels(g, *graph.with_forces(self._energies, g)) for g in inputs]
        return Labels(
            np.concatenate([p.energy for p in found]),
            tuple(f for p in found for f in p.forces or ()),
            tuple(s for p in found for s in p.stress or [None] * len(p)),
        )

    # ------------------------------------------------------------ pickling
    def __getstate__(self) -> dict[str, Any]:
        """Weights instead of the module: a file holds values, no code."""
        state = super().__getstate__().copy()
        if "module_" in state:
            weights = state["module_"].state_dict()
            state["module_"] = {k: v.detach().cpu().clone() for k, v in weights.items()}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "module_" in state:
            self.device_ = self.device_ if torch.cuda.is_available() else "cpu"
            with seeded(0):
                self.module_ = self._build()
            self.module_.load_state_dict(state["module_"])
            self.module_.to(self.device_)
