"""Learning curve: errors of fits to nested parts of the training set, and their power law."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.stats import linregress, t

from mlffbench.data import Curve, Dataset, Score, Split
from mlffbench.forcefield import ForceField
from mlffbench.system import progress
from mlffbench.system.ranges import Count, TrainingSizes
from mlffbench.tasks.common.refits import (
    UNITS,
    first_seed,
    frame_count,
    geometric_mean,
    group_errors,
    has_seed,
    refit,
)
from mlffbench.tasks.common.subtasks import Row, run_subtasks, skipped_row

__all__ = ["learning_curve"]

ROUNDING = 1e-10  # eV per atom or eV/Å: smaller errors are zero

Points = dict[int, list[float]]  # errors by size of the training set, one a draw


@dataclass(frozen=True)
class PowerLaw:
    """error = factor · n^(−exponent); `low` and `high` bound the exponent, None for two points."""

    factor: float
    exponent: float
    low: float | None
    high: float | None


def learning_curve(
    model: ForceField,
    dataset: Dataset,
    split: Split,
    seed: int = 0,
    *,
    sizes: TrainingSizes = (0.125, 0.25, 0.5, 1.0),
    n_seeds: Count = 3,
) -> list[Row]:
    """Fit again to nested parts of the training set; a power law error = a·n^(−b) for every test group.

    The errors are the RMSE of force components and of energies per atom. Each draw is one shuffle of the
    training frames, the same for every method with the same seed; its first n frames are the part of size n,
    and a method with a ``random_state`` gets another one a draw. The whole set is the fitted model itself in
    the first draw, and in the others only where a ``random_state`` makes a difference. a and b are the least
    squares of ln error on ln n over all fits, with Student's 95 % interval of b; parts of one draw share
    frames, which makes that interval somewhat too narrow.

    ``error_ratio_per_doubling`` is 2^(−b), the factor of the error when the data double: 1 if more data do
    not help. b is in `predicted`. The curves are geometric means over the draws (Cortes et al., NIPS 6,
    327 (1994); Huang and von Lilienfeld, J. Chem. Phys. 145, 161102 (2016)).

    Every fit is bounded as the model's own was: a network with ``max_seconds`` may take them once a fit, so
    that its curve is one of equal time and not of equal epochs. The split of the same name makes a case of
    one size, with all its tasks and tables; this task makes the whole curve inside one case.

    Parameters
    ----------
    sizes : sequence of float
        Shares of the training set (0.5, 1.0) or numbers of frames (20).
    n_seeds : int
        Number of draws.
    """
    numbers = sorted({frame_count(s, len(split.train), "sizes") for s in sizes})
    whole = n_seeds if has_seed(model) else 1
    fits = [(n, k) for k in range(n_seeds) for n in numbers if n < len(split.train) or k < whole]
    rows: list[Row] = []
    points: dict[tuple[str, str], Points] = {}
    for done, (n, k) in enumerate(fits):
        progress.report("learning curve", done, len(fits))
        work = partial(_fit, model, dataset, split, seed, n, k)
        for row in run_subtasks({f"fit to {n} frames, draw {k}": work}):
            if isinstance(row, Score):
                points.setdefault((row.test, row.quantity), {}).setdefault(n, []).append(row.value)
            else:
                rows.append(row)
    return rows + [row for (test, quantity), p in points.items() for row in _rows(test, quantity, p)]


learning_curve.frame_counts = ("sizes",)  # type: ignore[attr-defined]


def _fit(model: ForceField, dataset: Dataset, split: Split, seed: int, n: int, draw: int) -> list[Row]:
    """Return the errors on every test group after a fit to the first n frames of a draw."""
    order = np.random.default_rng([seed, draw]).permutation(split.train)
    whole_set = draw == 0 and n == len(order)
    fitted = model if whole_set else refit(model, dataset, order[:n], first_seed(model, seed) + draw)
    groups, missing = group_errors(fitted, dataset, split, f"fit to {n} frames, draw {draw}")
    scores = [
        Score(test, quantity, "rmse", value, UNITS[quantity])
        for test, values in groups.items()
        for quantity, value in values.items()
    ]
    return [*missing, *scores]


def power_law(n: Sequence[float], error: Sequence[float]) -> PowerLaw:
    """Fit ln error on ln n by least squares, with the 95 % interval of the exponent."""
    fit = linregress(np.log(n), np.log(error))
    slope, freedom = float(fit.slope), len(n) - 2
    factor = float(np.exp(fit.intercept))
    if freedom < 1:
        return PowerLaw(factor, -slope, None, None)
    half = float(t.ppf(0.975, freedom) * fit.stderr)
    return PowerLaw(factor, -slope, -slope - half, -slope + half)


def _rows(test: str, quantity: str, points: Points) -> list[Row]:
    """Power law and curve of one quantity on one test group."""
    sizes = sorted(points)
    pairs = [(n, e) for n in sizes for e in points[n]]
    if min(e for _, e in pairs) < ROUNDING:
        return [skipped_row(test, quantity, "an error is exactly zero, which no power law has")]
    mean = [geometric_mean(np.array(points[n]))[0] for n in sizes]
    y_label = f"{quantity} RMSE ({UNITS[quantity]})"
    curve = Curve(f"learning curve of {quantity}: {test}", "training frames", y_label, sizes, mean)
    if len(sizes) < 2:
        return [curve, skipped_row(test, quantity, "a power law needs fits to two sizes at least")]
    law = power_law(*zip(*pairs, strict=True))
    low, high = (None if b is None else 2**-b for b in (law.high, law.low))
    metric = "error_ratio_per_doubling"
    return [Score(test, quantity, metric, 2**-law.exponent, "", low, high, law.exponent), curve]
