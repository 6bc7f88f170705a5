"""Bounded nonlinear least squares for the parameters k, r0, V, ε, R, q, from the reduced design matrix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy.linalg import null_space
from scipy.optimize import least_squares

from mlffbench.potentials.gaff.energy_terms import UNIT

__all__ = ["PRIORS", "Problem", "Unknowns", "neutral_modes", "solve"]

# name: lower bound, upper bound, centre and width of a weak prior, which decides what the data leave open
PRIORS: dict[str, tuple[float, float, float, float]] = {
    "bond_k": (0.0, 200.0, 15.0, 10.0),          # eV/Å²
    "bond_shift": (-0.5, 0.5, 0.0, 0.05),        # Å from the mean in training
    "angle_k": (0.0, 50.0, 2.5, 2.0),            # eV/rad²
    "angle_shift": (-1.0, 1.0, 0.0, 0.1),        # rad
    "torsion": (-10.0, 10.0, 0.0, 0.2),          # eV
    "improper": (0.0, 20.0, 0.2, 0.5),           # eV
    "vdw_root": (0.0, 2.5, 0.07, 0.1),           # √eV
    "vdw_radius": (0.2, 4.0, 1.7, 0.3),          # Å, half the distance of the minimum
    "charge": (-3.0, 3.0, 0.0, 0.3),             # e
    "offset": (-50.0, 50.0, 0.0, 1.0),           # eV
}  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """min over z of |R (w(z), −1)|² + alpha Σ ((z − centre)/width)².

    Attributes
    ----------
    triangle : (r, p + 1), the R factor of the weighted rows (design | target), from `streaming_qr`
    counts : number of bond, angle, torsion, improper, Lennard-Jones, charge and offset types
    n_torsion : coefficients per torsion
    vdw_pairs, charge_pairs : (n, 2) the types of the pairs that have columns
    modes : (n_charges, n_modes) orthonormal, q = modes u: charges with which training molecules are neutral
    """

    triangle: np.ndarray
    counts: Mapping[str, int]
    n_torsion: int
    vdw_pairs: torch.Tensor
    charge_pairs: torch.Tensor
    modes: torch.Tensor


@dataclass(frozen=True)
class Unknowns:
    """Blocks of the vector z of unknowns, in order, with their sizes."""

    sizes: Mapping[str, int]

    @classmethod
    def of(cls, problem: Problem) -> Unknowns:
        """The unknowns of a problem."""
        n = problem.counts
        sizes = {"bond_k": n["bonds"], "bond_shift": n["bonds"], "angle_k": n["angles"]}
        sizes |= {"angle_shift": n["angles"], "torsion": n["torsions"] * problem.n_torsion}
        sizes |= {"improper": n["impropers"], "vdw_root": n["vdw"], "vdw_radius": n["vdw"]}
        return cls(sizes | {"charge": problem.modes.shape[1], "offset": n["offsets"]})

    def split(self, z: Any) -> dict[str, Any]:
        """The blocks of z by name."""
        cuts = np.cumsum(list(self.sizes.values()))
        starts = cuts - list(self.sizes.values())
        return {name: z[a:b] for name, a, b in zip(self.sizes, starts.tolist(), cuts.tolist(), strict=True)}

    def column(self, number: int) -> np.ndarray:
        """A column of `PRIORS` for every entry of z."""
        return np.concatenate([np.full(n, PRIORS[name][number]) for name, n in self.sizes.items()])


def coefficients(z: torch.Tensor, unknowns: Unknowns, problem: Problem) -> torch.Tensor:
    """Linear coefficients w(z) of the columns of the design matrix, in the order of its layout."""
    p = unknowns.split(z)
    root, radius = p["vdw_root"], p["vdw_radius"]
    i, j = problem.vdw_pairs.T
    depth, ratio = root[i] * root[j], ((radius[i] + radius[j]) / UNIT) ** 6
    q = problem.modes @ p["charge"]
    a, b = problem.charge_pairs.T
    return torch.cat([
        _parabola(p["bond_k"], p["bond_shift"]),
        _parabola(p["angle_k"], p["angle_shift"]),
        p["torsion"],
        p["improper"],
        torch.stack([depth * ratio**2, depth * ratio], dim=1).reshape(-1),
        q[a] * q[b],
        p["offset"],
    ])  # fmt: skip


def _parabola(k: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
    """Coefficients of u², u and 1 in k (u − d)² = k u² − 2kd u + kd²."""
    return torch.stack([k, -2 * k * shift, k * shift**2], dim=1).reshape(-1)


def solve(problem: Problem, start: Mapping[str, np.ndarray], alpha: float, steps: int) -> tuple[dict, float]:
    """The blocks of z and the loss without prior, by a trust-region method with the exact Jacobian."""
    unknowns = Unknowns.of(problem)
    low, high, centre, width = (unknowns.column(number) for number in range(4))
    guess = centre.copy()
    for name, part in unknowns.split(guess).items():
        part[:] = start.get(name, part)
    for name, part in unknowns.split(centre).items():
        part[:] = start.get(name, part) if name == "vdw_radius" else part
    R, target = problem.triangle[:, :-1], problem.triangle[:, -1]
    coefficient_jacobian = torch.func.jacfwd(lambda z: coefficients(z, unknowns, problem))
    prior_weight = np.sqrt(alpha) / width

    def residual(z: np.ndarray) -> np.ndarray:
        w = coefficients(torch.as_tensor(z), unknowns, problem).numpy()
        return np.concatenate([R @ w - target, prior_weight * (z - centre)])

    def jacobian(z: np.ndarray) -> np.ndarray:
        return np.vstack([R @ coefficient_jacobian(torch.as_tensor(z)).numpy(), np.diag(prior_weight)])

    start_inside = np.clip(guess, low + 1e-6, high - 1e-6)
    fit = least_squares(
        residual, start_inside, jac=jacobian, bounds=(low, high), x_scale=width, ftol=1e-7, max_nfev=steps
    )
    loss = float(np.sum(fit.fun[: len(target)] ** 2))
    return unknowns.split(fit.x), loss


def neutral_modes(counts: np.ndarray) -> torch.Tensor:
    """Orthonormal charges without net charge, (n_types, n_modes); counts are (n_molecules, n_types)."""
    return torch.as_tensor(null_space(counts.astype(float)), dtype=torch.float64)
