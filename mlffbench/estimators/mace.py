"""MACE through its authors' own implementation, mace-torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from ase import Atoms

from mlffbench.data import Labels
from mlffbench.device import checked_device
from mlffbench.estimators._mace_torch import arguments, build, error_of, graphs_of, hyperparameters, session
from mlffbench.forcefield import ForceField
from mlffbench.nn.train import (
    Settings,
    checked_dtype,
    holdout,
    seed_of,
    seeded,
    shuffled,
    train,
)

__all__ = ["MACE"]

PAPER = {
    "cutoff": 5.0, "num_channels": 256, "max_L": 2, "max_ell": 3, "correlation": 3, "num_interactions": 2,
    "num_radial_basis": 8, "batch_size": 5, "learning_rate": 0.01, "max_epochs": 2000, "ema_decay": 0.99,
    "weight_decay": 5e-7, "energy_weight": 27.0, "forces_weight": 1000.0, "stress_weight": 1.0,
    "patience": 256, "dtype": "float64", "model": "MACE", "cooldown": 0.0,
}  # fmt: skip
COMMON = PAPER | {
    "energy_weight": 1.0, "forces_weight": 100.0, "stress_weight": 10.0, "patience": None,
    "dtype": "float32", "model": "ScaleShiftMACE", "cooldown": 0.5,
}  # fmt: skip
SMALL = {"num_channels": 32, "max_L": 0, "max_ell": 2, "correlation": 2, "batch_size": 10, "max_epochs": 100}
PRESETS: dict[str, dict[str, Any]] = {
    "small": COMMON | SMALL | {"cutoff": 4.5, "learning_rate": 0.02},
    "medium": COMMON | {"num_channels": 64, "max_L": 1, "max_epochs": 300},
    "large": COMMON | {"num_channels": 128, "max_L": 2, "max_epochs": 500},
    "paper": PAPER,
}


class MACE(ForceField):
    """Message passing with higher body order: mace-torch's own model, graphs, loss and optimiser settings.

    What a keyword leaves None comes from the preset. The isolated atoms' energies are not MACE's business
    here: the base class subtracts them (its ``E0s`` are zero); the shift and scale of the rest are MACE's,
    the mean energy per atom and the root mean square force.

    Parameters
    ----------
    preset : {'small', 'medium', 'large', 'paper'}
        `paper`: the settings of 3BPA in [1]_, with the authors' energy weight of 27 and its model without
        a shift. `small` is for a laptop. All but `paper` lower the learning rate over the last half of the
        epochs or seconds they are given.
    cutoff : float, optional
        Å.
    num_channels, max_L : int, optional
        Hidden features: so many channels of each order 0 ... `max_L`.
    max_ell, correlation, num_interactions, num_radial_basis : int, optional
        Order of the spherical harmonics, body order − 1, layers, Bessel functions.
    batch_size, max_epochs, max_seconds, patience, learning_rate, ema_decay, weight_decay : optional
        Training; see `mlffbench.nn.train.Settings`.
    energy_weight, forces_weight, stress_weight : float, optional
        Of the squared errors: energy per atom, eV; force components, eV/Å; stress components, eV/Å³.
    validation_fraction : float
        Part of the training frames held out to choose the best epoch.
    device : str
        ``cpu``, ``cuda``, ``cuda:1`` ...
    dtype : {'float32', 'float64'}, optional
        Of weights and inputs, asserted after building; float64 in `paper`, else float32.
    random_state : int, optional
    atomic_energies : mapping of str to float, optional
        Energies of isolated atoms, eV.

    Attributes
    ----------
    history_ : list of dict
        One row an epoch.
    dtype_, device_ : str
        Those of the weights.

    References
    ----------
    .. [1] Batatia et al., MACE: Higher order equivariant message passing neural networks for fast and
       accurate force fields, NeurIPS 2022, arXiv:2206.07697. Code: https://github.com/ACEsuit/mace
    """

    def __init__(
        self,
        preset: str = "small",
        *,
        cutoff: float | None = None,
        num_channels: int | None = None,
        max_L: int | None = None,
        max_ell: int | None = None,
        correlation: int | None = None,
        num_interactions: int | None = None,
        num_radial_basis: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        max_epochs: int | None = None,
        max_seconds: float | None = None,
        ema_decay: float | None = None,
        weight_decay: float | None = None,
        energy_weight: float | None = None,
        forces_weight: float | None = None,
        stress_weight: float | None = None,
        validation_fraction: float = 0.1,
        patience: int | None = None,
        device: str = "cpu",
        dtype: str | None = None,
        random_state: int | None = 0,
        atomic_energies: Mapping[str, float] | None = None,
    ) -> None:
        self.preset = preset
        self.cutoff = cutoff
        self.num_channels = num_channels
        self.max_L = max_L
        self.max_ell = max_ell
        self.correlation = correlation
        self.num_interactions = num_interactions
        self.num_radial_basis = num_radial_basis
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.max_epochs = max_epochs
        self.max_seconds = max_seconds
        self.ema_decay = ema_decay
        self.weight_decay = weight_decay
        self.energy_weight = energy_weight
        self.forces_weight = forces_weight
        self.stress_weight = stress_weight
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.device = device
        self.dtype = dtype
        self.random_state = random_state
        self.atomic_energies = atomic_energies

    @classmethod
    def test_params(cls) -> dict[str, Any]:
        return {
            "num_channels": 4, "max_L": 1, "max_ell": 1, "correlation": 2, "cutoff": 4.5, "batch_size": 4,
            "max_epochs": 2, "dtype": "float64",
        }  # fmt: skip

    def _settings(self) -> SimpleNamespace:
        """The preset, with every keyword that is not None in its place."""
        if self.preset not in PRESETS:
            raise ValueError(f"no preset {self.preset!r}; there are {list(PRESETS)}")
        given = {k: v for k, v in self.get_params(deep=False).items() if v is not None}
        return SimpleNamespace(**{"max_seconds": None} | PRESETS[self.preset] | given)

    # ------------------------------------------------------------ learning
    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        settings = self._settings()
        device, dtype = checked_device(self.device), checked_dtype(settings.dtype)
        seed = seed_of(self.random_state)
        self.cutoff_, self.dtype_, self.device_ = float(settings.cutoff), settings.dtype, str(device)
        with session(dtype) as mace:
            graphs = graphs_of(mace, frames, self.elements_, self.cutoff_, labels)
            split = holdout(len(graphs), self.validation_fraction, seed)
            training, held = ([graphs[i] for i in part] for part in split)
            self.config_ = hyperparameters(mace, training, settings, self.elements_)
            with seeded(seed):
                self.module_ = build(mace, self.config_, dtype, device)
            error = error_of(mace, settings, labels.stress is not None).to(device)
            groups = mace.get_params_options(arguments(settings), self.module_)["params"]
            collate = mace.collate
        generator, size = torch.Generator().manual_seed(seed), settings.batch_size
        held_batches = [collate(held[i : i + 10]).to(device) for i in range(0, len(held), 10)]
        stress = labels.stress is not None
        loss = lambda batch, training=True: error(batch, self._output(batch, stress, training))  # noqa: E731
        self.history_ = train(
            self.module_,
            groups,
            batches=lambda: (collate(b).to(device) for b in shuffled(training, size, generator)),
            loss=loss,
            validate=(lambda: _mean(loss, held_batches)) if held else None,
            settings=Settings(
                settings.max_epochs,
                settings.max_seconds,
                settings.patience,
                settings.ema_decay,
                cooldown=settings.cooldown,
            ),
        )

    def _output(self, batch: Any, stress: bool, training: bool = False) -> dict[str, Any]:
        """MACE's own energies, forces and stresses of a batch."""
        return self.module_(batch.to_dict(), training=training, compute_force=True, compute_stress=stress)

    # ------------------------------------------------------------ predicting
    def _prepare(self, frames: Sequence[Atoms]) -> list[tuple[list[bool], Any]]:
        """Batches on the device, each with which of its frames are periodic."""
        with session(checked_dtype(self.dtype_)) as mace:
            graphs = graphs_of(mace, frames, self.elements_, self.cutoff_)
            parts = _parts([len(a) for a in frames])
            periodic = [[bool(frames[i].pbc.all()) for i in part] for part in parts]
            batches = [mace.collate([graphs[i] for i in part]).to(self.device_) for part in parts]
        return list(zip(periodic, batches, strict=True))

    def _evaluate(self, inputs: list[tuple[list[bool], Any]]) -> Labels:
        energy: list[np.ndarray] = []
        forces: list[np.ndarray] = []
        stress: list[np.ndarray | None] = []
        for periodic, batch in inputs:
            output = self._output(batch, any(periodic))
            energy.append(_numpy(output["energy"]))
            forces += np.split(_numpy(output["forces"]), batch.ptr[1:-1].cpu().numpy())
            found = _voigt(_numpy(output["stress"])) if any(periodic) else [None] * len(periodic)
            stress += [s if p else None for s, p in zip(found, periodic, strict=True)]
        return Labels(np.concatenate(energy), tuple(forces), tuple(stress))

    # ------------------------------------------------------------ pickling
    def __getstate__(self) -> dict[str, Any]:
        """Weights and hyperparameters: e3nn's generated code does not pickle."""
        state = super().__getstate__().copy()
        if "module_" in state:
            weights = state["module_"].state_dict()
            state["module_"] = {k: v.detach().cpu().clone() for k, v in weights.items()}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "module_" in state:
            self.device_ = self.device_ if torch.cuda.is_available() else "cpu"
            dtype = checked_dtype(self.dtype_)
            with session(dtype) as mace, seeded(0):
                self.module_ = build(mace, self.config_, dtype, torch.device("cpu"))
            self.module_.load_state_dict(state["module_"])
            self.module_.to(self.device_)


def _mean(loss: Any, batches: list[Any]) -> float:
    """The loss over all frames of the batches."""
    values = [loss(b, training=False).item() * b.num_graphs for b in batches]
    return sum(values) / sum(b.num_graphs for b in batches)


def _parts(sizes: list[int], atoms: int = 500) -> list[list[int]]:
    """Indices of consecutive frames, about `atoms` atoms together."""
    parts: list[list[int]] = [[]]
    for i, size in enumerate(sizes):
        if parts[-1] and size + sum(sizes[j] for j in parts[-1]) > atoms:
            parts.append([])
        parts[-1].append(i)
    return parts


def _numpy(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().cpu().double().numpy()


def _voigt(stress: np.ndarray) -> np.ndarray:
    """(n, 3, 3) -> (n, 6): xx yy zz yz xz xy."""
    return stress.reshape(-1, 9)[:, [0, 4, 8, 5, 2, 1]]
