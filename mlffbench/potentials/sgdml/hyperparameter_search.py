"""Grid search of σ and λ: smaller fits predict energies and forces of held-out structures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from mlffbench.potentials.sgdml.inverse_distances import Points
from mlffbench.potentials.sgdml.kernel import Kernel
from mlffbench.potentials.sgdml.solver import cholesky_solve, kernel_matrix
from mlffbench.system import progress
from mlffbench.system.checkpoint import resumed

__all__ = ["LAMS", "SIGMAS", "Trial", "best_trial", "grid_search"]

SIGMAS = (5.0, 10.0, 20.0, 40.0)  # 1/Å
LAMS = (1e-10, 1e-8)
COMPONENTS = 4500  # of forces in a trial's fit, at most
VALIDATION = 50  # held-out structures of a trial, at most
WORTH = 1.0  # s: trials that took longer are kept for a run that goes on after a kill
TOLERANCE = 1.02  # scores within this factor of the best count as equal


@dataclass(frozen=True)
class Trial:
    """Errors of one choice of σ and λ on held-out structures: RMSE of energies, eV, and forces, eV/Å.

    The mean error of the energies is subtracted first: the constant of integration is fitted apart.
    """

    sigma: float
    lam: float
    energy_rmse: float
    forces_rmse: float

    @property
    def score(self) -> float:
        """Geometric mean of the two RMSEs."""
        return float(np.sqrt(self.energy_rmse * self.forces_rmse))


def grid_search(
    points: Points,
    perms: torch.Tensor,
    energy: torch.Tensor,
    forces: torch.Tensor,
    sigmas: Sequence[float],
    lams: Sequence[float],
    rng: np.random.RandomState,
) -> tuple[Trial, ...]:
    """Try every pair of σ and λ, fitted to some structures, on others; energy (n,), forces (n, 3N)."""
    n_fit = max(1, min(3 * len(points) // 4, COMPONENTS // forces.shape[1]))
    order = rng.permutation(len(points))
    fit, held_out = order[:n_fit], order[n_fit : n_fit + VALIDATION]
    trials: list[Trial] = []
    for k, sigma in enumerate(sigmas):
        tried = partial(_trials, points, perms, energy, forces, sigma, lams, fit, held_out)
        trials += [Trial(*row) for row in resumed(f"sigma {sigma} {lams}", tried, WORTH)]
        progress.report("sigma", k + 1, len(sigmas), sigma=sigma)
    return tuple(trials)


def _trials(
    points: Points,
    perms: torch.Tensor,
    energy: torch.Tensor,
    forces: torch.Tensor,
    sigma: float,
    lams: Sequence[float],
    fit: np.ndarray,
    held_out: np.ndarray,
) -> list[tuple[float, float, float, float]]:
    """Values of the trials of one σ; a λ that leaves the matrix not positive definite has none."""
    kernel, trials = Kernel(points[fit], perms, sigma), []
    full = kernel_matrix(kernel)
    for lam in lams:
        coefficients = cholesky_solve(full.clone(), forces[fit].flatten(), lam)
        if coefficients is not None:
            values, gradients = kernel.field(coefficients)(points.x[held_out])
            force_errors = points[held_out].pull_back(gradients) - forces[held_out]
            energy_rmse = (values - energy[held_out]).std(correction=0)
            forces_rmse = force_errors.square().mean().sqrt()
            trials.append((sigma, lam, float(energy_rmse), float(forces_rmse)))
    return trials


def best_trial(trials: Sequence[Trial]) -> Trial:
    """The trial of smallest λ, then σ, among those about as good as the best.

    The final fit has more structures than a trial, and more structures bear a rougher field.

    Raises
    ------
    ValueError
        There are no trials.
    """
    if not trials:
        raise ValueError("no sigma and lam gave a kernel matrix that is positive definite; try a larger lam")
    limit = TOLERANCE * min(t.score for t in trials)
    return min((t for t in trials if t.score <= limit), key=lambda t: (t.lam, t.sigma))
