"""Operator quantum machine learning and Gaussian process regression on FCHL19, through qmllib."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from ase import Atoms
from sklearn.utils import check_random_state

from mlffbench.data import Labels
from mlffbench.forcefield import ForceField
from mlffbench.potentials import fchl19
from mlffbench.system.ranges import AtomEnergies, Count, Length, NonNegative, Positive, Seed, ShareBelowOne

__all__ = ["FCHL19"]


class FCHL19(ForceField):
    """FCHL19 with a Gaussian kernel, by the operator solver (OQML) or Gaussian process regression (GPR).

    Representation and solver are qmllib's. ``operator``: E = Σ_j Σ_I α_I k(x_j, x_I) over the atoms j and
    `n_representers` training atoms I of the same element; α is the least-squares solution over the energies
    and forces of *all* training frames, by singular value decomposition. The authors take every training
    atom as I, which for 500 molecules of 15 atoms is a matrix of 7 500 columns: here a random part of them,
    every element by its share. ``gpr``: the full kernel of energies and forces, on as many frames, evenly
    spaced, as have no more than `n_representers` energies and force components together; the others are
    left out. `n_columns_` counts the unknowns, `n_used_` the frames used. The mean energy per atom is fitted
    apart.

    Parameters
    ----------
    solver : {'operator', 'gpr'}
        Operator learning (OQML), or Gaussian process regression.
    sigma : float
        Width of the kernel, in units of the representation.
    cutoff : float
        Cutoff of the two- and three-body functions, Å.
    n_representers : int
        Largest number of atoms (operator), or of energies and force components (gpr), that carry the
        function.
    rcond : float
        Singular values below this share of the largest are left out (operator).
    noise : float
        Standard deviation of energies (eV) and forces (eV/Å) over that of the function's prior (gpr).
    energy_weight, forces_weight : float
        Weights of the squared errors of energies, eV⁻², and of forces, (eV/Å)⁻² (operator).
    random_state : int, optional
        Seed of the draw of representers.
    atomic_energies : mapping of str to float, optional
        Energies of isolated atoms, eV.

    Attributes
    ----------
    points_ : Points
        The representers with their weights.
    n_columns_, n_used_ : int
        Number of unknowns, and of training frames used.
    energy_per_atom_ : float
        Mean energy per atom, eV.

    References
    ----------
    A. S. Christensen, L. A. Bratholm, F. A. Faber and O. A. von Lilienfeld, J. Chem. Phys. 152, 044107
    (2020). A. S. Christensen and O. A. von Lilienfeld, Mach. Learn.: Sci. Technol. 1, 045018 (2020).
    """

    family: ClassVar[str] = "kernel"
    properties = ("energy", "forces")
    supports = ("extensive",)
    requires: ClassVar[tuple[str, ...]] = ("qmllib",)
    extra: ClassVar[str | None] = "fchl"

    def __init__(
        self,
        solver: Literal["operator", "gpr"] = "operator",
        sigma: Positive = 5.0,
        cutoff: Length = 8.0,
        n_representers: Count = 2500,
        rcond: ShareBelowOne = 1e-11,
        noise: Positive = 1e-4,
        energy_weight: NonNegative = 10.0,
        forces_weight: NonNegative = 1.0,
        random_state: Seed | None = 0,
        atomic_energies: AtomEnergies | None = None,
    ) -> None:
        self.solver = solver
        self.sigma = sigma
        self.cutoff = cutoff
        self.n_representers = n_representers
        self.rcond = rcond
        self.noise = noise
        self.energy_weight = energy_weight
        self.forces_weight = forces_weight
        self.random_state = random_state
        self.atomic_energies = atomic_energies

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        """Width of the kernel, reach of the representation, and the regularisation of either solver.

        `rcond` decides in operator learning, `noise` in Gaussian process regression.
        """
        from scipy.stats import loguniform, uniform

        return {
            "sigma": loguniform(1.0, 40.0),
            "cutoff": uniform(4.0, 6.0),
            "rcond": loguniform(1e-13, 1e-7),
            "noise": loguniform(1e-6, 1e-2),
        }

    @classmethod
    def test_params(cls) -> dict[str, Any]:
        return {"n_representers": 60, "rcond": 1e-9}

    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        sizes = np.array([len(a) for a in frames])
        self.energy_per_atom_ = float(np.mean(labels.energy / sizes))
        energy = labels.energy - self.energy_per_atom_ * sizes
        forces = labels.forces or (None,) * len(frames)
        training = fchl19.Frames(frames, energy, forces, Atoms(self.elements_).numbers, self.cutoff)
        if self.solver == "operator":
            weights, rng = (self.energy_weight, self.forces_weight), check_random_state(self.random_state)
            fit = fchl19.fit_operator(training, self.sigma, self.n_representers, self.rcond, weights, rng)
        else:
            fit = fchl19.fit_gp(training, self.sigma, self.n_representers, self.noise)
        self.points_, self.n_columns_, self.n_used_ = fit.points, fit.n_columns, fit.n_used

    @property
    def n_parameters_(self) -> int:
        """Number of unknowns."""
        return self.n_columns_

    def _prepare(self, frames: Sequence[Atoms]) -> list[fchl19.Representation]:
        elements = Atoms(self.elements_).numbers
        return [fchl19.describe(atoms, elements, self.cutoff) for atoms in frames]

    def _evaluate(self, inputs: list[fchl19.Representation]) -> Labels:
        energies, forces = zip(*[fchl19.predict(r, self.points_, self.sigma) for r in inputs], strict=True)
        sizes = np.array([len(r.numbers) for r in inputs])
        return Labels(np.array(energies) + self.energy_per_atom_ * sizes, forces)
