"""Fit of an sGDML force field to the forces of one molecule, and its predictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from ase import Atoms

from mlffbench.potentials.sgdml.atom_matching import (
    Template,
    distance_matrices,
    in_one_order,
    nearest_differences,
)
from mlffbench.potentials.sgdml.hyperparameter_search import LAMS, SIGMAS, Trial, best_trial, grid_search
from mlffbench.potentials.sgdml.inverse_distances import Points, pair_permutations
from mlffbench.potentials.sgdml.kernel import Field, Kernel
from mlffbench.potentials.sgdml.permutations import find_permutations
from mlffbench.potentials.sgdml.solver import Solution, solve, solve_iteratively
from mlffbench.system.batch_size import batch_bytes, with_half_on_memory_error

__all__ = ["Fit", "Settings", "fit", "predict", "template_of"]

MIN_STRUCTURES = 4  # below which none is held out to choose σ and λ by
MUCH_NEARER = 0.5  # frames in one order are nearer to each other than in the given orders by this factor
SIGMA, LAM = 20.0, 1e-10  # without structures to choose them by


@dataclass(frozen=True)
class Settings:
    """Parameters of the fit; σ or λ that is None is chosen by trials.

    A kernel matrix larger than `max_memory_gb` is never made: conjugate gradients solve instead of Cholesky.
    """

    sigma: float | None
    lam: float | None
    symmetric: bool
    max_memory_gb: float
    rank: int
    tolerance: float
    max_iterations: int


@dataclass(frozen=True)
class Fit:
    """Energy field of the molecule, up to a constant, and the choices that led to it.

    Attributes
    ----------
    field : Field
    origin : (D,) tensor
        Mean descriptor, 1/Å; the field takes descriptors minus this.
    permutations : (P, N) array of int
    sigma : float
    trials : tuple of Trial
        Grid search of σ and λ; empty if both were given.
    solution : Solution
        Coefficients, λ, iterations and residual.
    """

    field: Field
    origin: torch.Tensor
    permutations: np.ndarray
    sigma: float
    trials: tuple[Trial, ...]
    solution: Solution


def template_of(frames: Sequence[Atoms]) -> Template:
    """Template in the first frame's order, from the frames that have it.

    Where the order of the atoms changes between frames, all are brought to the order of the first.

    Raises
    ------
    ValueError
        The first frame is a single atom.
    """
    numbers = frames[0].numbers
    if len(numbers) < 2:
        raise ValueError(f"SGDML describes a molecule; frame 0 is a lone atom, {frames[0].symbols}")
    same = np.array([a.positions for a in frames if np.array_equal(a.numbers, numbers)])
    ordered = in_one_order(frames)
    if len(same) < len(frames) / 2 or _mean_gap(ordered) < MUCH_NEARER * _mean_gap(same):
        return replace(Template.of(numbers, ordered), reach=0.0)  # no given order is trusted
    return Template.of(numbers, same)


def _mean_gap(positions: np.ndarray) -> float:
    """Median difference of inverse distances between a structure and the nearest other, 1/Å."""
    return float(np.median(nearest_differences(distance_matrices(positions))))


def fit(
    numbers: np.ndarray,
    positions: np.ndarray,
    energy: np.ndarray,
    forces: np.ndarray,
    settings: Settings,
    device: torch.device | str,
    rng: np.random.RandomState,
) -> Fit:
    """Fit forces (n, N, 3) at positions (n, N, 3) in one order; energies (n,) serve the trials only."""
    permutations = np.arange(len(numbers))[None]
    if settings.symmetric:
        permutations = find_permutations(distance_matrices(positions), numbers)
    perms = pair_permutations(permutations).to(device)
    tensor = lambda values: torch.as_tensor(values, device=device)
    points = Points.of(tensor(positions))
    origin = points.x[:, perms].mean(dim=(0, 1))
    points, target = points.relative_to(origin), tensor(forces).flatten(1)
    sigma, lam, trials = _choose(points, perms, tensor(energy), target, settings, rng)
    kernel = Kernel(points, perms, sigma)
    solution = _solve(kernel, target.flatten(), lam, settings, rng)
    return Fit(kernel.field(solution.coefficients), origin, permutations, sigma, trials, solution)


def _choose(
    points: Points,
    perms: torch.Tensor,
    energy: torch.Tensor,
    forces: torch.Tensor,
    settings: Settings,
    rng: np.random.RandomState,
) -> tuple[float, float, tuple[Trial, ...]]:
    """σ and λ as given, or the best of the trials, and these."""
    sigmas = SIGMAS if settings.sigma is None else (settings.sigma,)
    lams = LAMS if settings.lam is None else (settings.lam,)
    if len(sigmas) == len(lams) == 1:
        return sigmas[0], lams[0], ()
    if len(points) < MIN_STRUCTURES:
        return settings.sigma or SIGMA, LAM if settings.lam is None else settings.lam, ()
    trials = grid_search(points, perms, energy, forces, sigmas, lams, rng)
    best = best_trial(trials)
    return best.sigma, best.lam, trials


def _solve(
    kernel: Kernel, forces: torch.Tensor, lam: float, settings: Settings, rng: np.random.RandomState
) -> Solution:
    """Solve by Cholesky if the kernel matrix fits into the memory allowed, else by conjugate gradients."""
    if 8e-9 * kernel.size**2 <= settings.max_memory_gb:
        return solve(kernel, forces, lam)
    limits = (settings.rank, settings.tolerance, settings.max_iterations)
    return solve_iteratively(kernel, forces, lam, *limits, rng)


def predict(field: Field, origin: torch.Tensor, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Energies (m,) eV up to the constant, and forces (m, N, 3) eV/Å, at positions (m, N, 3) Å."""
    numbers = 4 * positions[0].size * len(field.x[0])  # of a frame's Jacobian and its copies
    room = batch_bytes(origin.device) // (8 * numbers)

    def in_parts(share: int) -> list[tuple[np.ndarray, np.ndarray]]:
        at_once = max(1, min(room, len(positions)) // share)
        starts = range(0, len(positions), at_once)
        return [_predict(field, origin, positions[i : i + at_once]) for i in starts]

    energy, forces = zip(*with_half_on_memory_error(in_parts), strict=True)
    return np.concatenate(energy), np.concatenate(forces)


def _predict(field: Field, origin: torch.Tensor, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    points = Points.of(torch.as_tensor(positions, device=origin.device))
    values, gradients = field(points.x - origin)
    return values.cpu().numpy(), points.pull_back(gradients).cpu().numpy().reshape(positions.shape)
