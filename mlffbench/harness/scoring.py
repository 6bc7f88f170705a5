"""Scores of predictions, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import bootstrap

from mlffbench.data import InvalidPrediction, Labels, Score, matched

__all__ = ["Comparison", "comparisons", "score"]

Metric = Callable[[np.ndarray, np.ndarray], float]
Rows = np.ndarray | Sequence[np.ndarray]  # (n, k), or n flat arrays where frames differ in size
N_RESAMPLES = 199


@dataclass(frozen=True)
class Comparison:
    """True and predicted values of one quantity of one test group, by frame."""

    quantity: str
    unit: str
    true: Rows
    predicted: Rows


def score(
    test: str, n_atoms: Sequence[int], true: Labels, predicted: Labels, metrics: Mapping[str, Metric]
) -> list[Score]:
    """Compute every metric for every quantity that is both labelled and predicted.

    Parameters
    ----------
    test : str
        Name of the test group.
    n_atoms : (n,) sequence of int
    true, predicted : Labels of the n frames
    metrics : mapping of name to ``(true, predicted) -> float``

    Returns
    -------
    list of Score
        With a 95 % percentile-bootstrap interval over frames (199 resamples, fixed seed; Efron & Tibshirani
        1993); without one for a single frame.

    Raises
    ------
    InvalidPrediction
        The prediction does not fit the frames, or leaves out some that have a true value.
    """
    return [
        _score(test, comparison, name, metric)
        for comparison in comparisons(n_atoms, true, predicted)
        for name, metric in metrics.items()
    ]


def comparisons(n_atoms: Sequence[int], true: Labels, predicted: Labels) -> Iterator[Comparison]:
    """Yield energies, energies per atom, both also without the mean error of the group, forces, stress."""
    if fault := predicted.misfit(n_atoms):
        raise InvalidPrediction(f"the prediction does not fit the frames: {fault}")
    sizes = np.asarray(n_atoms, dtype=float)
    for suffix, per in (("", np.ones_like(sizes)), ("_per_atom", sizes)):
        unit, t, p = "eV/atom" if suffix else "eV", true.energy / per, predicted.energy / per
        yield Comparison(f"energy{suffix}", unit, t[:, None], p[:, None])
        yield Comparison(f"energy{suffix}_shifted", unit, t[:, None], (p - np.mean(p - t))[:, None])
    for quantity, unit in (("forces", "eV/Å"), ("stress", "eV/Å³")):
        if pairs := matched(getattr(true, quantity), getattr(predicted, quantity), quantity):
            yield Comparison(quantity, unit, *(_rows(side) for side in zip(*pairs, strict=True)))


def _rows(values: Sequence[np.ndarray]) -> Rows:
    """Flatten each frame to one row; rows of equal length become one array, which resamples fast."""
    rows = [v.ravel() for v in values]
    return np.array(rows) if len({len(r) for r in rows}) == 1 else rows


def _take(rows: Rows, frames: np.ndarray) -> np.ndarray:
    return rows[frames].ravel() if isinstance(rows, np.ndarray) else np.concatenate([rows[i] for i in frames])


def _score(test: str, comparison: Comparison, name: str, metric: Metric) -> Score:
    def of(frames: np.ndarray) -> float:
        return metric(_take(comparison.true, frames), _take(comparison.predicted, frames))

    everything = np.arange(len(comparison.true))
    low, high = _interval(of, everything)
    return Score(test, comparison.quantity, name, of(everything), comparison.unit, low, high)


def _interval(of: Callable[[np.ndarray], float], frames: np.ndarray) -> tuple[float | None, float | None]:
    if len(frames) < 2:
        return None, None
    result = bootstrap(
        (frames,), of, vectorized=False, method="percentile", n_resamples=N_RESAMPLES,
        rng=np.random.default_rng(0),
    )  # fmt: skip
    return float(result.confidence_interval.low), float(result.confidence_interval.high)
