"""Base class of the neural potentials on graphs: one constructor, validation split, loss and training."""

from __future__ import annotations

import inspect
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ase import Atoms

from mlffbench.data import QUANTITIES, Labels, concatenate
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
    import torch

    from mlffbench.descriptors.captured_prediction import CapturedPrediction
    from mlffbench.descriptors.graph import Graph
    from mlffbench.potentials.networks.batches import LabelledGraphs
    from mlffbench.potentials.networks.labelled_frames import LabelledFrames
    from mlffbench.potentials.networks.last_layer import LastLayer
    from mlffbench.potentials.networks.rigidity import Rigidity, Rows

__all__ = ["GraphNetwork"]

VALIDATION_BATCH = 10  # frames that are validated at a time


@dataclass(eq=False, repr=False)
class GraphNetwork(WarmStart):
    """A neural potential E = Σ_i ε_i on graphs, forces and stresses by automatic differentiation.

    A subclass writes `_config`, `_module` and `_energies`; it scales its atoms' energies by `shift_` and
    `scale_`. If its last layer is linear, it writes `_readout` and sets `predicts_std`. The constructor is
    that of a dataclass: a subclass, itself a dataclass, lists only its own parameters and the defaults that
    differ. In its docstring ``{shared}`` stands for all that follows here.

    Parameters
    ----------
    cutoff : float
        Å.

    Other Parameters
    ----------------
    energy_weight, forces_weight, stress_weight : float
        Weights of the squared errors: energy per atom, eV; force components, eV/Å; stress components, eV/Å³.
    max_epochs, batch_size, learning_rate, patience, max_seconds : optional
        Training; see `mlffbench.potentials.networks.training.Settings`.
    validation_fraction : float
        Part of the training frames held out to choose the best epoch.
    uncertainty : {"none", "llpr"}
        ``llpr``: standard deviations of energies and forces from the network's last layer, calibrated on the
        frames held out; see `mlffbench.potentials.networks.rigidity.Rigidity`.
    warm_start : bool
        A second `fit` continues from the present weights.
    device : str
        ``cpu``, ``cuda``, ``cuda:1`` ...
    dtype : {"float32", "float64"}
        Precision of the weights and of the layers; frames are summed in float64.
    random_state : int, optional
        Seed of the first weights, the validation split and the order of the batches.
    atomic_energies : mapping of str to float, optional
        Energies of isolated atoms, eV.

    Attributes
    ----------
    history_ : list of dict
        One row an epoch.
    shift_, scale_ : float
        Mean energy of an atom and root mean square force times 1 Å, eV.
    device_, dtype_ : str
        Device and precision of the weights.
    rigidity_ : Rigidity
        Of the last layer, with ``uncertainty="llpr"``.
    """

    family: ClassVar[str] = "neural network"
    requires: ClassVar[tuple[str, ...]] = ("torch",)
    extra: ClassVar[str | None] = "networks"
    implementation: ClassVar[tuple[str, ...]] = (
        "mlffbench.potentials.networks.training",
        "torch._dynamo",  # imported by the first optimiser
    )
    shares_inputs = True
    readout_of_pairs: ClassVar[bool] = False

    cutoff: Length = 5.0
    _: KW_ONLY
    energy_weight: NonNegative = 1.0
    forces_weight: NonNegative = 1.0
    stress_weight: NonNegative = 100.0
    max_epochs: Count = 100
    batch_size: Count = 5
    learning_rate: Positive = 0.005
    validation_fraction: ShareBelowOne = 0.1
    patience: Natural | None = None
    max_seconds: Positive | None = None
    uncertainty: Literal["none", "llpr"] = "none"
    warm_start: bool = False
    device: Device = "cpu"
    dtype: Literal["float32", "float64"] = "float32"
    random_state: Seed | None = 0
    atomic_energies: AtomEnergies | None = None

    def __init_subclass__(cls, **keywords: Any) -> None:
        """Write the shared part of the docstring above into the subclass's."""
        super().__init_subclass__(**keywords)
        shared = inspect.cleandoc(GraphNetwork.__doc__ or "").partition(
            "Other Parameters\n----------------\n"
        )[2]
        cls.__doc__ = inspect.cleandoc(cls.__doc__ or "").replace("{shared}", shared)

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        """Cutoff, and the steps of the training; a subclass adds the size of its network."""
        from scipy.stats import loguniform, uniform

        return {
            "cutoff": uniform(4.0, 2.0),
            "learning_rate": loguniform(1e-3, 3e-2),
            "batch_size": [2, 5, 10],
        }

    @abstractmethod
    def _config(self, training: LabelledGraphs) -> dict[str, Any]:
        """The arguments of `_module`: plain values, so that a file can hold them."""

    @abstractmethod
    def _module(self, **config: Any) -> torch.nn.Module:
        """The network with new weights, on the CPU."""

    @abstractmethod
    def _energies(self, batch: Graph) -> torch.Tensor:
        """Energies of a batch's frames, (n_frames,) eV, summed in float64."""

    def _readout(self) -> torch.nn.Module | None:
        """The last layer of the fitted module, linear, from features of atoms to energies; None: no such.

        With `readout_of_pairs` from those of pairs.
        """
        return None

    # ------------------------------------------------------------ fitting
    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        from mlffbench.potentials.networks.seeding import fixed_seed
        from mlffbench.potentials.networks.standardisation import energy_scale
        from mlffbench.potentials.validation_split import seed_of

        self.dtype_, self.device_ = self.dtype, str(checked_device(self.device))
        self.cutoff_ = float(self.cutoff)
        labelled, training, held = self._split(frames, labels)
        joined = labelled.batch(training)
        self.shift_, self.scale_ = energy_scale(joined)
        self.config_ = self._config(joined)
        with fixed_seed(seed_of(self.random_state)):
            self.module_ = self._build().to(self.device_)
        if self.uncertainty == "llpr":
            self._check_rigidity(held)
        self._train(labelled, training, held)

    def _partial_fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        self._train(*self._split(frames, labels))

    def _build(self) -> torch.nn.Module:
        from mlffbench.potentials.networks.seeding import checked_dtype

        dtype = checked_dtype(self.dtype_)
        module = self._module(**self.config_).to(dtype)
        dtypes = {p.dtype for p in module.parameters()}
        assert dtypes == {dtype}, f"weights are {dtypes}, not {dtype}"
        return module

    def _split(self, frames: Sequence[Atoms], labels: Labels) -> tuple[LabelledFrames, list[int], list[int]]:
        """Graphs with labels, and numbers of those to train on and to validate on."""
        from mlffbench.potentials.networks.labelled_frames import LabelledFrames
        from mlffbench.potentials.validation_split import holdout, seed_of

        labelled = LabelledFrames.build(frames, labels, self.cutoff_, device=self.device_)
        training, held = holdout(len(frames), self.validation_fraction, seed_of(self.random_state))
        self._hold_out(held)
        return labelled, training.tolist(), held.tolist()

    def _train(self, labelled: LabelledFrames, training: list[int], held: list[int]) -> None:
        import torch

        from mlffbench.potentials.networks.divided_batch import BatchOfFrames
        from mlffbench.potentials.networks.seeding import shuffled_batches
        from mlffbench.potentials.networks.training import Settings, Validation, n_trainable, train
        from mlffbench.potentials.validation_split import seed_of
        from mlffbench.system.cuda_graph import captures

        generator = torch.Generator().manual_seed(seed_of(self.random_state))
        shapes = cache(lambda size: labelled.shapes(training, size) if captures(self.device_) else None)
        part = lambda picks, whole, most: labelled.part(picks, whole, shapes(most))
        orders = lambda: shuffled_batches(training, self.batch_size, generator)
        self.n_parameters_ = n_trainable(self.module_)
        self.history_, self.stopped_by_, self.captured_ = train(
            self.module_,
            [{"params": self.module_.parameters(), "lr": self.learning_rate}],
            batches=lambda: (BatchOfFrames(picks, self.batch_size, part) for picks in orders()),
            loss=self._loss,
            validate=Validation(self._held_batches(labelled, held), self._summed_loss) if held else None,
            settings=Settings(self.max_epochs, self.max_seconds, self.patience, cooldown=0.5),
            order=generator,
        )
        if self.uncertainty == "llpr":
            self.rigidity_ = self._rigidity(labelled, training, held)

    def _check_rigidity(self, held: list[int]) -> None:
        """Refuse what deviations from the last layer need and do not have, before the training."""
        from mlffbench.potentials.networks.rigidity import check_held_out

        check_held_out(len(held))
        self._last_layer()

    def _last_layer(self) -> LastLayer:
        from mlffbench.potentials.networks.last_layer import LastLayer

        layer = self._readout()
        if layer is None:
            raise ValueError(
                f"uncertainty='llpr' needs a network whose last layer is linear and known here; that of "
                f"{type(self).__name__} is not: a committee has deviations of every method"
            )
        return LastLayer(self._energies, layer, self.readout_of_pairs)

    def _rigidity(self, labelled: LabelledFrames, training: list[int], held: list[int]) -> Rigidity:
        """Rigidity of the last layer from some of the frames."""
        import numpy as np

        from mlffbench.potentials.networks.rigidity import Rows, fit_rigidity, sample_frames
        from mlffbench.potentials.validation_split import seed_of

        sizes, seed = np.diff(labelled.atoms), seed_of(self.random_state)
        several, others = (sample_frames(picks, sizes, seed) for picks in (training, held))
        rows = lambda picks: (self._rows(batch) for batch in self._held_batches(labelled, picks, False))
        return fit_rigidity(rows(several), Rows.joined(rows(others)), self.energy_weight, self.forces_weight)

    def _rows(self, batch: LabelledGraphs) -> Rows:
        energy, forces, _ = self._with_forces(batch.graph)
        return self._last_layer().rows(batch, energy, forces)

    def _held_batches(
        self, labelled: LabelledFrames, held: list[int], padded: bool = True
    ) -> list[LabelledGraphs]:
        from mlffbench.system.cuda_graph import captures

        shapes = labelled.shapes(held, VALIDATION_BATCH) if padded and captures(self.device_) else None
        starts = range(0, len(held), VALIDATION_BATCH)
        return [labelled.batch(held[i : i + VALIDATION_BATCH], shapes) for i in starts]

    def _loss(self, batch: LabelledGraphs, training: bool = True) -> torch.Tensor:
        from mlffbench.potentials.networks.batches import weighted_loss

        return weighted_loss(batch, *self._with_forces(batch.graph, training), self)

    def _summed_loss(self, batch: LabelledGraphs) -> tuple[torch.Tensor, torch.Tensor]:
        """The loss times the number of frames with labels, and that number."""
        frames = (~batch.energy.isnan()).sum()
        return self._loss(batch, training=False).detach() * frames, frames

    # ------------------------------------------------------------ predicting
    def _prepare(self, frames: Sequence[Atoms]) -> list[Graph]:
        from mlffbench.potentials.networks.batches import batched_graphs

        return batched_graphs(frames, self.cutoff_, self.device_)

    def _evaluate(self, inputs: list[Graph]) -> Labels:
        return self._evaluate_only(inputs, frozenset(QUANTITIES))

    def _evaluate_only(self, inputs: list[Graph], quantities: frozenset[str]) -> Labels:
        from mlffbench.descriptors.graph import parts
        from mlffbench.system.batch_size import with_half_on_memory_error

        if quantities == {"energy"}:
            return self._energies_alone(inputs)
        labels = self._labels_with_std if "std" in quantities else self._prediction().labels
        evaluated = lambda graph, n: [labels(part) for part in parts(graph, n)]
        halved = (with_half_on_memory_error(partial(evaluated, graph)) for graph in inputs)
        return concatenate([part for several in halved for part in several])

    def _labels_with_std(self, graph: Graph) -> Labels:
        """Labels of a graph, with deviations where the fit has their rigidity."""
        labels = self._prediction().labels(graph)
        rigidity = getattr(self, "rigidity_", None)
        if rigidity is None:
            return labels
        from mlffbench.descriptors.graph import frames_of

        energy, forces = self._last_layer().deviations(graph, rigidity.to(self.device_))
        return replace(labels, energy_std=energy.cpu().numpy(), forces_std=frames_of(graph, forces))

    def _energies_alone(self, inputs: list[Graph]) -> Labels:
        import torch

        with torch.no_grad():
            return Labels(torch.cat([self._energies(graph) for graph in inputs]).cpu().numpy())

    def _prediction(self) -> CapturedPrediction:
        """Predictions of the present module, whose captured graphs later calls use again."""
        from mlffbench.descriptors.captured_prediction import CapturedPrediction

        module, known = vars(self).get("_predicted", (None, None))
        if known is None or module is not self.module_:
            forces = lambda graph: self._with_forces(graph)
            known = CapturedPrediction(forces, self.cutoff_, self.device_)
            self._predicted = self.module_, known
        return known

    def _with_forces(
        self, batch: Graph, create_graph: bool = False
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Energies, forces and stresses of a batch."""
        from mlffbench.descriptors.graph import with_forces

        return with_forces(self._energies, batch, create_graph)

    # ------------------------------------------------------------ pickling
    def __getstate__(self) -> dict[str, Any]:
        """The state with weights in place of the module: a file holds values, no code."""
        state = super().__getstate__().copy()
        state.pop("_predicted", None)
        if "module_" in state:
            state["module_"] = {k: v.detach().cpu().clone() for k, v in _tensors(state["module_"])}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        import torch

        from mlffbench.potentials.networks.seeding import fixed_seed

        super().__setstate__(state)
        if "module_" in state:
            self.device_ = self.device_ if torch.cuda.is_available() else "cpu"
            with fixed_seed(0):
                self.module_ = self._build()
            with torch.no_grad():
                for name, tensor in _tensors(self.module_):
                    tensor.copy_(state["module_"][name])
            self.module_.to(self.device_)


def _tensors(module: torch.nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    """Weights and buffers by name, as plain tensors; the state of graph-pes also holds versions and such."""
    import torch

    for name, tensor in (*module.named_parameters(), *module.named_buffers()):
        yield name, tensor.as_subclass(torch.Tensor)
