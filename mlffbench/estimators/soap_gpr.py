"""A sparse Gaussian process on SOAP: the Gaussian approximation potential."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from annotated_types import Interval
from ase import Atoms

from mlffbench.data import QUANTITIES, Labels
from mlffbench.forcefield import ForceField
from mlffbench.system.ranges import AtomEnergies, Count, Device, Order, Positive, Seed, SoapCutoff

if TYPE_CHECKING:
    from mlffbench.descriptors.neighbour_density import PlacedGraph
    from mlffbench.potentials.soap import training_batches
    from mlffbench.potentials.soap.sparse_gp import SparseGP

__all__ = ["SOAPGPR"]


class SOAPGPR(ForceField):
    """Sparse Gaussian process of atomic energies on SOAP: E = Σ_i ε(x_i), ε ~ GP(0, δ² (x̂·x̂')^ζ).

    A Gaussian approximation potential: Bartók et al., Phys. Rev. Lett. 104, 136403 (2010), with the SOAP
    kernel of Bartók, Kondor and Csányi, Phys. Rev. B 87, 184115 (2013). Trained on energies and on the forces
    and stresses that labels have, in the deterministic training conditional approximation
    (Quiñonero-Candela and Rasmussen, J. Mach. Learn. Res. 6, 1939 (2005)): `n_sparse` environments of each
    element carry the function. Solved in double precision from whitened rows, a batch of frames at a time.
    The mean energy per atom is fitted apart; δ maximises the evidence. `partial_fit` adds frames to the same
    sparse points: memory grows with their number, not with that of the frames.

    Parameters
    ----------
    cutoff : float
        Range of the radial functions, Å; neighbours fade out until 3.7 sigma beyond it.
    n_max, l_max, sigma
        Number of radial functions, largest angular degree, width of the atoms' Gaussians in Å: see `SOAP`.
    zeta : float
        Exponent of the kernel, at least 1.
    n_sparse : int
        Sparse points of each element; the most important choice between accuracy and time.
    sparse_method : {"farthest_point", "cur"}
        Selection of the sparse points: each the farthest from those before, or drawn by leverage score (CUR).
    energy_noise : float
        Standard deviation of energies per square root of atoms, eV.
    forces_noise : float
        Standard deviation of force components, eV/Å.
    stress_noise : float
        Standard deviation of stress components, eV/Å³.
    optimize : bool
        Replace the noises, δ and `zeta` by those that maximise the marginal likelihood of some frames (about
        1000 atoms), under log-normal priors around the values given.
    descriptor : {"torch", "dscribe"}
        Code that computes SOAP: the project's own in torch, or dscribe with its analytic derivatives, which
        are for molecules only and end with a small step at the cutoff.
    batch_size : int, optional
        Frames at a time: changes memory and time, not results. Default: as many as a quarter of the GPU's
        free memory takes, or on a processor 64 MB.
    uncertainty : {False, True, "energy", "forces"}
        Predict `energy_std` (True or "energy"), and `forces_std` as well ("forces"). An energy's deviation
        costs n_points² multiplications, and so does every force component's: many times a prediction.
    device : str
        Device of torch: ``cpu``, ``cuda``.
    random_state : int, optional
        Seed of the draws: candidates for sparse points where an element has more than 10 000 environments,
        the points of "cur", and the frames of `optimize`.
    atomic_energies : mapping of str to float, optional
        Energies of isolated atoms, eV.

    Attributes
    ----------
    kernel_ : Kernel
        ``kernel_.points``: the sparse points of each atomic number, on ``kernel_.axes``; ``kernel_.zeta``.
    weights_ : (n_points,) tensor
        E = Σ_i Σ_m weights_m (x̂_i·x̂_m)^ζ, eV.
    noise_ : dict of str to float
        Noise of ``energy`` (per √n_atoms), ``forces`` and ``stress`` in the fit.
    variance_ : float
        δ², eV².
    energy_per_atom_ : float
        Mean energy per atom, eV.
    process_ : SparseGP
        The fitted process: all of the above, and the normal equations that `partial_fit` adds to.

    References
    ----------
    .. [1] A. P. Bartók, M. C. Payne, R. Kondor and G. Csányi, Phys. Rev. Lett. 104, 136403 (2010).
    .. [2] A. P. Bartók, R. Kondor and G. Csányi, Phys. Rev. B 87, 184115 (2013).
    .. [3] J. Quiñonero-Candela and C. E. Rasmussen, J. Mach. Learn. Res. 6, 1939 (2005).

    Examples
    --------
    >>> from ase.build import molecule
    >>> frames = [molecule("H2O") for _ in range(3)]
    >>> for k, atoms in enumerate(frames): atoms.positions[0, 2] += 0.02 * k
    >>> model = SOAPGPR(n_max=3, l_max=2).fit(frames, [-14.0, -13.9, -13.7])
    >>> bool((abs(model.predict(frames).energy - [-14.0, -13.9, -13.7]) < 0.02).all())
    True
    """

    family: ClassVar[str] = "Gaussian process"
    requires: ClassVar[tuple[str, ...]] = ("torch", "gpytorch")
    extra: ClassVar[str | None] = "soap"
    implementation: ClassVar[tuple[str, ...]] = (
        "mlffbench.potentials.soap.sparse_gp",
        "mlffbench.potentials.regression.hyperparameters",
    )
    predicts_std: ClassVar[bool] = True

    def __init__(
        self,
        cutoff: SoapCutoff = 4.0,
        n_max: Count = 6,
        l_max: Order = 4,
        sigma: Positive = 0.3,
        zeta: Annotated[float, Interval(ge=1, le=100)] = 2.0,
        n_sparse: Count = 2000,
        sparse_method: Literal["farthest_point", "cur"] = "farthest_point",
        energy_noise: Positive = 0.001,
        forces_noise: Positive = 0.01,
        stress_noise: Positive = 0.0005,
        optimize: bool = False,
        descriptor: Literal["torch", "dscribe"] = "torch",
        batch_size: Count | None = None,
        uncertainty: bool | Literal["energy", "forces"] = True,
        device: Device = "cpu",
        random_state: Seed | None = None,
        atomic_energies: AtomEnergies | None = None,
    ) -> None:
        self.cutoff = cutoff
        self.n_max = n_max
        self.l_max = l_max
        self.sigma = sigma
        self.zeta = zeta
        self.n_sparse = n_sparse
        self.sparse_method = sparse_method
        self.energy_noise = energy_noise
        self.forces_noise = forces_noise
        self.stress_noise = stress_noise
        self.optimize = optimize
        self.descriptor = descriptor
        self.batch_size = batch_size
        self.uncertainty = uncertainty
        self.device = device
        self.random_state = random_state
        self.atomic_energies = atomic_energies

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        """Reach, resolution and smoothness of SOAP, body order and regularisation.

        The noise of energies stays: an error of forces would give the energies away. Ranges as in common use:
        V. L. Deringer et al., Chem. Rev. 121, 10073 (2021).
        """
        from scipy.stats import loguniform, randint, uniform

        return {
            "cutoff": uniform(3.5, 2.5),
            "n_max": randint(4, 10),
            "l_max": randint(3, 8),
            "sigma": uniform(0.2, 0.5),
            "zeta": [1.0, 2.0, 3.0, 4.0],
            "forces_noise": loguniform(1e-3, 0.1),
        }

    @classmethod
    def test_params(cls) -> dict[str, Any]:
        return {"n_max": 3, "l_max": 2, "n_sparse": 30}

    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        from mlffbench.potentials.soap import sparse_gp, training_batches
        from mlffbench.system.batch_size import with_half_on_memory_error

        self.basis_ = training_batches.basis_of(self, frames)
        self.energy_per_atom_, rest = training_batches.without_mean(frames, labels)
        fit = lambda share: sparse_gp.fit(
            self._batches(frames, rest, share),
            zeta=float(self.zeta),
            noise={kind: getattr(self, f"{kind}_noise") for kind in ("energy", "forces", "stress")},
            n_sparse=self.n_sparse,
            sparse_method=self.sparse_method,
            optimize=self.optimize,
            rng=np.random.default_rng(self.random_state),
        )
        self._remember(with_half_on_memory_error(fit))

    def _partial_fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        from mlffbench.potentials.soap import sparse_gp, training_batches

        rest = training_batches.with_mean_subtracted(frames, labels, self.energy_per_atom_)
        self._remember(sparse_gp.extended(self.process_, self._batches(frames, rest)))

    def _batches(self, frames: Sequence[Atoms], labels: Labels, share: int = 1) -> training_batches.Batches:
        from mlffbench.potentials.soap import training_batches

        parts = self._parts(frames, 3 * self.n_sparse * len(self.basis_.numbers), share)
        return training_batches.Batches(frames, labels, self.basis_, parts, self.device)

    def _parts(self, frames: Sequence[Atoms], rows: int, share: int = 1) -> list[slice]:
        from mlffbench.potentials.soap.batch_sizes import parts_of

        return parts_of(frames, self.basis_, self.batch_size, self.device, rows, share)

    def _remember(self, process: SparseGP) -> None:
        self.process_, self.kernel_, self.weights_ = process, process.kernel, process.weights
        self.noise_, self.variance_ = dict(process.noise), process.variance

    @property
    def n_parameters_(self) -> int:
        """Number of sparse points."""
        return len(self.weights_)

    def resolved_params(self) -> dict[str, Any]:
        """Parameters, with noises and exponent as optimised, and δ, eV."""
        params = super().resolved_params()
        if not hasattr(self, "noise_"):
            return params
        noise = {f"{kind}_noise": value for kind, value in self.noise_.items()}
        return {**params, **noise, "zeta": self.kernel_.zeta, "delta": float(self.variance_) ** 0.5}

    def _prepare(self, frames: Sequence[Atoms]) -> list[PlacedGraph]:
        from mlffbench.potentials.soap import training_batches

        parts = self._parts(frames, 3 * len(self.kernel_) if self.uncertainty == "forces" else 0)
        return list(training_batches.graphs(frames, self.basis_, parts, self.device))

    def _evaluate(self, inputs: list[PlacedGraph]) -> Labels:
        return self._evaluate_only(inputs, frozenset(QUANTITIES))

    def _evaluate_only(self, inputs: list[PlacedGraph], quantities: frozenset[str]) -> Labels:
        uncertainty = self.uncertainty if "std" in quantities else False
        forces = not quantities.isdisjoint(("forces", "stress"))
        return self.process_.predict(inputs, self.energy_per_atom_, uncertainty, forces)

    def _check_supported(self, frames: list[Atoms]) -> list[Atoms]:
        if self.descriptor == "dscribe" and any(a.pbc.any() for a in frames):
            raise ValueError(
                "dscribe's analytic derivatives are for molecules; for periodic frames use descriptor='torch'"
            )
        return super()._check_supported(frames)

    def __getstate__(self) -> dict[str, Any]:
        """The attributes, with the normal equations as arrays in place of the process."""
        state = dict(super().__getstate__())
        if "process_" in state:
            state |= {"_problem": state.pop("process_").problem.state(), "_factor": None}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Rebuild the process; the Cholesky factor follows from the normal equations when it is needed."""
        from mlffbench.potentials.regression.whitened_least_squares import WhitenedLeastSquares
        from mlffbench.potentials.soap.sparse_gp import SparseGP

        state = dict(state)
        problem = state.pop("_problem", None)
        state.pop("_factor", None)
        super().__setstate__(state)
        if problem is not None and "kernel_" in state:  # else a fit that failed left it behind
            problem = WhitenedLeastSquares.from_state(problem)
            self.process_ = SparseGP(self.kernel_, self.noise_, self.variance_, problem, self.weights_)
