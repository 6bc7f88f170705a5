"""MACE through its authors' own implementation, mace-torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from ase import Atoms

from mlffbench.data import Labels
from mlffbench.forcefield import ForceField
from mlffbench.potentials.mace.backends import accelerated, adopt, learned
from mlffbench.potentials.mace.batches import Batch, Graphs, consecutive
from mlffbench.potentials.mace.evaluation import energies_and_forces, precision, predictions
from mlffbench.potentials.mace.initial_model import Start, from_file
from mlffbench.potentials.mace.library import build, hyperparameters, session
from mlffbench.potentials.mace.presets import chosen
from mlffbench.potentials.mace.training import ATOMS, trained
from mlffbench.potentials.networks.training import checked_dtype, holdout, seed_of, seeded
from mlffbench.system.device import checked_device

__all__ = ["MACE"]

EXAMPLE = 3  # frames on which the kernels must agree


class MACE(ForceField):
    """Message passing with higher body order: mace-torch's own model, loss and optimiser settings.

    What a keyword leaves None comes from the preset. The isolated atoms' energies are not MACE's business
    here: the base class subtracts them (its ``E0s`` are zero); the shift and scale of the rest are MACE's,
    the mean energy per atom and the root mean square force, and so is its average number of neighbours,
    one for all species.

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
        Training; see `mlffbench.potentials.networks.training.Settings`. Weights of products and of the
        interactions' linear maps decay, as mace-torch groups them.
    schedule : {'plateau', 'cosine', 'constant'}, optional
    cooldown : float, optional
        Of the learning rate; see `mlffbench.potentials.networks.training.Settings`. Cooldown: 0.5, in `paper`
        0.
    energy_weight, forces_weight, stress_weight : float, optional
        Of the squared errors: energy per atom, eV; force components, eV/Å; stress components, eV/Å³.
    stage_two : float, optional
        Part of the epochs or seconds after which MACE's stage two (once called SWA) begins; None: never.
    stage_two_energy_weight, stage_two_forces_weight, stage_two_learning_rate : float, optional
        Its weights, and its learning rate, which only the cooldown lowers; mace-torch's own, 1000, 100 and
        0.001, unless given.
    stage_two_average : bool
        Keep the plain mean of stage two's weights.
    foundation : str, optional
        A ``.model`` file of mace-torch to start from: its architecture, cutoff and weights, reduced to the
        elements and to one head by mace-torch's own tool. It is a pickle: reading it runs the code in it,
        so name only files you trust. Without `atomic_energies` those are fitted to what the foundation
        leaves of the energies.
    foundation_head : str, optional
        Which head, where the file has several.
    warm_start : bool
        Another `fit` goes on from the present weights, hyperparameters and atomic energies.
    kernels : {'auto', 'mace', 'fused', 'cuequivariance'}
        Which code computes the layers: mace-torch's; the same sums in fewer operations; NVIDIA's. `auto`
        takes the last on a GPU where it is installed, the second on a CPU, if energies and forces of some
        training frames agree with mace-torch's.
    matmul_precision : {'highest', 'high', 'medium'}
        ``torch.set_float32_matmul_precision`` while fitting and predicting.
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
    kernels_ : str
        Those that compute.

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
        schedule: str | None = None,
        cooldown: float | None = None,
        max_epochs: int | None = None,
        max_seconds: float | None = None,
        ema_decay: float | None = None,
        weight_decay: float | None = None,
        energy_weight: float | None = None,
        forces_weight: float | None = None,
        stress_weight: float | None = None,
        stage_two: float | None = None,
        stage_two_energy_weight: float | None = None,
        stage_two_forces_weight: float | None = None,
        stage_two_learning_rate: float | None = None,
        stage_two_average: bool = False,
        validation_fraction: float = 0.1,
        patience: int | None = None,
        foundation: str | None = None,
        foundation_head: str | None = None,
        warm_start: bool = False,
        kernels: str = "auto",
        matmul_precision: str = "highest",
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
        self.schedule = schedule
        self.cooldown = cooldown
        self.max_epochs = max_epochs
        self.max_seconds = max_seconds
        self.ema_decay = ema_decay
        self.weight_decay = weight_decay
        self.energy_weight = energy_weight
        self.forces_weight = forces_weight
        self.stress_weight = stress_weight
        self.stage_two = stage_two
        self.stage_two_energy_weight = stage_two_energy_weight
        self.stage_two_forces_weight = stage_two_forces_weight
        self.stage_two_learning_rate = stage_two_learning_rate
        self.stage_two_average = stage_two_average
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.foundation = foundation
        self.foundation_head = foundation_head
        self.warm_start = warm_start
        self.kernels = kernels
        self.matmul_precision = matmul_precision
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

    def export(self, path: str | Path) -> None:
        """Write mace-torch's own module with the atomic energies: a .model file for its calculator."""
        dtype = checked_dtype(self.dtype_)
        with session(dtype) as mace:
            weights = learned(mace, self.module_, self.kernels_)
            module: Any = build(mace, self.config_, dtype, torch.device("cpu"), weights)
            module.atomic_energies_fn.atomic_energies[:] = torch.tensor(
                [self.atomic_energies_[s] for s in self.elements_]
            )
            torch.save(module, path)

    # ------------------------------------------------------------ starting
    def _forget(self) -> None:
        """All but what a warm start begins with."""
        self._start: Start | None = None
        if self.warm_start and hasattr(self, "module_"):
            with session(checked_dtype(self.dtype_)) as mace:
                weights = learned(mace, self.module_, self.kernels_)
            self._start = Start(self.config_, weights, self.elements_, self.atomic_energies_)
        super()._forget()

    def _reference(self, frames: Sequence[Atoms], energy: np.ndarray) -> dict[str, float]:
        """The first fit's on a warm start; least squares on what a foundation leaves."""
        if self._start is None and self.foundation is not None:
            with session(checked_dtype(self._settings().dtype)) as mace:
                self._start = from_file(mace, self.foundation, self.foundation_head, self.elements_)
        if self._start is not None and self._start.elements != self.elements_:
            raise ValueError(f"a warm start knows {self._start.elements}; these frames hold {self.elements_}")
        if self._start is None or self.atomic_energies is not None:
            return super()._reference(frames, energy)
        if self._start.atomic_energies is not None:
            return self._start.atomic_energies
        return super()._reference(frames, energy - self._interaction(self._start, frames))

    def _interaction(self, start: Start, frames: Sequence[Atoms]) -> np.ndarray:
        """What a model to start from says of the energies without the isolated atoms, (n,) eV."""
        dtype, device = checked_dtype(self._settings().dtype), checked_device(self.device)
        with session(dtype) as mace:
            module = build(mace, start.config, dtype, device, start.weights)
        return predictions(module, self._batches(start.config, frames, dtype, device)).energy

    # ------------------------------------------------------------ learning
    def _settings(self) -> SimpleNamespace:
        return chosen(self.preset, self.get_params(deep=False))

    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        settings, start = self._settings(), self._start
        device, dtype = checked_device(self.device), checked_dtype(settings.dtype)
        seed = seed_of(self.random_state)
        self.dtype_, self.device_ = settings.dtype, str(device)
        cutoff = float(settings.cutoff) if start is None else start.config["r_max"]
        numbers = Atoms(self.elements_).numbers.tolist()
        with session(dtype) as mace, precision(self.matmul_precision):
            graphs = Graphs.build(frames, numbers, cutoff, dtype, device, labels)
            training, held = (p.tolist() for p in holdout(len(graphs), self.validation_fraction, seed))
            new = lambda: hyperparameters(mace, graphs, training, settings, numbers)
            self.config_ = new() if start is None else start.config
            with seeded(seed):
                module = build(mace, self.config_, dtype, device, None if start is None else start.weights)
            example = graphs.batch(training[:EXAMPLE])
            self.module_, self.kernels_ = accelerated(
                mace, module, self.kernels, lambda m: energies_and_forces(m, example)
            )
            stress = labels.stress is not None
            self.history_ = trained(mace, self.module_, graphs, (training, held), settings, stress, seed)
        self._start = None

    # ------------------------------------------------------------ predicting
    def _prepare(self, frames: Sequence[Atoms]) -> list[Batch]:
        device = torch.device(self.device_)
        return self._batches(self.config_, frames, checked_dtype(self.dtype_), device)

    @staticmethod
    def _batches(
        config: Mapping[str, Any], frames: Sequence[Atoms], dtype: torch.dtype, device: torch.device
    ) -> list[Batch]:
        graphs = Graphs.build(frames, config["atomic_numbers"], config["r_max"], dtype, device)
        return [graphs.batch(part) for part in consecutive([len(a) for a in frames], ATOMS)]

    def _evaluate(self, inputs: list[Batch]) -> Labels:
        with precision(self.matmul_precision):
            return predictions(self.module_, inputs)

    # ------------------------------------------------------------ pickling
    def __getstate__(self) -> dict[str, Any]:
        """Weights and hyperparameters: e3nn's generated code does not pickle."""
        state = super().__getstate__().copy()
        state.pop("_start", None)
        if "module_" in state:
            with session(checked_dtype(self.dtype_)) as mace:
                state["module_"] = learned(mace, self.module_, self.kernels_)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "module_" in state:
            self.device_ = self.device_ if torch.cuda.is_available() else "cpu"
            dtype, device = checked_dtype(self.dtype_), torch.device(self.device_)
            with session(dtype) as mace:
                module = build(mace, self.config_, dtype, device, state["module_"])
                self.module_, self.kernels_ = adopt(mace, module, self.kernels_)
