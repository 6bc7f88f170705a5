"""Bonded force field of GAFF's functional form, with all parameters fitted to the data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from annotated_types import MinLen
from ase import Atoms

from mlffbench.data import Labels
from mlffbench.forcefield import ForceField
from mlffbench.system.ranges import AtomEnergies, Count, Device, Length, Natural, NonNegative, Positive

if TYPE_CHECKING:
    from mlffbench.potentials.gaff.evaluation import Prepared
    from mlffbench.potentials.gaff.parameter_tables import ParameterCache

__all__ = ["Bonded"]


class Bonded(ForceField):
    """Harmonic bonds and angles, cosine torsions, Lennard-Jones and charges (GAFF's form), all fitted.

    E = Σ_bonds k (r − r0)² + Σ_angles k (θ − θ0)² + Σ_torsions Σ_n ½ V_n cos nφ
        + Σ_impropers ½ V (1 − cos 2φ) + Σ_pairs ε [(R/r)¹² − 2 (R/r)⁶] + q q'/4πε0 r + Σ_atoms e

    A pair one or two bonds apart does not interact, a pair three bonds apart has ε/2 and q q'/1.2;
    ε = √(ε ε'), R = R + R'. A negative V_n is a phase of 180°. An improper is the mean over the orders of its
    centre's neighbours. Lennard-Jones ends by a quintic switch from 0.8 to 1 cutoff, Coulomb by the shifted
    force.

    Bonds are perceived from distances: heavy atoms closer than 1.3 sums of covalent radii (up to 1.6 where
    that completes surroundings known from training), every hydrogen to its nearest atom; metals and noble
    gases have no bonds. A hydrogen on its way between two atoms gives a mixture of the two topologies, with
    weights that depend smoothly on the two distances, so that a proton can be transferred. Atoms with equal
    surroundings up to `depth` bonds have one type and share parameters; a term that training never showed has
    the mean of the terms that are equal at smaller depth, or is left out.

    The fit is exact least squares: the energy is linear in k, k r0, k r0², V, ε R¹², ε R⁶ and q q', so the
    rows of all labels are reduced once to an R factor, from which the Levenberg–Marquardt method with the
    exact Jacobian finds the parameters within bounds. Charges leave the training frames neutral.

    Parameters
    ----------
    cutoff : float
        Cutoff of Lennard-Jones and Coulomb interactions, Å.
    depth : int
        Depth of the atom types in bonds; less if that would take too many parameters.
    periodicities : sequence of int
        Periodicities n of the torsions.
    blend : float
        Half the width of the blend of a hydrogen between two partners, in sums of covalent radii; positive.
    energy_weight, forces_weight, stress_weight : float
        The loss is Σ weight (RMSE/σ)², σ the spread of that label in training; energies per atom.
    alpha : float
        Weight of a prior of usual sizes (`potentials.gaff.unknowns.PRIORS`): it decides what the data
        leave open.
    max_iterations : int
        Largest number of steps of the optimiser.
    device : str
        Device of the predictions; the fit runs on the CPU.
    atomic_energies : mapping of str to float, optional
        Energies of isolated atoms, eV.

    Attributes
    ----------
    parameters_ : dict
        Values by kind and key, in eV, Å, radians and e:
        ``parameters_["bonds"]["C(CHH)-H(C)"] == {"k": ..., "r0": ...}``.
    types_ : Types
        The atom types and the coarser types they refine.
    loss_ : float
        Loss of the fit without its prior.

    References
    ----------
    J. Wang, R. M. Wolf, J. W. Caldwell, P. A. Kollman and D. A. Case, J. Comput. Chem. 25, 1157 (2004). The
    shifted force: C. J. Fennell and J. D. Gezelter, J. Chem. Phys. 124, 234104 (2006), undamped.

    Examples
    --------
    >>> from mlffbench.datasets.malonaldehyde import malonaldehyde
    >>> data = malonaldehyde()
    >>> model = Bonded(depth=1).fit(data.frames[:20], data.labels[:20])
    >>> round(model.parameters_["bonds"]["C(CHO)-H(C)"]["r0"], 1)
    1.1
    """

    family: ClassVar[str] = "classical"
    requires: ClassVar[tuple[str, ...]] = ("torch",)
    extra: ClassVar[str | None] = "classical"
    implementation: ClassVar[tuple[str, ...]] = ("mlffbench.potentials.gaff.fit",)

    def __init__(
        self,
        cutoff: Length = 9.0,
        depth: Natural = 3,
        periodicities: Annotated[Sequence[Count], MinLen(1)] = (1, 2, 3, 4),
        blend: Positive = 0.25,
        energy_weight: NonNegative = 1.0,
        forces_weight: NonNegative = 1.0,
        stress_weight: NonNegative = 1.0,
        alpha: NonNegative = 1e-4,
        max_iterations: Natural = 200,
        device: Device = "cpu",
        atomic_energies: AtomEnergies | None = None,
    ) -> None:
        self.cutoff = cutoff
        self.depth = depth
        self.periodicities = periodicities
        self.blend = blend
        self.energy_weight = energy_weight
        self.forces_weight = forces_weight
        self.stress_weight = stress_weight
        self.alpha = alpha
        self.max_iterations = max_iterations
        self.device = device
        self.atomic_energies = atomic_energies

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        """Detail of the atom types, strength of the prior and reach of the non-bonded terms."""
        from scipy.stats import loguniform, uniform

        return {
            "cutoff": uniform(6.0, 6.0),
            "depth": [1, 2, 3, 4],
            "alpha": loguniform(1e-6, 1e-2),
        }

    @classmethod
    def test_params(cls) -> dict[str, Any]:
        return {"cutoff": 6.0, "depth": 2, "max_iterations": 30}

    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        from mlffbench.potentials.gaff.fit import Settings, fit

        settings = Settings(
            cutoff=self.cutoff,
            depth=self.depth,
            width=self.blend,
            periodicities=tuple(self.periodicities),
            weights=(self.energy_weight, self.forces_weight, self.stress_weight),
            alpha=self.alpha,
            max_iterations=self.max_iterations,
        )
        self.parameters_, self.types_, self.loss_, converged = fit(list(frames), labels, settings)
        rows = (values for kind in self.parameters_.values() for values in kind.values())
        self.n_parameters_ = sum(map(len, rows))
        self.stopped_by_ = "converged" if converged else "iterations"

    def _prepare(self, frames: Sequence[Atoms]) -> Prepared:
        from mlffbench.potentials.gaff.evaluation import prepare

        return prepare(frames, self._parameter_cache(), self.cutoff, self.blend, self.device)

    def _evaluate(self, inputs: Prepared) -> Labels:
        from mlffbench.potentials.gaff.evaluation import evaluate

        return evaluate(inputs, self.cutoff, self.periodicities)

    def _parameter_cache(self) -> ParameterCache:
        """Tables of the parameters and topologies met before; a new cache for other `parameters_`."""
        from mlffbench.potentials.gaff.parameter_tables import ParameterCache

        cache = getattr(self, "_cache", None)
        if cache is None or cache.parameters is not self.parameters_:
            cache = self._cache = ParameterCache.of(self.parameters_, self.types_)
        return cache

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in super().__getstate__().items() if k != "_cache"}
