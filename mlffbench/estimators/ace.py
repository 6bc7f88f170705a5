"""The linear atomic cluster expansion through its authors' package, ace-jax."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from annotated_types import Interval
from ase import Atoms

from mlffbench.data import Labels
from mlffbench.forcefield import ForceField
from mlffbench.system.ranges import AtomEnergies, Count, Length, NonNegative, Seed

if TYPE_CHECKING:
    from mlffbench.potentials.ace.edges import Edges
    from mlffbench.potentials.ace.evaluation import Evaluator

__all__ = ["ACE"]

CorrelationOrder = Annotated[int, Interval(ge=1, le=6)]
Degree = Annotated[int, Interval(ge=2, le=40)]


class ACE(ForceField):
    """Linear atomic cluster expansion, E = Σ_i c·B(x_i), built and fitted by ace-jax.

    The authors' implementation in jax [2]_ of the expansion [1]_: B are the invariant polynomials of the
    neighbour density up to `order` + 1 bodies and a total degree, and pair functions; c is the mean of a
    Bayesian linear regression on energies, forces and stresses under a smoothness prior, whose scale and
    noise maximise the evidence. The constant energy per atom of each element is fitted along. Bond lengths
    that shape the radial functions are the package's, and sums of covalent radii where it has none
    (hydrogen). The number of coefficients grows fast with the number of elements.

    Parameters
    ----------
    order : int
        Correlation order: a function couples up to `order` neighbours, so `order` + 1 bodies.
    degree : int, optional
        Largest total degree of a function. Default: the largest up to 12 with at most `max_columns`
        coefficients.
    cutoff : float
        Å.
    energy_weight, forces_weight, stress_weight : float, optional
        Weights of the residuals of energies and of virials, both per square root of atoms in eV, and of
        forces in eV/Å; those left out are 1. Default: each kind has a noise of its own, which maximises the
        evidence. That makes the best forces, but may give energies away: 30 is common for `energy_weight`.
    uncertainty : bool
        Predict `energy_std` and `forces_std`: automatic relevance determination by body order in place of one
        prior scale, and a jackknife over the training frames, calibrated on a fifth of them that a second
        fit leaves out.
    max_columns : int
        Most coefficients. Time grows with their square, and memory: some thousands take minutes.
    random_state : int, optional
        Seed of the frames that `uncertainty` leaves out.
    atomic_energies : mapping of str to float, optional
        Energies of isolated atoms, eV.

    Attributes
    ----------
    arrays_ : dict of str to array
        The potential as ace-jax stores it, without the isolated-atom energies.
    jackknife_ : dict of str to array, or None
        Sets of coefficients whose potentials spread like the errors, and scales of the forces' deviations.
    degree_ : int
        Total degree of the fitted expansion.

    References
    ----------
    .. [1] R. Drautz, Phys. Rev. B 99, 014104 (2019). G. Dusson et al., J. Comput. Phys. 454, 110946 (2022).
    .. [2] W. C. Witt et al., J. Chem. Phys. 159, 164101 (2023). Code: https://github.com/ACEsuit/ace-jax
    """

    family: ClassVar[str] = "linear"
    predicts_std: ClassVar[bool] = True
    requires: ClassVar[tuple[str, ...]] = ("ace_jax",)
    extra: ClassVar[str | None] = "ace"
    implementation: ClassVar[tuple[str, ...]] = (
        "mlffbench.potentials.ace.fit",
        "mlffbench.potentials.ace.evaluation",
    )

    def __init__(
        self,
        order: CorrelationOrder = 3,
        degree: Degree | None = None,
        cutoff: Length = 5.0,
        energy_weight: NonNegative | None = None,
        forces_weight: NonNegative | None = None,
        stress_weight: NonNegative | None = None,
        uncertainty: bool = False,
        max_columns: Count = 1500,
        random_state: Seed | None = 0,
        atomic_energies: AtomEnergies | None = None,
    ) -> None:
        self.order = order
        self.degree = degree
        self.cutoff = cutoff
        self.energy_weight = energy_weight
        self.forces_weight = forces_weight
        self.stress_weight = stress_weight
        self.uncertainty = uncertainty
        self.max_columns = max_columns
        self.random_state = random_state
        self.atomic_energies = atomic_energies

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        """Body order, reach and degree of the expansion; degrees beyond `max_columns` are refused."""
        from scipy.stats import uniform

        return {"order": [2, 3, 4], "cutoff": uniform(4.0, 2.5), "degree": [None, 6, 8, 10]}

    @classmethod
    def test_params(cls) -> dict[str, Any]:
        return {"order": 2, "degree": 4, "cutoff": 4.0}

    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        from mlffbench.potentials.ace import fit
        from mlffbench.potentials.ace.basis import basis_of, largest_degree

        numbers = Atoms(self.elements_).numbers.tolist()
        self._evaluator_: Any = None  # jax's form of the arrays, made when first needed
        self.degree_ = self.degree or largest_degree(len(numbers), self.order, self.max_columns)
        basis = basis_of(numbers, self.order, self.degree_, self.cutoff, self.max_columns)
        weights = (self.energy_weight, self.forces_weight, self.stress_weight)
        settings = fit.Settings(weights, self.uncertainty, self.random_state or 0)
        self.arrays_, self.jackknife_ = fit.fit(basis, frames, labels, settings)

    @property
    def n_parameters_(self) -> int:
        """Number of coefficients."""
        return int(self.arrays_["WB"].size + self.arrays_["Wpair"].size)

    def resolved_params(self) -> dict[str, Any]:
        """Parameters, with the degree of the fitted expansion."""
        params = super().resolved_params()
        return params | {"degree": self.degree_} if hasattr(self, "degree_") else params

    def _evaluator(self) -> Evaluator:
        from mlffbench.potentials.ace.evaluation import Evaluator

        if self._evaluator_ is None:
            self._evaluator_ = Evaluator(self.arrays_, self.jackknife_)
        return self._evaluator_

    def _prepare(self, frames: Sequence[Atoms]) -> Edges:
        return self._evaluator().edges(frames)

    def _evaluate(self, inputs: Edges) -> Labels:
        return self._evaluator().predict(inputs, deviations=True)

    def _evaluate_only(self, inputs: Edges, quantities: frozenset[str]) -> Labels:
        return self._evaluator().predict(inputs, deviations="std" in quantities)

    def __getstate__(self) -> dict[str, Any]:
        """The attributes, without jax's form of the arrays."""
        state = super().__getstate__().copy()
        return state | {"_evaluator_": None} if "_evaluator_" in state else state
