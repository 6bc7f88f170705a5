"""σ and λ by the energies and forces of structures that a smaller fit left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from mlffbench.potentials.sgdml.inverse_distances import Points
from mlffbench.potentials.sgdml.kernel import Kernel
from mlffbench.potentials.sgdml.solver import factorised, matrix
from mlffbench.system import progress

__all__ = ["LAMS", "SIGMAS", "Trial", "best", "try_all"]

SIGMAS = (5.0, 10.0, 20.0, 40.0)  # 1/Å
LAMS = (1e-10, 1e-8)
COMPONENTS = 4500  # of forces in a trial's fit, at most
VALIDATION = 50  # structures it is judged by, at most
TOLERANCE = 1.02  # errors this near to the best are no reason for a smoother field


@dataclass(frozen=True)
class Trial:
    """What one choice of σ and λ made of structures left out: RMSE of energies, eV, and forces, eV/Å.

    The energies are counted from their mean error: the constant of integration is fitted apart.
    """

    sigma: float
    lam: float
    energy_rmse: float
    forces_rmse: float

    @property
    def score(self) -> float:
        """What counts: the geometric mean of both."""
        return float(np.sqrt(self.energy_rmse * self.forces_rmse))


def try_all(
    points: Points,
    perms: torch.Tensor,
    energy: torch.Tensor,
    forces: torch.Tensor,
    sigmas: Sequence[float],
    lams: Sequence[float],
    rng: np.random.RandomState,
) -> tuple[Trial, ...]:
    """Every pair of σ and λ, fitted to some structures, tried on others; energy (n,), forces (n, 3N)."""
    n_fit = max(1, min(3 * len(points) // 4, COMPONENTS // forces.shape[1]))
    order = rng.permutation(len(points))
    fit, rest = order[:n_fit], order[n_fit : n_fit + VALIDATION]
    trials = []
    for k, sigma in enumerate(sigmas):
        kernel = Kernel(points[fit], perms, sigma)
        full = matrix(kernel)
        for lam in lams:
            found = factorised(full.clone(), forces[fit].flatten(), lam)
            if found is not None:
                values, slopes = kernel.field(found)(points.x[rest])
                wrong = points[rest].pull(slopes) - forces[rest]
                spread = (values - energy[rest]).std(correction=0)
                trials.append(Trial(sigma, lam, float(spread), float(wrong.square().mean().sqrt())))
        progress.report("sigma", k + 1, len(sigmas), sigma=sigma)
    return tuple(trials)


def best(trials: Sequence[Trial]) -> Trial:
    """The smallest λ, then σ, that is about as good as any: more structures bear a rougher field than few."""
    if not trials:
        raise ValueError("no sigma and lam gave a kernel matrix that is positive definite; try a larger lam")
    limit = TOLERANCE * min(t.score for t in trials)
    return min((t for t in trials if t.score <= limit), key=lambda t: (t.lam, t.sigma))
