"""Standard deviations of energies and forces from the jackknife of a linear ACE's coefficients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np
from ace_jax.fit.conformal import assign_groups

from mlffbench.potentials.ace.edges import SIZES, Edges
from mlffbench.potentials.ace.jax_session import double_precision

__all__ = ["jackknife_arrays", "standard_deviations"]


def jackknife_arrays(posterior: Any) -> dict[str, np.ndarray]:
    """Columns of the jackknife's factor and its scales, of ace-jax's posterior.

    Each column is a set of coefficients, Δc_k = D⁻¹ R_k, with cov(c) = Σ_k Δc_k Δc_kᵀ; the scales λ bring
    the forces' deviations to the errors on frames left out, by the group of an atom's surroundings.
    """
    meta = posterior.meta
    n, functions, pairs = meta["NZ"], meta["n_B"], meta["n_pair"]
    columns = np.asarray(posterior.dinv)[:, None] * np.asarray(posterior.R)
    r = columns.shape[1]
    many, pair, element = np.split(columns, [n * functions, n * (functions + pairs)])
    return {
        "functions": many.reshape(n, functions, r),
        "pairs": pair.reshape(n, pairs, r),
        "elements": element if len(element) else np.zeros((n, r)),
        "scales": np.asarray(posterior.group_table["lam_rms"], float),
        "shell": np.array([posterior.group_consts["r1"], posterior.group_consts["z_star"]]),
        "bands": np.asarray(posterior.group_consts["edges"], float),
    }


def standard_deviations(
    model: Any, jackknife: Mapping[str, np.ndarray], edges: Edges, far: float
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Deviations of energies, (n_frames,) eV, and of force components, (n_atoms, 3) eV/Å of each frame.

    √Σ_k (E_k)² and √Σ_k (F_k)² of the potentials with coefficients Δc_k, times λ; a frame's energy takes the
    root mean square of its atoms' λ.
    """
    scale = jackknife["scales"][_groups(jackknife, edges)]
    energies = jackknife["elements"][edges.species]
    gradients = np.zeros((len(edges.first), energies.shape[1], 3))
    with double_precision():
        for block in edges.blocks(far, SIZES[:1]):
            energy, gradient = _members(
                model, jackknife["functions"], jackknife["pairs"],
                block.vectors, block.mask, block.species, block.other,
            )  # fmt: skip
            energies[block.atoms] += np.asarray(energy)[: block.atoms.stop - block.atoms.start]
            gradients[block.pairs] = np.asarray(gradient)[block.place]
    forces = scale[:, None] * np.sqrt(np.square(edges.on_atoms(gradients)).sum(axis=1))
    frames = np.arange(len(edges.volume))
    members = np.add.reduceat(energies, np.searchsorted(edges.frame, frames), axis=0)
    mean_square = np.bincount(edges.frame, scale**2) / np.bincount(edges.frame)
    return np.sqrt(mean_square * np.square(members).sum(axis=1)), edges.split(forces)


def _groups(jackknife: Mapping[str, np.ndarray], edges: Edges) -> np.ndarray:
    """Group of each atom, by number of neighbours in the first shell and spread of their distances."""
    radius, usual = jackknife["shell"]
    distance = np.linalg.norm(edges.vectors, axis=1)
    near, count = distance < radius, len(edges.species)
    number, total, square = (
        np.bincount(edges.first[near], distance[near] ** power, minlength=count) for power in (0, 1, 2)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = total / number
        spread = np.sqrt(np.maximum(square / number - mean**2, 0.0)) / mean
    distortion = np.where(number >= 2, spread, np.nan)
    return assign_groups(number.astype(int), distortion, int(usual), jackknife["bands"])


@jax.jit
def _members(
    model: Any, functions: Any, pairs: Any, vectors: Any, mask: Any, species: Any, other: Any
) -> tuple[Any, Any]:
    """Energies (size, r) of a block's atoms and derivatives (size, width, r, 3) for all columns r."""
    centre = species[:, None] + 0 * other
    gradients = model.committee_edge_grad_dense(vectors, centre, other, mask, species, functions, pairs)
    basis, pair = model.site_basis_dense(vectors, centre, other, mask)
    energies = jax.numpy.einsum("nb,nbr->nr", basis, functions[species])
    energies += jax.numpy.einsum("np,npr->nr", pair, pairs[species])
    return energies, jax.numpy.where(mask[..., None, None], gradients, 0.0)
