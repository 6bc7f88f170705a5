"""Spectral neighbour analysis potential: linear or quadratic in LAMMPS's bispectrum components."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from annotated_types import Interval, Predicate, doc
from ase import Atoms
from ase.data import atomic_numbers

from mlffbench.data import QUANTITIES, Labels
from mlffbench.estimators.base.exportable import Exportable
from mlffbench.forcefield import ForceField
from mlffbench.system.ranges import AtomEnergies, Length, NonNegative, Positive

if TYPE_CHECKING:
    from mlffbench.potentials.regression.bayesian_ridge import BayesianRidge, NormalEquations
    from mlffbench.potentials.snap.bispectrum import Bispectrum

__all__ = ["SNAP"]

MOST_EXPLICIT = 3  # elements: components grow with the cube of their number


def _are_elements(weights: Mapping[str, float]) -> bool:
    return all(symbol in atomic_numbers for symbol in weights)


TwoJ = Annotated[int, Interval(ge=1, le=14)]
Weights = Annotated[
    Mapping[str, Positive], Predicate(_are_elements), doc("positive weights by chemical symbol, {H: 0.5}")
]


class SNAP(Exportable, ForceField):
    """Spectral neighbour analysis potential: E = Σ_i β_Z·B_i, linear in bispectrum components of neighbours.

    The cheapest fit of all: one linear least-squares problem, without iterations or start values. LAMMPS
    computes components [1]_, their derivatives and the fitted potential (``compute snap``,
    ``pair_style snap``); the fit is a Bayesian ridge regression of energies, forces and stresses, whose
    posterior gives standard deviations. A suite fits it in its own `environment`, as LAMMPS starts MPI in its
    process.

    Parameters
    ----------
    cutoff : float, optional
        Of all pairs, Å; by default of each pair of elements the sum of their covalent radii and 2.6 Å: 4.8 Å
        for silicon, 4.1 Å for carbon.
    two_j_max : int
        2J: resolution of the components, of which there are 14, 30, 55 for 4, 6, 8.
    form : {"linear", "quadratic", "explicit"}, optional
        ``linear`` or ``quadratic`` [2]_ in the components of one neighbour density, in which elements have
        weights; or ``explicit``, linear in the components of one density an element [3]_, as many as the cube
        of their number. By default quadratic, but explicit for two or three elements.
    weights : mapping of str to float, optional
        Weights of elements as neighbours; by default evenly spaced from 1/n to 1 in the one density, so that
        it tells elements apart, and 1 in a density of their own.
    energy_weight, forces_weight, stress_weight : float
        Weights of residuals: eV per atom, eV/Å and eV/Å³. Zero leaves forces or stresses out.
    uncertainty : {False, True, "energy", "forces"}
        Predict `energy_std` (True or "energy"), and `forces_std` as well ("forces"), which takes several
        times as long as a prediction. They are deviations of the posterior without the noise of labels,
        times the number that makes them as large as leave-one-out errors of training labels.
    atomic_energies : mapping of str to float, optional
        Energies of isolated atoms, eV.

    Attributes
    ----------
    coefficients_ : (n_elements, n_features) array
        β by element, eV; the first is a constant, products of components follow in LAMMPS's order.
    form_, two_j_max_ : str, int
        Form and resolution that were fitted.
    radii_, weights_ : dict of str to float
        Radii of the elements, Å, whose sum is a pair's cutoff, and their weights.
    equations_ : dict
        Normal equations, which `partial_fit` adds to.
    scales_ : dict of str to float
        That number for energies, forces and stresses.
    noise_ : float
        Standard deviation of weighted residuals that maximises the evidence.
    penalty_ : float
        Ratio of the noise's variance to that of the prior, which maximises the evidence.

    References
    ----------
    .. [1] A. P. Thompson et al., J. Comput. Phys. 285, 316 (2015). Code: https://github.com/lammps/lammps
    .. [2] M. A. Wood and A. P. Thompson, J. Chem. Phys. 148, 241721 (2018).
    .. [3] M. A. Cusentino, M. A. Wood and A. P. Thompson, J. Phys. Chem. A 124, 5456 (2020).
    """

    family: ClassVar[str] = "linear"
    predicts_std: ClassVar[bool] = True
    requires: ClassVar[tuple[str, ...]] = ("lammps",)
    extra: ClassVar[str | None] = "lammps"
    environment: ClassVar[Mapping[str, Any] | None] = {
        "name": "snap",
        "requirements": ["lammps[mpi]>=2025.7.22,<2026"],
    }
    runs_in: ClassVar[tuple[str, ...]] = ("ASE", "LAMMPS")
    export_formats: ClassVar[Mapping[str, str]] = {"lammps": ".lammps"}

    def __init__(
        self,
        cutoff: Length | None = None,
        two_j_max: TwoJ = 6,
        form: Literal["linear", "quadratic", "explicit"] | None = None,
        weights: Weights | None = None,
        energy_weight: Positive = 100.0,
        forces_weight: NonNegative = 1.0,
        stress_weight: NonNegative = 30.0,
        uncertainty: bool | Literal["energy", "forces"] = True,
        atomic_energies: AtomEnergies | None = None,
    ) -> None:
        self.cutoff = cutoff
        self.two_j_max = two_j_max
        self.form = form
        self.weights = weights
        self.energy_weight = energy_weight
        self.forces_weight = forces_weight
        self.stress_weight = stress_weight
        self.uncertainty = uncertainty
        self.atomic_energies = atomic_energies

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        """Reach, resolution and form; what weighs energies against forces stays."""
        from scipy.stats import uniform

        return {"cutoff": uniform(3.5, 3.0), "two_j_max": [4, 6, 8], "form": [None, "linear"]}

    @classmethod
    def test_params(cls) -> dict[str, Any]:
        return {"two_j_max": 3, "cutoff": 4.0, "uncertainty": "forces"}

    def import_libraries(self) -> None:
        super().import_libraries()

        from mlffbench.potentials.snap.session import session

        session()

    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        from mlffbench.potentials.regression.bayesian_ridge import NormalEquations
        from mlffbench.potentials.snap.bispectrum import default_radii, default_weights
        from mlffbench.potentials.snap.fit import check_size

        few = 1 < len(self.elements_) <= MOST_EXPLICIT
        self.two_j_max_ = self.two_j_max
        self.form_ = self.form or ("explicit" if few else "quadratic")
        weights = default_weights(self.elements_, self.form_) | dict(self.weights or {})
        self.weights_ = {symbol: float(weights[symbol]) for symbol in self.elements_}
        same = dict.fromkeys(self.elements_, self.cutoff / 2) if self.cutoff else None
        self.radii_: dict[str, float] = same or default_radii(self.elements_)
        check_size(self._bispectrum())
        self._learn(NormalEquations(self._bispectrum().n_columns), frames, labels)

    def _partial_fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        from mlffbench.potentials.regression.bayesian_ridge import NormalEquations

        self._learn(NormalEquations.from_state(self.equations_), frames, labels)

    def _learn(self, equations: NormalEquations, frames: Sequence[Atoms], labels: Labels) -> None:
        from mlffbench.potentials.regression.bayesian_ridge import bayesian_ridge
        from mlffbench.potentials.snap.fit import add_frames, calibrated_scales

        weights = {kind: getattr(self, f"{kind}_weight") for kind in ("energy", "forces", "stress")}
        sample = add_frames(equations, self._bispectrum(), frames, labels, weights)
        ridge = bayesian_ridge(equations)
        self.scales_ = calibrated_scales(ridge, sample)
        self.coefficients_ = ridge.coefficients.reshape(len(self.elements_), -1)
        self.noise_, self.penalty_ = ridge.noise, ridge.penalty
        self.equations_ = equations.state()
        self._ridge_: BayesianRidge | None = ridge

    def _bispectrum(self) -> Bispectrum:
        from mlffbench.potentials.snap.bispectrum import Bispectrum

        radii, weights = ([of[s] for s in self.elements_] for of in (self.radii_, self.weights_))
        return Bispectrum(tuple(self.elements_), tuple(radii), self.two_j_max_, self.form_, tuple(weights))

    def _posterior(self) -> BayesianRidge:
        """The posterior, computed again from the normal equations in a model that was loaded."""
        from mlffbench.potentials.regression.bayesian_ridge import NormalEquations, bayesian_ridge

        if self._ridge_ is None:
            self._ridge_ = bayesian_ridge(NormalEquations.from_state(self.equations_), self.penalty_)
        return self._ridge_

    @property
    def n_parameters_(self) -> int:
        """Number of coefficients."""
        return int(self.coefficients_.size)

    def resolved_params(self) -> dict[str, Any]:
        """Parameters, with the form and the weights of elements that were fitted."""
        params = super().resolved_params()
        return {**params, "form": self.form_, "weights": self.weights_} if hasattr(self, "form_") else params

    def _evaluate(self, inputs: Sequence[Atoms]) -> Labels:
        return self._evaluate_only(inputs, frozenset(QUANTITIES))

    def _evaluate_only(self, inputs: Sequence[Atoms], quantities: frozenset[str]) -> Labels:
        from mlffbench.potentials.snap import evaluation

        uncertainty = self.uncertainty if "std" in quantities else False
        fitted = self._bispectrum(), self.coefficients_, inputs
        if uncertainty == "forces":
            return evaluation.predict_with_deviations(*fitted, self._posterior(), self.scales_)
        posterior = self._posterior() if uncertainty else None
        return evaluation.predict(*fitted, posterior, self.scales_)

    def _exported(self, target: Path, format: str) -> tuple[dict[Path, str | bytes], str]:
        """Coefficients with the atomic energies, so that LAMMPS's energy is the whole one."""
        from mlffbench.potentials.lammps_input import lammps_input, lammps_script
        from mlffbench.potentials.snap import snap_files

        bispectrum, coefficients = self._bispectrum(), self.coefficients_.copy()
        coefficients[:, 0] += [self.atomic_energies_[symbol] for symbol in self.elements_]
        names = f"{target.name}.snapcoeff", f"{target.name}.snapparam"
        commands = snap_files.snap_commands(bispectrum, *names)
        text = lammps_input("SNAP of mlffbench", self.elements_, commands, package="ML-SNAP")
        usage = lammps_script(target.name, self.elements_, text)
        texts = snap_files.coefficient_file(bispectrum, coefficients), snap_files.parameter_file(bispectrum)
        files = {target.name: text, **dict(zip(names, texts, strict=True))}
        return {target.with_name(name): content for name, content in files.items()}, usage

    def __getstate__(self) -> dict[str, Any]:
        """The attributes, without the posterior that follows from the normal equations."""
        state = super().__getstate__().copy()
        return state | {"_ridge_": None} if "_ridge_" in state else state
