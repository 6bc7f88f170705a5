"""Bounded nonlinear least squares for the parameters k, r0, V, ε, R, q, from the reduced design matrix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy.linalg import null_space
from scipy.sparse import block_diag, coo_array, csr_array, diags_array, eye_array

from mlffbench.potentials.gaff.energy_terms import UNIT
from mlffbench.potentials.regression.levenberg_marquardt import bounded_least_squares

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


def coefficients(z: np.ndarray, unknowns: Unknowns, problem: Problem) -> np.ndarray:
    """Linear coefficients w(z) of the columns of the design matrix, in the order of its layout."""
    p = unknowns.split(z)
    depth, ratio, _ = _pair_wells(p, problem)
    q = problem.modes.numpy() @ p["charge"]
    a, b = problem.charge_pairs.numpy().T
    return np.concatenate([
        _parabola(p["bond_k"], p["bond_shift"]),
        _parabola(p["angle_k"], p["angle_shift"]),
        p["torsion"],
        p["improper"],
        np.stack([depth * ratio**2, depth * ratio], axis=1).ravel(),
        q[a] * q[b],
        p["offset"],
    ])  # fmt: skip


def coefficient_slopes(z: np.ndarray, unknowns: Unknowns, problem: Problem) -> csr_array:
    """∂w/∂z, (n_coefficients, n_unknowns), sparse: a coefficient depends on few unknowns."""
    p = unknowns.split(z)
    modes = problem.modes.numpy()
    q = modes @ p["charge"]
    a, b = problem.charge_pairs.numpy().T
    blocks = [
        _parabola_slopes(p["bond_k"], p["bond_shift"]),
        _parabola_slopes(p["angle_k"], p["angle_shift"]),
        eye_array(len(p["torsion"]) + len(p["improper"])),
        _well_slopes(p, problem),
        coo_array(q[a, None] * modes[b] + q[b, None] * modes[a]),
        eye_array(len(p["offset"])),
    ]
    return csr_array(block_diag(blocks))


def _parabola(k: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Coefficients of u², u and 1 in k (u − d)² = k u² − 2kd u + kd²."""
    return np.stack([k, -2 * k * shift, k * shift**2], axis=1).ravel()


def _parabola_slopes(k: np.ndarray, shift: np.ndarray) -> coo_array:
    """Derivatives of `_parabola` by all k, then by all d, (3 n, 2 n)."""
    zero, one = np.zeros_like(k), np.ones_like(k)
    by_k = np.stack([one, -2 * shift, shift**2], axis=1)
    by_shift = np.stack([zero, -2 * k, 2 * k * shift], axis=1)
    n, rows = len(k), np.arange(3 * len(k))
    columns = np.concatenate([rows // 3, n + rows // 3])
    values = np.concatenate([by_k.ravel(), by_shift.ravel()])
    return coo_array((values, (np.tile(rows, 2), columns)), shape=(3 * n, 2 * n))


def _pair_wells(p: Mapping[str, np.ndarray], problem: Problem) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Depth ε, (R/unit)⁶ and R of the Lennard-Jones pairs."""
    i, j = problem.vdw_pairs.numpy().T
    distance = p["vdw_radius"][i] + p["vdw_radius"][j]
    return p["vdw_root"][i] * p["vdw_root"][j], (distance / UNIT) ** 6, distance


def _well_slopes(p: Mapping[str, np.ndarray], problem: Problem) -> coo_array:
    """Derivatives of ε ratio² and ε ratio of the pairs by all roots, then by all radii, (2 n_pairs, 2 n)."""
    depth, ratio, distance = _pair_wells(p, problem)
    n, n_pairs = len(p["vdw_root"]), len(depth)
    rows, columns, values = [], [], []
    pairs = problem.vdw_pairs.numpy().T
    for own, other in (pairs, pairs[::-1]):
        for power in (2, 1):
            rows += [2 * np.arange(n_pairs) + 2 - power] * 2
            columns += [own, n + own]
            values += [p["vdw_root"][other] * ratio**power, 6 * power * depth * ratio**power / distance]
    place = np.concatenate(rows), np.concatenate(columns)
    return coo_array((np.concatenate(values), place), shape=(2 * n_pairs, 2 * n))


def solve(problem: Problem, start: Mapping[str, np.ndarray], alpha: float, steps: int) -> tuple[dict, float]:
    """The blocks of z and the loss without prior, by the projected Levenberg–Marquardt method."""
    unknowns = Unknowns.of(problem)
    low, high, centre, width = (unknowns.column(number) for number in range(4))
    guess = centre.copy()
    for name, part in unknowns.split(guess).items():
        part[:] = start.get(name, part)
    for name, part in unknowns.split(centre).items():
        part[:] = start.get(name, part) if name == "vdw_radius" else part
    R, target = problem.triangle[:, :-1], problem.triangle[:, -1]
    gram = R.T @ R

    def residual(y: np.ndarray) -> np.ndarray:
        errors = R @ coefficients(centre + width * y, unknowns, problem) - target
        return np.concatenate([errors, np.sqrt(alpha) * y])

    def normal_equations(y: np.ndarray, f: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        slopes = coefficient_slopes(centre + width * y, unknowns, problem) @ diags_array(width)
        hessian = slopes.T @ (gram @ slopes)
        hessian[np.diag_indices_from(hessian)] += alpha
        return slopes.T @ (R.T @ f[: len(target)]) + alpha * y, hessian

    bounds = (low - centre) / width, (high - centre) / width
    inside = (np.clip(guess, low + 1e-6, high - 1e-6) - centre) / width
    y = bounded_least_squares(residual, normal_equations, inside, bounds, 1e-7, steps)
    loss = float(np.sum(residual(y)[: len(target)] ** 2))
    return unknowns.split(centre + width * y), loss


def neutral_modes(counts: np.ndarray) -> torch.Tensor:
    """Orthonormal charges without net charge, (n_types, n_modes); counts are (n_molecules, n_types)."""
    return torch.as_tensor(null_space(counts.astype(float)), dtype=torch.float64)
