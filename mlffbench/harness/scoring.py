"""Scores of predictions, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from scipy.stats import bootstrap

from mlffbench import registry
from mlffbench.data import InvalidPrediction, Labels, Score, matched

__all__ = ["Comparison", "comparisons", "score"]

Metric = Callable[..., Any]  # (true, predicted) -> float; along an axis, if it takes one
Rows = np.ndarray | Sequence[np.ndarray]  # (n, k), or n flat arrays where frames differ in size
N_RESAMPLES = 199
LARGEST = 1_000_000  # numbers in one array of resamples


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
    by_frames = groupby(comparisons(n_atoms, true, predicted), lambda comparison: len(comparison.true))
    return [score for n, compared in by_frames for score in _scores(test, n, list(compared), metrics)]


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


def _scores(
    test: str, n_frames: int, compared: Sequence[Comparison], metrics: Mapping[str, Metric]
) -> Iterator[Score]:
    """Scores of quantities that are known for as many frames; all from the same resamples."""
    pairs = [(comparison, name) for comparison in compared for name in metrics]

    def values(resamples: np.ndarray, axis: int = -1) -> np.ndarray:
        return np.array([_values(metrics[name], comparison, resamples) for comparison, name in pairs])

    everything = np.arange(n_frames)
    bounds = _intervals(values, everything, len(pairs))
    for (comparison, name), (value,), interval in zip(pairs, values(everything[None]), bounds, strict=True):
        yield Score(test, comparison.quantity, name, float(value), comparison.unit, *interval)


def _intervals(
    values: Callable[..., np.ndarray], frames: np.ndarray, n: int
) -> Sequence[tuple[float | None, float | None]]:
    """Bounds of the `n` values; None for a single frame."""
    if len(frames) < 2:
        return [(None, None)] * n
    result = bootstrap(
        (frames,), values, vectorized=True, method="percentile", n_resamples=N_RESAMPLES,
        rng=np.random.default_rng(0),
    )  # fmt: skip
    interval = result.confidence_interval
    return [(float(low), float(high)) for low, high in zip(interval.low, interval.high, strict=True)]


def _values(metric: Metric, comparison: Comparison, resamples: np.ndarray) -> list[float]:
    """Metric of each resample, (m, n) indices of frames; of many at once, if it takes an ``axis``."""
    true, predicted = comparison.true, comparison.predicted
    if not (isinstance(true, np.ndarray) and isinstance(predicted, np.ndarray) and _takes_axis(metric)):
        return [float(metric(_row(true, frames), _row(predicted, frames))) for frames in resamples]
    values: list[float] = []
    step = max(1, LARGEST // max(1, resamples.shape[1] * true.shape[1]))
    for frames in (resamples[i : i + step] for i in range(0, len(resamples), step)):
        sides = (side[frames].reshape(len(frames), -1) for side in (true, predicted))
        values += metric(*sides, axis=1).tolist()
    return values


def _takes_axis(metric: Metric) -> bool:
    return "axis" in registry.parameters(metric)


def _row(rows: Rows, frames: np.ndarray) -> np.ndarray:
    return rows[frames].ravel() if isinstance(rows, np.ndarray) else np.concatenate([rows[i] for i in frames])
