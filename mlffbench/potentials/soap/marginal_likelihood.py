"""Hyperparameters of a sparse Gaussian process on SOAP, by maximal marginal likelihood."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from scipy.optimize import minimize_scalar

from mlffbench.potentials.regression.whitened_least_squares import (
    WhitenedLeastSquares,
    log_evidence,
    stable_factor,
)
from mlffbench.potentials.soap.kernel import Kernel
from mlffbench.potentials.soap.training_batches import Batches
from mlffbench.system.checkpoint import resumed

__all__ = ["best_hyperparameters", "best_variance", "problems_by_kind"]

COLUMNS = 1500  # enough of a problem's unknowns for its signal variance
ZETA = (1.0, 6.0)
WORTH = 1.0  # s
PRIOR_OF_ZETA = 0.5  # width of log ζ around its start


def best_variance(problem: WhitenedLeastSquares) -> float:
    """δ² of largest evidence, between 1e-6 and 1e6 eV²; large problems are cut to their leading points."""
    small = problem.leading(max(1, COLUMNS // len(problem.factors)))
    search = lambda x: -small.log_evidence(10.0**x)
    return float(10.0 ** minimize_scalar(search, bounds=(-6, 6), method="bounded", options={"xatol": 0.1}).x)


def problems_by_kind(batches: Batches, kernel: Kernel, kinds: list[str]) -> dict[str, WhitenedLeastSquares]:
    """Normal equations of energies, forces and stresses apart, with noise 1."""
    factors = [stable_factor(kernel.covariance(z)) for z in kernel.points]
    problems: dict[str, WhitenedLeastSquares] = {}
    for k in range(len(batches)):
        for kind, rows, targets, unit in batches.rows(k, kernel, kinds):
            problems.setdefault(kind, WhitenedLeastSquares(factors)).add(rows, targets, unit)
    return problems


def best_hyperparameters(
    batches: Batches, kernel: Kernel, noise: Mapping[str, float]
) -> tuple[dict[str, float], float, float]:
    """Noise of each kind of label, δ² and ζ that maximise p(y) under log-normal priors around the start.

    For every ζ the others follow from the same whitened rows by gradients; ζ is found by a line search.
    """
    from mlffbench.potentials.regression.hyperparameters import maximise

    def best_values(zeta: float) -> tuple[dict[str, float], float]:
        points = Kernel(kernel.basis, zeta, kernel.axes, kernel.points)
        problems = problems_by_kind(batches, points, list(noise))
        start = {kind: noise[kind] for kind in problems}
        one = next(iter(problems.values())).gram.new_ones(())
        joint = lambda variance: -float(_evidence(problems, start | {"signal": variance**0.5}, one))
        first = minimize_scalar(
            lambda x: joint(10.0**x), bounds=(-6, 6), method="bounded", options={"xatol": 0.5}
        )
        values, height = maximise(
            lambda v: _evidence(problems, v, one), start | {"signal": 10.0 ** (first.x / 2)}
        )
        surprise = torch.tensor(zeta / kernel.zeta).log().item() / PRIOR_OF_ZETA
        return values, height - surprise**2 / 2

    # a run that goes on after a kill reads the trials that took long
    tried = lambda z: resumed(f"zeta {float(z)!r}", lambda: best_values(float(z)), WORTH)
    search = minimize_scalar(
        lambda z: -tried(z)[1], bounds=ZETA, method="bounded", options={"xatol": 0.1, "maxiter": 8}
    )
    zeta = max((float(search.x), kernel.zeta), key=lambda z: tried(z)[1])
    values, _ = tried(zeta)
    return {k: v for k, v in values.items() if k != "signal"}, values["signal"] ** 2, zeta


def _evidence(
    problems: Mapping[str, WhitenedLeastSquares],
    values: Mapping[str, torch.Tensor | float],
    one: torch.Tensor,
) -> torch.Tensor:
    """log p(y) of all kinds of labels with their noise, and δ = ``signal``."""
    noise = [values[kind] * one for kind in problems]
    return log_evidence(list(problems.values()), noise, values["signal"] ** 2 * one)
