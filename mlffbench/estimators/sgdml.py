"""Symmetric gradient-domain machine learning: the force field of one molecule from a few hundred forces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, ClassVar

import numpy as np
from ase import Atoms
from sklearn.utils import check_random_state

from mlffbench.data import Labels
from mlffbench.forcefield import ForceField
from mlffbench.system.device import checked_device
from mlffbench.system.ranges import AtomEnergies, Device, Natural, NonNegative, Positive, Seed

__all__ = ["SGDML"]


class SGDML(ForceField):
    """sGDML, one molecule: forces as a Gaussian process of energy-conserving fields, symmetric in like atoms.

    F ~ GP(0, Σ_P Jᵀ ∂²k/∂x∂x' P J'),  x = 1/|r_a − r_b|,  k Matérn 5/2;  the energy is the field's integral

    Chmiela et al., Sci. Adv. 3, e1603015 (2017) and Nat. Commun. 9, 3887 (2018). The permutations P are found
    from the training structures; energies give the constant of integration only. Trained on forces: frames
    without them contribute to the constant alone. The inverse distances belong to one molecule without a
    cell: other atoms are refused, and so are periodic frames, whose nearest images would change with a kink.

    Atoms in another order are reordered to match the first training frame, by the permutation of like atoms
    that comes nearest to a training structure; a frame whose elements stand in the right order keeps it,
    unless another order comes twice as near.

    Parameters
    ----------
    sigma : float, optional
        Length scale in inverse distances, 1/Å. Default: one of 5, 10, 20, 40, by trials: smaller fits (4500
        force components at most) predict energies and forces of up to 50 other training structures.
    lam : float, optional
        Added to the kernel's diagonal, the variance of noise over that of forces. Default: 1e-10 or
        1e-8, by the same trials. Of all pairs within 2 % of the best, that of the smallest lam, then sigma,
        is used.
    symmetric : bool
        Find the permutations of like atoms; False is GDML.
    max_memory_gb : float
        A kernel matrix beyond this, 72 n² N² bytes for n structures of N atoms, is never made: conjugate
        gradients solve instead of Cholesky.
    rank : int
        Columns of the kernel in the preconditioner of conjugate gradients: memory for speed.
    tolerance : float
        Relative residual at which conjugate gradients end.
    max_iterations : int
        Largest number of steps of conjugate gradients; ending early costs accuracy, see `residual_`.
    device : str
        Device of torch: ``cpu``, ``cuda``.
    random_state : int, optional
        Seed of the draws: structures of the trials, columns of the preconditioner.
    atomic_energies : mapping of str to float, optional
        Energies of isolated atoms, eV.

    Attributes
    ----------
    permutations_ : (P, N) array of int
        The group of permutations, the identity first.
    sigma_, lam_ : float
        σ and λ of the fit; `lam_` exceeds `lam` if the matrix was not positive definite with it.
    trials_ : tuple of Trial
        Errors on held-out structures that σ and λ were chosen by; empty if both were given.
    iterations_ : int
        Steps of conjugate gradients; 0 of Cholesky.
    residual_ : float
        |F − (K + λ)α|/|F|.
    constant_ : float
        The constant of integration, eV.

    References
    ----------
    .. [1] S. Chmiela et al., Sci. Adv. 3, e1603015 (2017).
    .. [2] S. Chmiela et al., Nat. Commun. 9, 3887 (2018).

    Examples
    --------
    >>> from mlffbench.datasets.malonaldehyde import malonaldehyde
    >>> data = malonaldehyde()
    >>> model = SGDML(sigma=20.0, lam=1e-10).fit(data.frames[:20], data.labels[:20])
    >>> bool(abs(model.predict(data.frames[:20]).forces[0] - data.labels.forces[0]).max() < 0.02)
    True
    """

    family: ClassVar[str] = "kernel"
    requires: ClassVar[tuple[str, ...]] = ("torch",)
    extra: ClassVar[str | None] = "sgdml"
    implementation: ClassVar[tuple[str, ...]] = ("mlffbench.potentials.sgdml.fit",)
    properties: ClassVar[tuple[str, ...]] = ("energy", "forces")
    supports: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        sigma: Positive | None = None,
        lam: NonNegative | None = None,
        symmetric: bool = True,
        max_memory_gb: NonNegative = 5.0,
        rank: Natural = 4000,
        tolerance: Positive = 1e-4,
        max_iterations: Natural = 400,
        device: Device = "cpu",
        random_state: Seed | None = None,
        atomic_energies: AtomEnergies | None = None,
    ) -> None:
        self.sigma = sigma
        self.lam = lam
        self.symmetric = symmetric
        self.max_memory_gb = max_memory_gb
        self.rank = rank
        self.tolerance = tolerance
        self.max_iterations = max_iterations
        self.device = device
        self.random_state = random_state
        self.atomic_energies = atomic_energies

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        """Length scale and regularisation, around those that the authors try [1]_.

        References
        ----------
        .. [1] S. Chmiela et al., Comput. Phys. Commun. 240, 38 (2019).
        """
        from scipy.stats import loguniform

        return {
            "sigma": loguniform(2.0, 100.0),
            "lam": loguniform(1e-13, 1e-6),
        }

    @classmethod
    def test_params(cls) -> dict[str, Any]:
        return {"sigma": 20.0, "lam": 1e-10}

    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        from mlffbench.potentials.sgdml import fit as sgdml

        device, rng = checked_device(self.device), check_random_state(self.random_state)
        self.template_ = sgdml.template_of(frames)
        positions, orders = self._prepare(frames)
        known = [i for i, f in enumerate(labels.forces or ()) if f is not None]
        if not known:
            raise ValueError("SGDML learns from forces, and these labels have none")
        forces = np.array([labels.forces[i][orders[i]] for i in known])  # type: ignore[index]
        settings = sgdml.Settings(
            **{field.name: getattr(self, field.name) for field in fields(sgdml.Settings)}
        )
        fit = sgdml.fit(
            self.template_.numbers, positions[known], labels.energy[known], forces, settings, device, rng
        )
        self.field_, self.origin_, self.permutations_ = fit.field, fit.origin, fit.permutations
        self.sigma_, self.lam_, self.trials_ = fit.sigma, fit.solution.lam, fit.trials
        self.iterations_, self.residual_ = fit.solution.iterations, fit.solution.residual
        self.constant_ = 0.0
        self.constant_ = float(np.mean(labels.energy - self._evaluate((positions, orders)).energy))

    def learned_labels(self) -> tuple[str, ...]:
        """Forces alone; energies give the constant of integration."""
        return ("forces",)

    @property
    def n_parameters_(self) -> int:
        """Number of coefficients: one for each force component of the training structures."""
        return len(self.field_.x) * 3 * len(self.template_.numbers)

    @property
    def stopped_by_(self) -> str:
        """End of the conjugate gradients; AttributeError for a direct solution."""
        if not self.iterations_:
            raise AttributeError("a direct solution is not stopped")
        return "converged" if self.iterations_ < self.max_iterations else "iterations"

    def resolved_params(self) -> dict[str, Any]:
        """Parameters, with σ and λ of the fit."""
        own = {name: getattr(self, f"{name}_", getattr(self, name)) for name in ("sigma", "lam")}
        return {**super().resolved_params(), **own}

    def _prepare(self, frames: Sequence[Atoms]) -> tuple[np.ndarray, np.ndarray]:
        """Positions in the molecule's order, (m, N, 3) Å, and the frame's atom at each place, (m, N)."""
        orders = self.template_.match(frames)
        return np.array([a.positions[o] for a, o in zip(frames, orders, strict=True)]), orders

    def _evaluate(self, inputs: tuple[np.ndarray, np.ndarray]) -> Labels:
        from mlffbench.potentials.sgdml import fit as sgdml

        positions, orders = inputs
        energy, forces = sgdml.predict(self.field_, self.origin_, positions)
        back = np.argsort(orders, axis=1)
        return Labels(energy + self.constant_, tuple(np.take_along_axis(forces, back[..., None], axis=1)))
