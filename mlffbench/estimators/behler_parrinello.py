"""Behler–Parrinello: one small neural network per element on atom-centred symmetry functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ase import Atoms

from mlffbench.data import QUANTITIES, Labels
from mlffbench.estimators.base.warm_start import WarmStart
from mlffbench.system.device import checked_device
from mlffbench.system.ranges import (
    AtomEnergies,
    Count,
    Device,
    Length,
    Natural,
    NonNegative,
    Positive,
    Seed,
    ShareBelowOne,
)

if TYPE_CHECKING:
    import numpy as np

    from mlffbench.potentials.networks.acsf_evaluation import Evaluation, PreparedFrames
    from mlffbench.potentials.networks.acsf_frames import DescribedFrames
    from mlffbench.potentials.networks.acsf_last_layer import LastLayer
    from mlffbench.potentials.networks.rigidity import Rigidity, Rows

__all__ = ["BehlerParrinello"]

CACHE_BYTES = 2e9  # derivatives of descriptors up to this size are computed once, not every epoch


class BehlerParrinello(WarmStart):
    """E = Σ_i N_Z(i)(G_i): a feed-forward network per element on its symmetry functions [1]_.

    Energies, forces and, where labelled, stresses are fitted. Training does not move the atoms, so the
    descriptors' Jacobians are computed once, F = −Σ ∂E/∂G ∂G/∂r, and an epoch costs the networks alone. On
    CUDA steps, validation and evaluation are captured as graphs.

    Parameters
    ----------
    cutoff : float
        Å.
    hidden : tuple of int
        Width of each hidden layer.
    n_networks : int
        Networks trained one after the other on the same descriptors, each with its own first weights and
        validation frames. Their mean is predicted; with two or more also the standard deviation, energy_std
        and forces_std [2]_.
    uncertainty : {"none", "llpr"}
        ``llpr``: standard deviations of energies and forces of one network from its last layers, calibrated
        on the frames held out; see `mlffbench.potentials.networks.rigidity.Rigidity`.
    energy_weight, forces_weight, stress_weight : float
        Weights of the squared errors: energy per atom, eV; force components, eV/Å; stress components, eV/Å³.
    max_epochs, batch_size, learning_rate, patience : optional
        Training of each network; see `mlffbench.potentials.networks.training.Settings`.
    max_seconds : float, optional
        Time for training all networks together.
    validation_fraction : float
        Part of the training frames held out to choose the best epoch.
    warm_start : bool
        A second `fit` continues from the present weights.
    device : str
        ``cpu``, ``cuda``, ``cuda:1`` ...
    dtype : {"float32", "float64"}
        Precision of the training. Descriptors, their standardisation and predictions are float64 with both:
        errors of energies and forces are equal within 1e-4 of their size (acetylacetone, ethanol, silicon
        with stresses; three seeds each), forces are the energies' gradient to rounding, and MD conserves
        energy alike.
    random_state : int, optional
        Seed of the first network's weights, validation split and order of batches; the others add 1, 2 ...
    atomic_energies : mapping of str to float, optional
        Energies of isolated atoms, eV.

    Attributes
    ----------
    history_ : list of dict
        One row an epoch of each network.
    rigidity_ : Rigidity
        Of the last layers, with ``uncertainty="llpr"``.

    References
    ----------
    .. [1] J. Behler and M. Parrinello, Phys. Rev. Lett. 98, 146401 (2007); J. Behler, J. Chem. Phys. 134,
       074106 (2011).
    .. [2] C. Schran, K. Brezina and O. Marsalek, J. Chem. Phys. 153, 104105 (2020).
    """

    family: ClassVar[str] = "neural network"
    predicts_std: ClassVar[bool] = True
    requires: ClassVar[tuple[str, ...]] = ("torch",)
    extra: ClassVar[str | None] = "networks"
    implementation: ClassVar[tuple[str, ...]] = (
        "mlffbench.potentials.networks.acsf_evaluation",
        "mlffbench.potentials.networks.ensemble",
        "torch._dynamo",  # imported by the first optimiser
    )
    shares_inputs = True

    def __init__(
        self,
        cutoff: Length = 5.0,
        hidden: tuple[Count, ...] = (64, 64),
        *,
        n_networks: Count = 1,
        uncertainty: Literal["none", "llpr"] = "none",
        energy_weight: NonNegative = 30.0,
        forces_weight: NonNegative = 1.0,
        stress_weight: NonNegative = 100.0,
        max_epochs: Count = 300,
        batch_size: Count = 10,
        learning_rate: Positive = 0.01,
        validation_fraction: ShareBelowOne = 0.1,
        patience: Natural | None = 100,
        max_seconds: Positive | None = None,
        warm_start: bool = False,
        device: Device = "cpu",
        dtype: Literal["float32", "float64"] = "float32",
        random_state: Seed | None = 0,
        atomic_energies: AtomEnergies | None = None,
    ) -> None:
        self.cutoff = cutoff
        self.hidden = hidden
        self.n_networks = n_networks
        self.uncertainty = uncertainty
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
    def search_space(cls) -> dict[str, Any]:
        """Reach of the symmetry functions, size of the networks, and the steps of their training."""
        from scipy.stats import loguniform, uniform

        return {
            "cutoff": uniform(4.0, 3.0),
            "hidden": [(20, 20), (32, 32), (64, 64), (128, 128), (64, 64, 64)],
            "learning_rate": loguniform(1e-3, 3e-2),
            "batch_size": [5, 10, 20],
        }

    @classmethod
    def test_params(cls) -> dict[str, Any]:
        return {"cutoff": 4.5, "hidden": (8,), "max_epochs": 10}

    # ------------------------------------------------------------ fitting
    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        from mlffbench.descriptors.acsf import ACSF
        from mlffbench.potentials.networks.ensemble import new_networks

        if self.uncertainty == "llpr":
            self._check_rigidity(len(frames))
        self.device_, self.dtype_ = str(checked_device(self.device)), self.dtype
        self.acsf_ = ACSF(self.cutoff, species=self.elements_).fit(frames)
        described = self._describe(frames, labels)
        seeds = self._seeds(self.n_networks)
        self.networks_ = new_networks(self.hidden, seeds, described, self.validation_fraction)
        self._train(described)

    def _partial_fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        self._train(self._describe(frames, labels))

    def _describe(self, frames: Sequence[Atoms], labels: Labels) -> DescribedFrames:
        import torch

        from mlffbench.potentials.networks.acsf_frames import DescribedFrames
        from mlffbench.potentials.networks.seeding import checked_dtype

        dtype, device = checked_dtype(self.dtype_), torch.device(self.device_)
        return DescribedFrames(self.acsf_, frames, labels, dtype, device, CACHE_BYTES)

    def _seeds(self, n: int) -> list[int]:
        from mlffbench.potentials.validation_split import seed_of

        return [seed_of(self.random_state) + k for k in range(n)]

    def _train(self, described: DescribedFrames) -> None:
        from mlffbench.potentials.networks.ensemble import held_by_all, train_each
        from mlffbench.potentials.networks.training import Settings, n_trainable

        n = len(self.networks_)
        self._hold_out(held_by_all(len(described.frames), self.validation_fraction, self._seeds(n)))
        seconds = None if self.max_seconds is None else self.max_seconds / n
        trained = train_each(
            self.networks_,
            self._seeds(n),
            described,
            self,
            Settings(self.max_epochs, seconds, self.patience, cooldown=0.5),
        )
        self.history_ = [row for network in trained for row in network.history]
        self.stopped_by_ = ", ".join(dict.fromkeys(network.stopped_by for network in trained))
        self.captured_ = ", ".join(dict.fromkeys(network.captured for network in trained))
        self.n_parameters_ = n_trainable(*self.networks_)
        for name in ("_evaluation_of", "_inputs_of_outputs"):  # they have the weights of before
            self.__dict__.pop(name, None)
        if self.uncertainty == "llpr":
            self.rigidity_ = self._rigidity(described)

    def _check_rigidity(self, n: int) -> None:
        """Refuse what deviations from the last layers need and do not have, before the training."""
        from mlffbench.potentials.networks.rigidity import check_held_out
        from mlffbench.potentials.validation_split import holdout

        if self.n_networks > 1:
            raise ValueError(
                f"uncertainty='llpr' is that of one network; the spread of n_networks={self.n_networks} is "
                "their own"
            )
        check_held_out(len(holdout(n, self.validation_fraction, 0)[1]))

    def _rigidity(self, described: DescribedFrames) -> Rigidity:
        """Rigidity of the last layers from some of the frames."""
        from mlffbench.potentials.networks.rigidity import Rows, fit_rigidity, sample_frames
        from mlffbench.potentials.validation_split import holdout

        (seed,) = self._seeds(1)
        sizes, layer = described.atoms[1:] - described.atoms[:-1], self._last_layer()

        def rows(picks: np.ndarray) -> Iterator[Rows]:
            several = sample_frames(picks.tolist(), sizes, seed)
            frames = [described.frames[i] for i in several]
            (predicted,) = self._evaluation()(self._prepare(frames), frozenset({"energy", "forces"}))
            return layer.rows(frames, described.labels[several], predicted)

        training, held = holdout(len(described.frames), self.validation_fraction, seed)
        weights = self.energy_weight, self.forces_weight
        return fit_rigidity(rows(training), Rows.joined(rows(held)), *weights, directions=None)

    # ------------------------------------------------------------ predicting
    def _prepare(self, frames: Sequence[Atoms]) -> PreparedFrames:
        from mlffbench.potentials.networks.acsf_evaluation import prepared

        return prepared(self.acsf_, frames, self.device_)

    def _evaluate(self, inputs: PreparedFrames) -> Labels:
        return self._evaluate_only(inputs, frozenset(QUANTITIES))

    def _evaluate_only(self, inputs: PreparedFrames, quantities: frozenset[str]) -> Labels:
        from mlffbench.potentials.networks.ensemble import mean_and_deviation

        members = self._evaluation()(inputs, quantities)
        if len(members) > 1:
            return mean_and_deviation(members)
        rigidity = getattr(self, "rigidity_", None)
        if rigidity is None or "std" not in quantities:
            return members[0]
        return self._last_layer().with_deviations(members[0], inputs, rigidity.to(self.device_))

    def _evaluation(self) -> Evaluation:
        """Evaluation by the present networks, whose captured graphs later calls use again."""
        from mlffbench.potentials.networks.acsf_evaluation import Evaluation

        known = vars(self).get("_evaluation_of")
        if known is None or known.networks is not self.networks_:
            known = self._evaluation_of = Evaluation(self.acsf_, self.networks_, self.device_)
        return known

    def _last_layer(self) -> LastLayer:
        """Inputs of the present network's last layers."""
        from mlffbench.potentials.networks.acsf_last_layer import LastLayer

        networks, known = vars(self).get("_inputs_of_outputs", (None, None))
        if known is None or networks is not self.networks_:
            known = LastLayer(self.acsf_, self.networks_[0], self.device_)
            self._inputs_of_outputs = self.networks_, known
        return known

    # ------------------------------------------------------------ pickling
    def __getstate__(self) -> dict[str, Any]:
        """The state with weights in place of the modules: a file holds values, no code."""
        state = super().__getstate__().copy()
        for name in ("_evaluation_of", "_inputs_of_outputs"):
            state.pop(name, None)
        if "networks_" in state:
            state["networks_"] = [
                {k: v.detach().cpu().clone() for k, v in n.state_dict().items()} for n in state["networks_"]
            ]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        import torch

        from mlffbench.potentials.networks.element_networks import ElementNetworks
        from mlffbench.potentials.networks.seeding import fixed_seed

        super().__setstate__({"uncertainty": "none", **state})  # files of before have none
        if "networks_" in state:
            self.device_ = self.device_ if torch.cuda.is_available() else "cpu"
            with fixed_seed(0):
                self.networks_ = [
                    ElementNetworks.from_weights(weights).to(self.device_) for weights in state["networks_"]
                ]
