"""Linear coefficients of the design matrix as functions of the unknowns, with their derivatives."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.sparse import block_array, block_diag, coo_array, csr_array, diags_array, eye_array

from mlffbench.potentials.gaff.energy_terms import UNIT
from mlffbench.potentials.gaff.unknowns import Problem, Unknowns

__all__ = ["coefficient_curvature", "coefficient_slopes", "coefficients"]


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


def coefficient_curvature(
    z: np.ndarray, unknowns: Unknowns, problem: Problem, weights: np.ndarray
) -> np.ndarray:
    """Σ_c weight_c ∂²w_c/∂z², (n_unknowns, n_unknowns)."""
    p, n = unknowns.split(z), problem.counts
    linear = len(p["torsion"]) + len(p["improper"])
    pairs, charges = len(problem.vdw_pairs), problem.charge_pairs.numpy().T
    cuts = np.cumsum([3 * n["bonds"], 3 * n["angles"], linear, 2 * pairs, charges.shape[1]])
    bonds, angles, _, wells, products, _ = np.split(weights, cuts)
    modes = problem.modes.numpy()
    one_way = csr_array(coo_array((products, tuple(charges)), shape=(len(modes), len(modes))))
    blocks = [
        _parabola_curvature(p["bond_k"], p["bond_shift"], bonds),
        _parabola_curvature(p["angle_k"], p["angle_shift"], angles),
        coo_array((linear, linear)),
        coo_array(_well_curvature(p, problem, wells)),
        coo_array(modes.T @ ((one_way + one_way.T) @ modes)),
        coo_array((len(p["offset"]), len(p["offset"]))),
    ]
    return np.asarray(block_diag(blocks).toarray())


def _parabola_curvature(k: np.ndarray, shift: np.ndarray, weights: np.ndarray) -> coo_array:
    """Second derivatives of the weighted sum of `_parabola` by all k, then by all d, (2 n, 2 n)."""
    _, of_product, of_square = weights.reshape(-1, 3).T
    mixed = diags_array(2 * shift * of_square - 2 * of_product)
    return coo_array(block_array([[None, mixed], [mixed, diags_array(2 * k * of_square)]]))


def _well_curvature(p: Mapping[str, np.ndarray], problem: Problem, weights: np.ndarray) -> np.ndarray:
    """Second derivatives of the weighted sum of the wells by all roots, then by all radii, (2 n, 2 n)."""
    depth, ratio, distance = _pair_wells(p, problem)
    root, n = p["vdw_root"], len(p["vdw_root"])
    twelfth, sixth = weights.reshape(-1, 2).T * np.stack([ratio**2, ratio])
    well = twelfth + sixth
    slope = (12 * twelfth + 6 * sixth) / distance
    bend = (12 * 11 * twelfth + 6 * 5 * sixth) / distance**2
    out = np.zeros((2 * n, 2 * n))
    pairs = problem.vdw_pairs.numpy().T
    for own, other in (pairs, pairs[::-1]):
        np.add.at(out, (own, other), well)
        for radius in (n + own, n + other):
            np.add.at(out, (own, radius), root[other] * slope)
            np.add.at(out, (radius, own), root[other] * slope)
            np.add.at(out, (n + own, radius), depth * bend)
    return out
