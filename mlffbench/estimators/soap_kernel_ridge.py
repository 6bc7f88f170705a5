"""Kernel ridge regression on SOAP whose representers are energies, force components and stresses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from annotated_types import Interval
from ase import Atoms

from mlffbench.data import QUANTITIES, Labels, concatenate
from mlffbench.forcefield import ForceField
from mlffbench.system.ranges import AtomEnergies, Count, Device, Order, Positive, Seed, SoapCutoff

if TYPE_CHECKING:
    from mlffbench.descriptors.neighbour_density import PlacedGraph

__all__ = ["SOAPKernelRidge"]


class SOAPKernelRidge(ForceField):
    """Kernel ridge regression on energies, forces and stresses, with the sum-of-environments SOAP kernel.

    With the kernel between frames k(S, T) = Σ_Z Σ_{i∈S, j∈T of element Z} (x̂_i·x̂_j)^ζ (Bartók, Kondor and
    Csányi, Phys. Rev. B 87, 184115 (2013); De et al., Phys. Chem. Chem. Phys. 18, 13754 (2016)) it solves

        min_E  w_E Σ_T (E_T − E(T))² + w_F Σ_T |F_T + ∇E(T)|² + w_S Σ_T |σ_T − V⁻¹∂E/∂ε(T)|² + λ ‖E‖²_k .

    By the representer theorem E(S) = Σ_T α_T k(S, T) − Σ_Tj β_Tj·∂k(S, T)/∂r_Tj + ...: a weight for every
    energy, force component and stress, as in gradient-domain machine learning (Chmiela et al., Sci. Adv. 3,
    e1603015 (2017)) and the operator models of Christensen and von Lilienfeld, Mach. Learn.: Sci. Technol. 1,
    045018 (2020). With more than `n_representers` labels, that many carry the function: all energies,
    and the same random share of every frame's other labels; all labels remain targets. With no more labels
    the solution is the exact one, and on energies alone textbook kernel ridge regression, (K + λ) α = E. The
    mean energy per atom is fitted apart.

    Parameters
    ----------
    cutoff : float
        Range of the radial functions, Å; neighbours fade out until 3.7 sigma beyond it.
    n_max, l_max, sigma
        Number of radial functions, largest angular degree, width of the atoms' Gaussians in Å: see `SOAP`.
    zeta : float
        Exponent of the kernel, at least 1.
    alpha : float
        λ, weight of the function's squared norm, eV² at w_E = 1.
    energy_weight, forces_weight, stress_weight : float
        w_E (dimensionless), w_F (Å²) and w_S (Å⁶).
    n_representers : int
        Largest number of labels that carry the function; time and memory grow with its square.
    batch_size : int, optional
        Frames at a time: changes memory and time, not results. Default: as many as a quarter of the GPU's
        free memory takes, or on a processor 64 MB.
    device : str
        Device of torch: ``cpu``, ``cuda``.
    random_state : int, optional
        Seed of the draw of representers, and of the environments that the axes are computed from.
    atomic_energies : mapping of str to float, optional
        Energies of isolated atoms, eV.

    Attributes
    ----------
    dual_coef_ : (m,) tensor
        Weights of the representers: energies (eV), forces (eV Å) and stresses.
    kernel_ : Kernel
        ``kernel_.points``: the training atoms of each atomic number, on ``kernel_.axes``.
    energy_weights_, slope_weights_ : dict of int to (n_points,) and (n_points, d) tensors
        E = Σ_i Σ_m a_m (x̂_i·x̂_m)^ζ + ζ (x̂_i·x̂_m)^{ζ−1} x̂_i·A g_m, the same function by atoms.
    energy_per_atom_ : float
        Mean energy per atom, eV.

    References
    ----------
    .. [1] A. P. Bartók, R. Kondor and G. Csányi, Phys. Rev. B 87, 184115 (2013).
    .. [2] S. De et al., Phys. Chem. Chem. Phys. 18, 13754 (2016).

    Examples
    --------
    >>> from ase.build import molecule
    >>> frames = [molecule("H2O") for _ in range(3)]
    >>> for k, atoms in enumerate(frames): atoms.positions[0, 2] += 0.02 * k
    >>> model = SOAPKernelRidge(n_max=3, l_max=2).fit(frames, [-14.0, -13.9, -13.7])
    >>> bool((abs(model.predict(frames).energy - [-14.0, -13.9, -13.7]) < 0.02).all())
    True
    """

    family: ClassVar[str] = "kernel"
    requires: ClassVar[tuple[str, ...]] = ("torch",)
    extra: ClassVar[str | None] = "soap"
    implementation: ClassVar[tuple[str, ...]] = ("mlffbench.potentials.soap.kernel_ridge",)

    def __init__(
        self,
        cutoff: SoapCutoff = 4.0,
        n_max: Count = 6,
        l_max: Order = 4,
        sigma: Positive = 0.3,
        zeta: Annotated[float, Interval(ge=1, le=100)] = 2.0,
        alpha: Positive = 1e-6,
        energy_weight: Positive = 1.0,
        forces_weight: Positive = 1.0,
        stress_weight: Positive = 400.0,
        n_representers: Count = 3000,
        batch_size: Count | None = None,
        device: Device = "cpu",
        random_state: Seed | None = 0,
        atomic_energies: AtomEnergies | None = None,
    ) -> None:
        self.cutoff = cutoff
        self.n_max = n_max
        self.l_max = l_max
        self.sigma = sigma
        self.zeta = zeta
        self.alpha = alpha
        self.energy_weight = energy_weight
        self.forces_weight = forces_weight
        self.stress_weight = stress_weight
        self.n_representers = n_representers
        self.batch_size = batch_size
        self.device = device
        self.random_state = random_state
        self.atomic_energies = atomic_energies

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        """Reach, resolution and smoothness of SOAP, body order and regularisation.

        Ranges as in common use: V. L. Deringer et al., Chem. Rev. 121, 10073 (2021).
        """
        from scipy.stats import loguniform, randint, uniform

        return {
            "cutoff": uniform(3.5, 2.5),
            "n_max": randint(4, 10),
            "l_max": randint(3, 8),
            "sigma": uniform(0.2, 0.5),
            "zeta": [1.0, 2.0, 3.0, 4.0],
            "alpha": loguniform(1e-9, 1e-3),
        }

    @classmethod
    def test_params(cls) -> dict[str, Any]:
        return {"n_max": 3, "l_max": 2, "n_representers": 150}

    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        from mlffbench.potentials.soap import kernel_ridge, training_batches
        from mlffbench.system.batch_size import with_half_on_memory_error

        weights = ("energy_weight", "forces_weight", "stress_weight")
        self.basis_ = training_batches.basis_of(self, frames)
        self.energy_per_atom_, rest = training_batches.without_mean(frames, labels)
        fit = lambda share: kernel_ridge.fit(
            training_batches.Batches(
                frames, rest, self.basis_, self._parts(frames, share=share), self.device
            ),
            zeta=float(self.zeta),
            alpha=self.alpha,
            label_weights=kernel_ridge.LabelWeights(*(getattr(self, name) for name in weights)),
            n_representers=self.n_representers,
            rng=np.random.default_rng(self.random_state),
        )
        self.dual_coef_, expansion = with_half_on_memory_error(fit)
        self.kernel_, self.energy_weights_ = expansion.kernel, expansion.energy_weights
        self.slope_weights_ = expansion.derivative_weights

    @property
    def n_parameters_(self) -> int:
        """Number of representers."""
        return len(self.dual_coef_)

    def _parts(self, frames: Sequence[Atoms], share: int = 1) -> list[slice]:
        from mlffbench.potentials.soap.batch_sizes import parts_of

        return parts_of(frames, self.basis_, self.batch_size, self.device, rows=0, share=share)

    def _prepare(self, frames: Sequence[Atoms]) -> list[PlacedGraph]:
        from mlffbench.potentials.soap import training_batches

        return list(training_batches.graphs(frames, self.basis_, self._parts(frames), self.device))

    def _evaluate(self, inputs: list[PlacedGraph]) -> Labels:
        return self._evaluate_only(inputs, frozenset(QUANTITIES))

    def _evaluate_only(self, inputs: list[PlacedGraph], quantities: frozenset[str]) -> Labels:
        from mlffbench.potentials.soap.batch_sizes import in_halves
        from mlffbench.potentials.soap.kernel_ridge import EXPANSIONS

        expansion = EXPANSIONS.of(self, self.kernel_, self.energy_weights_, self.slope_weights_)
        forces = not quantities.isdisjoint(("forces", "stress"))
        predict = lambda graph: expansion.evaluation(graph, self.energy_per_atom_, forces)[0]
        return concatenate([part for graph in inputs for part in in_halves(predict, graph)])
