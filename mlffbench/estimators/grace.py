"""GRACE/FS, a nonlinear atomic cluster expansion, by the package tensorpotential in its own environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from annotated_types import Interval
from ase import Atoms

from mlffbench.data import Labels
from mlffbench.estimators.base.warm_start import WarmStart
from mlffbench.system.ranges import (
    AtomEnergies,
    Count,
    Length,
    NonNegative,
    Order,
    Positive,
    Seed,
    ShareBelowOne,
)

if TYPE_CHECKING:
    from mlffbench.potentials.grace.bonds import Bonds
    from mlffbench.potentials.grace.evaluation import Batch, Evaluator

__all__ = ["GRACE"]

MOST_ORDER = 4
Densities = Annotated[int, Interval(ge=1, le=5)]


class GRACE(WarmStart):
    """GRACE/FS, a nonlinear atomic cluster expansion [1]_ with embedded chemistry [2]_, by tensorpotential.

    E = Σ_i F(ρ_1i, ρ_2i ...) with F = Σ_p sign(ρ_p)|ρ_p|^{m_p}: each density ρ is linear in products of up
    to four sums over neighbours, whose radial functions and embeddings of the elements are trained along.
    Model, loss and optimiser are the authors' own [3]_, and their values the defaults; validation frames,
    batches and the choice of the best epoch are this package's. The learning rate falls by a cosine to a
    hundredth at the end of the epochs or of the time. tensorpotential is under the Academic Software License:
    for academic, non-commercial use only, so it is no dependency, and a suite fits this method in its own
    `environment`.

    Parameters
    ----------
    cutoff : float
        Å.
    n_radial : sequence of int
        Radial functions of products of one, two, three and four neighbours; their number is the order.
    l_max : sequence of int
        Largest angular momentum of the factors of these products.
    n_basis : int
        Bessel functions that the radial functions are made of.
    embedding_size : int
        Length of the embedding of an element.
    densities : int
        Number of densities, with exponents 1, 1/2, 2, 3/4 and 3/2.
    energy_weight, forces_weight, stress_weight : float
        Weights of the Huber losses of energies per atom, eV, force components, eV/Å, and stresses, eV/Å³.
    huber_delta : float
        Error from which on these losses are linear, in the same units.
    max_epochs : int
        Epochs of the training.
    batch_size : int
        Frames of a step; they are drawn once, and the batches come in another order in every epoch.
    learning_rate : float
        Of Adam with AMSGrad, at the beginning.
    ema_decay : float
        Decay of the exponential average of the weights, which is validated and kept.
    validation_fraction : float
        Part of the training frames held out to choose the best epoch.
    patience : int, optional
        Stop after so many epochs without a better validation loss.
    max_seconds : float, optional
        Time of the fit, its compilation included; it stops after the batch that exceeds it.
    warm_start : bool
        A second `fit` continues from the present weights.
    xla : bool
        Compile steps and predictions by XLA: half a minute at the beginning of a fit and some seconds for
        each new size of a batch, then faster steps. False: TensorFlow's graphs as they are, for short fits.
    dtype : {"float32", "float64"}
        Precision of the weights and products; distances and sums are float64.
    random_state : int, optional
        Seed of the first weights, the validation split and the batches.
    atomic_energies : mapping of str to float, optional
        Energies of isolated atoms, eV.

    Attributes
    ----------
    weights_ : list of arrays
        Of the best epoch.
    config_ : dict
        Numbers that the model is made of.
    shift_ : float
        Mean energy of an atom, eV.
    history_ : list of dict
        One row an epoch.

    References
    ----------
    .. [1] Y. Lysogorskiy et al., npj Comput. Mater. 7, 97 (2021).
    .. [2] A. Bochkarev, Y. Lysogorskiy, R. Drautz, Phys. Rev. X 14, 021036 (2024).
    .. [3] Code: https://github.com/ICAMS/grace-tensorpotential
    """

    family: ClassVar[str] = "neural network"
    requires: ClassVar[tuple[str, ...]] = ("tensorflow", "tensorpotential")
    environment: ClassVar[Mapping[str, Any] | None] = {
        "name": "grace",
        "requirements": ["tensorflow-cpu>=2.19,<=2.20", "pandas<3", "sympy", "pyyaml", "tqdm", "requests"],
        # the first asks for CUDA, the second for another TensorFlow of 0.6 GB
        "without_dependencies": ["tensorpotential>=0.6.2,<0.7", "tf_keras<2.21"],
    }
    implementation: ClassVar[tuple[str, ...]] = (
        "mlffbench.potentials.grace.training",
        "mlffbench.potentials.grace.evaluation",
    )

    def __init__(
        self,
        cutoff: Length = 5.0,
        *,
        n_radial: tuple[Count, ...] = (20, 15, 10),
        l_max: tuple[Order, ...] = (5, 5, 4),
        n_basis: Count = 20,
        embedding_size: Count = 32,
        densities: Densities = 2,
        energy_weight: NonNegative = 16.0,
        forces_weight: NonNegative = 32.0,
        stress_weight: NonNegative = 128.0,
        huber_delta: Positive = 0.01,
        max_epochs: Count = 200,
        batch_size: Count = 8,
        learning_rate: Positive = 0.008,
        ema_decay: ShareBelowOne = 0.99,
        validation_fraction: ShareBelowOne = 0.1,
        patience: Count | None = None,
        max_seconds: Positive | None = None,
        warm_start: bool = False,
        xla: bool = True,
        dtype: Literal["float32", "float64"] = "float32",
        random_state: Seed | None = 0,
        atomic_energies: AtomEnergies | None = None,
    ) -> None:
        self.cutoff = cutoff
        self.n_radial = n_radial
        self.l_max = l_max
        self.n_basis = n_basis
        self.embedding_size = embedding_size
        self.densities = densities
        self.energy_weight = energy_weight
        self.forces_weight = forces_weight
        self.stress_weight = stress_weight
        self.huber_delta = huber_delta
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.ema_decay = ema_decay
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.max_seconds = max_seconds
        self.warm_start = warm_start
        self.xla = xla
        self.dtype = dtype
        self.random_state = random_state
        self.atomic_energies = atomic_energies

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        """Cutoff, size of the expansion and the steps of its training."""
        from scipy.stats import loguniform, uniform

        return {
            "cutoff": uniform(4.0, 3.0),
            "n_radial": [(20, 15, 10), (10, 8, 5)],
            "embedding_size": [16, 32, 64],
            "densities": [1, 2, 4],
            "learning_rate": loguniform(2e-3, 3e-2),
            "batch_size": [4, 8, 16],
        }

    @classmethod
    def test_params(cls) -> dict[str, Any]:
        small = {"n_radial": (3, 2), "l_max": (2, 2), "n_basis": 4, "embedding_size": 2, "densities": 2}
        return {**small, "cutoff": 4.5, "max_epochs": 2, "xla": False, "dtype": "float64"}

    def _validate_params(self) -> None:
        super()._validate_params()
        radial, angular = tuple(self.n_radial), tuple(self.l_max)
        if not 1 <= len(radial) <= MOST_ORDER or len(angular) != len(radial):
            raise ValueError(
                f"n_radial has {len(radial)} and l_max {len(angular)} numbers: both need one for each order "
                f"up to {MOST_ORDER}, as (20, 15, 10) and (5, 5, 4)"
            )
        for name, values in (("n_radial", radial), ("l_max", angular)):
            if list(values) != sorted(values, reverse=True):
                raise ValueError(f"{name} is {values}, but of the orders of a product none has more")

    def import_libraries(self) -> None:
        super().import_libraries()

        from mlffbench.potentials.grace.library import library

        library()

    # ------------------------------------------------------------ fitting
    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        from mlffbench.potentials.validation_split import seed_of

        self._evaluator_: Any = None  # TensorFlow's form of the model, made when first needed
        sizes = np.array([len(atoms) for atoms in frames])
        self.shift_ = float(labels.energy.sum() / sizes.sum())
        bonds = self._bonds(frames)
        self.config_ = self._config(bonds, labels)
        self._train(bonds, sizes, labels, seed_of(self.random_state))

    def _partial_fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        from mlffbench.potentials.validation_split import seed_of

        self._evaluator_ = None
        sizes = np.array([len(atoms) for atoms in frames])
        self._train(self._bonds(frames), sizes, labels, seed_of(self.random_state), self.weights_)

    def _bonds(self, frames: Sequence[Atoms]) -> list[Bonds]:
        from mlffbench.potentials.grace.bonds import bonds_of

        return bonds_of(frames, Atoms(self.elements_).numbers.tolist(), self.cutoff)

    def _config(self, bonds: Sequence[Bonds], labels: Labels) -> dict[str, Any]:
        known = [forces for forces in labels.forces or () if forces is not None]
        force = float(np.sqrt(np.mean(np.square(np.concatenate(known))))) if known else 1.0
        return {
            "elements": list(self.elements_),
            "cutoff": float(self.cutoff),
            "neighbours": max(1.0, sum(len(b.first) for b in bonds) / sum(len(b.species) for b in bonds)),
            "scale": max(0.1, force),
            "n_radial": list(self.n_radial),
            "l_max": list(self.l_max),
            "radial": self.n_basis,
            "embedding": self.embedding_size,
            "densities": self.densities,
            "dtype": self.dtype,
        }

    def _train(
        self,
        bonds: list[Bonds],
        sizes: np.ndarray,
        labels: Labels,
        seed: int,
        start: list[np.ndarray] | None = None,
    ) -> None:
        from dataclasses import replace

        from mlffbench.potentials.grace.training import Settings, Training
        from mlffbench.potentials.validation_split import holdout

        picked, held = holdout(len(bonds), self.validation_fraction, seed)
        self._hold_out(held)
        relative = replace(labels, energy=labels.energy - self.shift_ * sizes)
        settings = Settings(**{field.name: getattr(self, field.name) for field in fields(Settings)})
        training = Training(self.config_, settings, seed, start)
        parts = [training.batches([bonds[i] for i in some], relative[some]) for some in (picked, held)]
        trained = training.run(*parts)
        self.weights_, self.history_ = trained.weights, trained.history
        self.stopped_by_ = trained.stopped_by

    @property
    def n_parameters_(self) -> int:
        """Number of trained weights."""
        return sum(values.size for values in self.weights_)

    # ------------------------------------------------------------ predicting
    def _evaluator(self) -> Evaluator:
        from mlffbench.potentials.grace.evaluation import Evaluator

        if self._evaluator_ is None:
            numbers = Atoms(self.elements_).numbers.tolist()
            self._evaluator_ = Evaluator(self.config_, self.weights_, numbers, self.shift_, self.xla)
        return self._evaluator_

    def _prepare(self, frames: Sequence[Atoms]) -> list[Batch]:
        return self._evaluator().batches(frames)

    def _evaluate(self, inputs: list[Batch]) -> Labels:
        return self._evaluator().predict(inputs)

    def __getstate__(self) -> dict[str, Any]:
        """The attributes, without TensorFlow's form of the model."""
        state = super().__getstate__().copy()
        return state | {"_evaluator_": None} if "_evaluator_" in state else state
