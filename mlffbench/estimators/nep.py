"""The neuroevolution potential NEP4 by the package torchnep, in a Python environment of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ase import Atoms

from mlffbench.data import Labels, concatenate
from mlffbench.estimators.base.exportable import Exportable
from mlffbench.estimators.base.warm_start import WarmStart
from mlffbench.system.device import checked_device
from mlffbench.system.ranges import (
    AngularCutoff,
    AngularOrder,
    AtomEnergies,
    Count,
    Device,
    Fraction,
    Length,
    Natural,
    NonNegative,
    Positive,
    RepulsionCutoff,
    Seed,
    ShareBelowOne,
)

if TYPE_CHECKING:
    from mlffbench.descriptors.graph import Graph
    from mlffbench.potentials.nep.training import Training

__all__ = ["NEP"]


class NEP(Exportable, WarmStart):
    """NEP4: a small network per element on radial and angular Chebyshev descriptors [1]_ [2]_, by torchnep.

    The potential of GPUMD, known for its speed, trained by gradients in place of evolution: E = Σ_i N_Z(q_i),
    where q_i are sums over neighbours of Chebyshev polynomials with trained coefficients for each pair of
    elements, and of their products with spherical harmonics up to five-body order. Loss, optimiser and choice
    of the best epoch are torchnep's own [3]_; its validation frames are drawn here from the training set.
    Learning rates fall exponentially to a hundredth within each stage. torchnep is under the GPL and no
    dependency of this package: a suite fits this method in its own `environment`.

    Parameters
    ----------
    cutoff : float
        Cutoff of the radial descriptors, Å.
    angular_cutoff : float
        Cutoff of the angular descriptors, Å; no larger than `cutoff`.
    n_max, angular_n_max : int
        Radial functions of the radial and of the angular descriptors, less one.
    basis_size, angular_basis_size : int
        Chebyshev polynomials that these functions are made of, less one.
    l_max : int
        Highest order of the spherical harmonics of three-body terms.
    four_body, five_body : bool
        Descriptors of four and of five bodies: products of three and of four harmonics. The latter is the
        square of the three-body term of order 1 and adds nothing new.
    num_neurons : int
        Neurons of the hidden layer.
    zbl : float, optional
        Outer cutoff of the screened nuclear repulsion that is added to the network, Å; None: none.
    energy_weight, forces_weight, virial_weight : float
        Weights of the squared errors: energy per atom, eV; force components, eV/Å; virial per atom, eV.
    stage_two : float, optional
        Fraction of the epochs after which another set of weights and learning rate begins; None: never.
    stage_two_energy_weight, stage_two_forces_weight, stage_two_virial_weight : float
        Weights of stage two.
    stage_two_learning_rate : float
        Learning rate at the beginning of stage two.
    max_epochs : int
        Epochs of the training.
    batch_size : int
        Structures of a step.
    learning_rate : float
        Learning rate at the beginning.
    weight_decay : float
        Of AdamW; 0: plain Adam.
    validation_fraction : float
        Part of the training frames held out to choose the best epoch.
    patience : int, optional
        Stop after so many epochs without a better validation loss; the first of two stages ends likewise.
    max_seconds : float, optional
        Time of the fit: two epochs are timed, and the schedule is that of the epochs that fit into the rest.
    warm_start : bool
        A second `fit` continues from the present weights.
    device : str
        ``cpu``, ``cuda``, ``cuda:1`` ...
    dtype : {"float32", "float64"}
        Precision of the training; predictions are float64.
    random_state : int, optional
        Seed of the first weights, the validation split and the order of the batches.
    atomic_energies : mapping of str to float, optional
        Energies of isolated atoms, eV.

    Attributes
    ----------
    text_ : str
        The network as GPUMD reads it, ``nep.txt``, without the atomic energies.
    history_ : list of dict
        One row an epoch.
    epochs_ : int
        Epochs that the learning rates were planned for.

    References
    ----------
    .. [1] Z. Fan et al., Phys. Rev. B 104, 104309 (2021).
    .. [2] K. Song et al., Nat. Commun. 15, 10208 (2024): NEP4.
    .. [3] Y. Wu, torchnep. Code: https://github.com/mushroomfire/torchnep
    """

    family: ClassVar[str] = "neural network"
    requires: ClassVar[tuple[str, ...]] = ("torch", "torchnep")
    environment: ClassVar[Mapping[str, Any] | None] = {
        "name": "nep",
        "requirements": ["torchnep>=1.0.7,<1.1", "torch>=2.6,<2.14", "pip"],  # pip fetches NEP89
    }
    implementation: ClassVar[tuple[str, ...]] = (
        "mlffbench.potentials.nep.training",
        "mlffbench.potentials.nep.evaluation",
        "torchnep.train",
        "torch._dynamo",  # imported by the first optimiser
    )
    runs_in: ClassVar[tuple[str, ...]] = ("ASE", "GPUMD")
    export_formats: ClassVar[Mapping[str, str]] = {"gpumd": ".txt"}
    shares_inputs = True

    def __init__(
        self,
        cutoff: Length = 6.0,
        angular_cutoff: AngularCutoff = 4.5,
        *,
        n_max: Natural = 6,
        angular_n_max: Natural = 6,
        basis_size: Natural = 8,
        angular_basis_size: Natural = 8,
        l_max: AngularOrder = 4,
        four_body: bool = True,
        five_body: bool = False,
        num_neurons: Count = 40,
        zbl: RepulsionCutoff | None = None,
        energy_weight: NonNegative = 1.0,
        forces_weight: NonNegative = 1.0,
        virial_weight: NonNegative = 0.1,
        stage_two: Fraction | None = None,
        stage_two_energy_weight: NonNegative = 10.0,
        stage_two_forces_weight: NonNegative = 1.0,
        stage_two_virial_weight: NonNegative = 0.1,
        stage_two_learning_rate: Positive = 0.001,
        max_epochs: Count = 200,
        batch_size: Count = 2,
        learning_rate: Positive = 0.01,
        weight_decay: NonNegative = 1e-4,
        validation_fraction: ShareBelowOne = 0.1,
        patience: Count | None = None,
        max_seconds: Positive | None = None,
        warm_start: bool = False,
        device: Device = "cpu",
        dtype: Literal["float32", "float64"] = "float32",
        random_state: Seed | None = 0,
        atomic_energies: AtomEnergies | None = None,
    ) -> None:
        self.cutoff = cutoff
        self.angular_cutoff = angular_cutoff
        self.n_max = n_max
        self.angular_n_max = angular_n_max
        self.basis_size = basis_size
        self.angular_basis_size = angular_basis_size
        self.l_max = l_max
        self.four_body = four_body
        self.five_body = five_body
        self.num_neurons = num_neurons
        self.zbl = zbl
        self.energy_weight = energy_weight
        self.forces_weight = forces_weight
        self.virial_weight = virial_weight
        self.stage_two = stage_two
        self.stage_two_energy_weight = stage_two_energy_weight
        self.stage_two_forces_weight = stage_two_forces_weight
        self.stage_two_virial_weight = stage_two_virial_weight
        self.stage_two_learning_rate = stage_two_learning_rate
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
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
        """Cutoffs, size of the network and the steps of its training."""
        from scipy.stats import loguniform, uniform

        return {
            "cutoff": uniform(5.0, 3.0),
            "angular_cutoff": uniform(3.5, 1.5),
            "n_max": [4, 6, 8],
            "angular_n_max": [4, 6, 8],
            "num_neurons": [20, 40, 80],
            "learning_rate": loguniform(2e-3, 3e-2),
            "batch_size": [1, 2, 5],
        }

    @classmethod
    def test_params(cls) -> dict[str, Any]:
        small = {"n_max": 2, "angular_n_max": 2, "basis_size": 3, "angular_basis_size": 3, "num_neurons": 4}
        return {**small, "cutoff": 5.0, "angular_cutoff": 4.5, "max_epochs": 2, "dtype": "float64"}

    def _validate_params(self) -> None:
        super()._validate_params()
        if self.angular_cutoff > self.cutoff:
            raise ValueError(
                f"angular_cutoff is {self.angular_cutoff} Å, but cutoff is {self.cutoff} Å: NEP's angular "
                "neighbours are among the radial ones, so choose a smaller angular_cutoff"
            )

    def learned_labels(self) -> tuple[str, ...]:
        """Labels with a weight in either stage; stresses are learned as virials."""
        names = {"energy": "energy", "forces": "forces", "stress": "virial"}
        stages = ("",) if self.stage_two is None else ("", "stage_two_")
        weights = {
            q: [getattr(self, f"{stage}{name}_weight") for stage in stages] for q, name in names.items()
        }
        return tuple(quantity for quantity, values in weights.items() if any(values))

    # ------------------------------------------------------------ fitting
    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        self._train(frames, labels)

    def _partial_fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        self._train(frames, labels, self.text_)

    def _train(self, frames: Sequence[Atoms], labels: Labels, start: str | None = None) -> None:
        training = self._training(frames, labels, start)
        trained = training.run()
        self.device_, self.dtype_ = training.device, "float64"
        self.text_, self.history_, self.epochs_ = trained.text, trained.history, trained.epochs
        self.stopped_by_ = trained.stopped_by

    def _training(self, frames: Sequence[Atoms], labels: Labels, start: str | None = None) -> Training:
        """The training from new weights, or from those of a network."""
        from mlffbench.potentials.nep.settings import Settings
        from mlffbench.potentials.nep.training import Training
        from mlffbench.potentials.validation_split import holdout, seed_of

        seed = seed_of(self.random_state)
        training, held = holdout(len(frames), self.validation_fraction, seed)
        self._hold_out(held)
        picks = {"train": training} | ({"valid": held} if len(held) else {})
        return Training(
            elements=self.elements_,
            parts={name: ([frames[i] for i in some], labels[some]) for name, some in picks.items()},
            settings=Settings(**{field.name: getattr(self, field.name) for field in fields(Settings)}),
            max_epochs=self.max_epochs,
            max_seconds=self.max_seconds,
            seed=seed,
            precision=self.dtype,
            device=str(checked_device(self.device)),
            start=start,
        )

    @property
    def n_parameters_(self) -> int:
        """Number of weights and coefficients of the network, without the scaling of its descriptors."""
        from mlffbench.potentials.nep.nep_text import NEPText

        return NEPText.parse(self.text_).n_parameters

    # ------------------------------------------------------------ predicting
    def _prepare(self, frames: Sequence[Atoms]) -> list[Graph]:
        from mlffbench.potentials.nep.nep_text import NEPText
        from mlffbench.potentials.networks.batches import batched_graphs

        return batched_graphs(frames, NEPText.parse(self.text_).cutoff, self.device_)

    def _evaluate(self, inputs: list[Graph]) -> Labels:
        from mlffbench.descriptors.graph import labels, parts
        from mlffbench.potentials.nep.evaluation import evaluate, network
        from mlffbench.system.batch_size import with_half_on_memory_error

        potential = network(self.text_, self.device_)
        evaluated = lambda graph, n: [labels(part, *evaluate(potential, part)) for part in parts(graph, n)]
        halved = (with_half_on_memory_error(partial(evaluated, graph)) for graph in inputs)
        return concatenate([part for several in halved for part in several])

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take a state; without its GPU the network computes on the CPU."""
        super().__setstate__(state)
        if state.get("device_", "cpu") != "cpu":
            import torch

            self.device_ = self.device_ if torch.cuda.is_available() else "cpu"

    # ------------------------------------------------------------ export
    def _exported(self, target: Path, format: str) -> tuple[dict[Path, str | bytes], str]:
        """The network with the atomic energies in one more neuron of each element."""
        from mlffbench.potentials.nep.nep_text import NEPText

        text = NEPText.parse(self.text_).with_atomic_energies(self.atomic_energies_)
        usage = f"potential {target.name}  # in run.in of GPUMD\n"
        script = f'from torchnep.ase_calculator import NEP\n\natoms.calc = NEP("{target.name}")\n'
        return {target: text}, usage + script
