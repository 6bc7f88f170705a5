"""Operator quantum machine learning and Gaussian process regression on FCHL19, through qmllib."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from ase import Atoms
from scipy.linalg import cho_factor, cho_solve
from sklearn.utils import check_random_state

from mlffbench.data import Labels
from mlffbench.estimators.base.parameters import check_positive
from mlffbench.forcefield import ForceField
from mlffbench.potentials.fchl19 import Described, Points, describe, drawn, operator_rows, predicted
from mlffbench.potentials.regression.streaming_qr import updated_r_factor
from mlffbench.system import progress

__all__ = ["FCHL19"]

BLOCK = 40  # frames whose rows are in memory at once


class FCHL19(ForceField):
    """FCHL19 with a Gaussian kernel, by the operator solver (OQML) or Gaussian process regression (GPR).

    Representation and solver are qmllib's. ``operator``: E = Σ_j Σ_I α_I k(x_j, x_I) over the atoms j and
    `n_representers` training atoms I of the same element; α is the least-squares solution over the energies
    and forces of *all* training frames, by singular value decomposition. The authors take every training
    atom as I, which for 500 molecules of 15 atoms is a matrix of 7 500 columns: here a random part of them,
    every element by its share. ``gpr``: the full kernel of energies and forces, on as many frames, evenly
    spread, as have no more than `n_representers` energies and force components together; the others are
    left out. `n_columns_` and `n_used_` say what was taken. The mean energy per atom is fitted apart.

    Parameters
    ----------
    solver : {'operator', 'gpr'}
    sigma : float
        Width of the kernel, in units of the representation.
    cutoff : float
        Of the two- and three-body functions, Å.
    n_representers : int
        The most atoms (operator), or energies and force components (gpr), that carry the function.
    rcond : float
        Singular values below this share of the largest are left out (operator).
    noise : float
        Standard deviation of energies (eV) and forces (eV/Å) over that of the function's prior (gpr).
    energy_weight, forces_weight : float
        Of the squared errors, eV and eV/Å (operator).
    random_state : int, optional
        Draws the representers.
    atomic_energies : mapping of str to float, optional
        Energies of isolated atoms, eV.

    Attributes
    ----------
    points_ : Points
        The representers with their weights.
    n_columns_, n_used_ : int
        Unknowns that were solved for, and training frames that were used.
    energy_per_atom_ : float
        The mean, eV.

    References
    ----------
    A. S. Christensen, L. A. Bratholm, F. A. Faber and O. A. von Lilienfeld, J. Chem. Phys. 152, 044107
    (2020). A. S. Christensen and O. A. von Lilienfeld, Mach. Learn.: Sci. Technol. 1, 045018 (2020).
    """

    properties = ("energy", "forces")
    supports = ("extensive",)
    requires = ("qmllib",)
    extra = "fchl"

    def __init__(
        self,
        solver: str = "operator",
        sigma: float = 5.0,
        cutoff: float = 8.0,
        n_representers: int = 2500,
        rcond: float = 1e-11,
        noise: float = 1e-4,
        energy_weight: float = 10.0,
        forces_weight: float = 1.0,
        random_state: int | None = 0,
        atomic_energies: Mapping[str, float] | None = None,
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
    def test_params(cls) -> dict[str, Any]:
        return {"n_representers": 60, "rcond": 1e-9}

    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        check_positive(self, "sigma", "cutoff", "n_representers", "noise")
        if self.solver not in ("operator", "gpr"):
            raise ValueError(f"no solver {self.solver!r}; there are ['operator', 'gpr']")
        sizes = np.array([len(a) for a in frames])
        self.energy_per_atom_ = float(np.mean(labels.energy / sizes))
        energy = labels.energy - self.energy_per_atom_ * sizes
        forces = labels.forces or (None,) * len(frames)
        solve = self._operator if self.solver == "operator" else self._gpr
        self.points_, self.n_columns_, self.n_used_ = solve(frames, energy, forces)

    def _described(self, frames: Sequence[Atoms]) -> Iterator[Described]:
        elements = Atoms(self.elements_).numbers
        return (describe(atoms, elements, self.cutoff) for atoms in frames)

    def _operator(
        self, frames: Sequence[Atoms], energy: np.ndarray, forces: Sequence[np.ndarray | None]
    ) -> tuple[Points, int, int]:
        """min_α Σ w_E (E − K α)² + w_F (F + ∂K α)², reduced block by block to a triangle."""
        from qmllib.solvers import svd_solve

        elements = Atoms(self.elements_).numbers
        rng = check_random_state(self.random_state)
        vectors = drawn(
            list(map(_without_slopes, self._described(frames))), elements, self.n_representers, rng
        )
        weights = np.sqrt([self.energy_weight, self.forces_weight])
        triangle, block = None, []
        for k, frame in enumerate(self._described(frames)):
            value, force = operator_rows(frame, vectors, self.sigma)
            block.append(weights[0] * np.append(value, energy[k])[None])
            if (true := forces[k]) is not None:
                block.append(weights[1] * np.column_stack([force, true.ravel()]))
            if len(block) >= 2 * BLOCK or k == len(frames) - 1:
                triangle, block = updated_r_factor(triangle, np.vstack(block)), []
            progress.report("fit", k + 1, len(frames))
        assert triangle is not None
        alpha = svd_solve(triangle[:, :-1], np.ascontiguousarray(triangle[:, -1]), rcond=self.rcond)
        parts = np.split(alpha, np.cumsum([len(v) for v in vectors.values()])[:-1])
        return Points(vectors, dict(zip(vectors, parts, strict=True)), {}), len(alpha), len(frames)

    def _gpr(
        self, frames: Sequence[Atoms], energy: np.ndarray, forces: Sequence[np.ndarray | None]
    ) -> tuple[Points, int, int]:
        """(K + noise²) α = (E, F) with qmllib's kernel of energies and forces."""
        from qmllib.kernels.gradient_kernels import get_symmetric_gp_kernel

        labelled = [k for k, f in enumerate(forces) if f is not None]
        if not labelled:
            raise ValueError(
                "the gpr solver of FCHL19 needs forces; use solver='operator' for energies alone"
            )
        used = _evenly(labelled, [len(a) for a in frames], self.n_representers)
        described = list(self._described([frames[k] for k in used]))
        vectors, slopes = _padded(described)
        kernel = get_symmetric_gp_kernel(vectors, slopes, [d.numbers for d in described], self.sigma)
        known = [np.ravel(f) for k in used if (f := forces[k]) is not None]
        target = np.concatenate([energy[used], *known])
        kernel = np.asarray(kernel) + self.noise**2 * np.eye(len(target))
        alpha = cho_solve(cho_factor(kernel, lower=True), target)
        return _carried(described, alpha), len(alpha), len(used)

    def _prepare(self, frames: Sequence[Atoms]) -> tuple[list[Described], np.ndarray]:
        return list(self._described(frames)), np.array([len(a) for a in frames])

    def _evaluate(self, inputs: tuple[list[Described], np.ndarray]) -> Labels:
        found = [predicted(frame, self.points_, self.sigma) for frame in inputs[0]]
        energy = np.array([e for e, _ in found]) + self.energy_per_atom_ * inputs[1]
        return Labels(energy, tuple(f for _, f in found))


def _without_slopes(frame: Described) -> Described:
    """The derivatives of 500 molecules would fill the memory."""
    return Described(frame.numbers, frame.vectors, np.zeros(0))


def _evenly(labelled: Sequence[int], sizes: Sequence[int], most: int) -> list[int]:
    """As many frames, evenly spread, as have at most so many energies and force components; one at least."""
    rows = np.mean([1 + 3 * sizes[k] for k in labelled])
    n = max(1, min(len(labelled), int(most // rows)))
    return [labelled[i] for i in np.linspace(0, len(labelled) - 1, n).round().astype(int)]


def _padded(described: Sequence[Described]) -> tuple[np.ndarray, np.ndarray]:
    """All vectors (N, n, f) and slopes (N, n, f, n, 3), as qmllib's kernels read them."""
    n, f = max(len(d.numbers) for d in described), described[0].vectors.shape[1]
    vectors, slopes = np.zeros((len(described), n, f)), np.zeros((len(described), n, f, n, 3))
    for k, d in enumerate(described):
        m = len(d.numbers)
        vectors[k, :m], slopes[k, :m, :, :m] = d.vectors, d.slopes.reshape(m, f, m, 3)
    return vectors, slopes


def _carried(described: Sequence[Described], alpha: np.ndarray) -> Points:
    """The solution on atoms: weights are those of the energies, directions −Σ_c α_c ∂x/∂r_c of the forces."""
    sizes = [len(d.numbers) for d in described]
    on_energy = np.repeat(alpha[: len(sizes)], sizes)
    on_forces = np.split(alpha[len(sizes) :], 3 * np.cumsum(sizes)[:-1])
    numbers = np.concatenate([d.numbers for d in described])
    vectors = np.concatenate([d.vectors for d in described])
    directions = np.concatenate([-d.slopes @ a for d, a in zip(described, on_forces, strict=True)])
    own = {int(z): numbers == z for z in np.unique(numbers)}
    return Points(*({z: v[at] for z, at in own.items()} for v in (vectors, on_energy, directions)))
