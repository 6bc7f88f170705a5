"""Scores of predictions, with intervals over clusters of frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlffbench.data import InvalidPrediction, Labels, Score, matched
from mlffbench.harness.error_sums import LEAST, METRICS, ErrorSums, merged, spread_of

__all__ = ["Comparison", "comparisons", "score", "sums_of"]

Metric = Callable[..., Any]  # (true, predicted) -> float
Rows = np.ndarray | Sequence[np.ndarray]  # (n, k), or n flat arrays where frames differ in size
EXTREMES = ("max_error",)  # metrics that no resampling has an interval for


@dataclass(frozen=True)
class Comparison:
    """True and predicted values of one quantity of one test group, by frame that has a true one."""

    quantity: str
    unit: str
    true: Rows
    predicted: Rows
    frames: np.ndarray  # (n,) their places in the group


def score(
    test: str,
    n_atoms: Sequence[int],
    true: Labels,
    predicted: Labels,
    metrics: Mapping[str, Metric],
    clusters: np.ndarray | None = None,
) -> list[Score]:
    """Compute every metric for every quantity that is both labelled and predicted.

    Parameters
    ----------
    test : str
        Name of the test group.
    n_atoms : (n,) sequence of int
    true, predicted : Labels of the n frames
    metrics : mapping of name to ``(true, predicted) -> float``
    clusters : (n,) array of int, optional
        Cluster of each frame, from 0 on, see `mlffbench.harness.clusters`; by default each is one of its own.

    Returns
    -------
    list of Score
        With a 95 % interval from leaving out each cluster, see `mlffbench.harness.error_sums.spread_of`: of
        the logarithm of an error that is positive throughout, else of itself. None with fewer than 5
        clusters, and of the largest error, which resampling says nothing about.

    Raises
    ------
    InvalidPrediction
        The prediction does not fit the frames, or leaves out some that have a true value.
    """
    labels = np.arange(len(n_atoms)) if clusters is None else clusters
    compared = comparisons(n_atoms, true, predicted)
    return [_scored(test, one, name, metric, labels) for one in compared for name, metric in metrics.items()]


def comparisons(n_atoms: Sequence[int], true: Labels, predicted: Labels) -> Iterator[Comparison]:
    """Yield energies, energies per atom, both also without the mean error of the group, forces, stress."""
    if fault := predicted.misfit(n_atoms):
        raise InvalidPrediction(f"the prediction does not fit the frames: {fault}")
    sizes, everything = np.asarray(n_atoms, dtype=float), np.arange(len(n_atoms))
    for suffix, per in (("", np.ones_like(sizes)), ("_per_atom", sizes)):
        unit, t, p = "eV/atom" if suffix else "eV", true.energy / per, predicted.energy / per
        yield Comparison(f"energy{suffix}", unit, t[:, None], p[:, None], everything)
        shifted = (p - np.mean(p - t))[:, None]
        yield Comparison(f"energy{suffix}_shifted", unit, t[:, None], shifted, everything)
    for quantity, unit in (("forces", "eV/Å"), ("stress", "eV/Å³")):
        if pairs := matched(getattr(true, quantity), getattr(predicted, quantity), quantity):
            places = [i for i, value in enumerate(getattr(true, quantity)) if value is not None]
            t, p = (_rows(side) for side in zip(*pairs, strict=True))
            yield Comparison(quantity, unit, t, p, np.array(places))


def _rows(values: Sequence[np.ndarray]) -> Rows:
    """Flatten each frame to one row; rows of equal length become one array, which resamples fast."""
    rows = [v.ravel() for v in values]
    return np.array(rows) if len({len(r) for r in rows}) == 1 else rows


def _scored(test: str, one: Comparison, name: str, metric: Metric, labels: np.ndarray) -> Score:
    """Value of a metric and its interval."""
    value = _value(metric, one, np.arange(len(one.true)))
    clusters = merged(np.unique(labels[one.frames], return_inverse=True)[1])
    low, high = None, None
    if name not in EXTREMES and clusters.max() + 1 >= LEAST:
        low, high = _bounds(value, _without(name, metric, one, clusters, value))
    return Score(test, one.quantity, name, value, one.unit, low, high)


def _without(name: str, metric: Metric, one: Comparison, clusters: np.ndarray, value: float) -> np.ndarray:
    """Values of a metric without each cluster, (G,); those of the usual ones from sums."""
    if name in METRICS:
        sums = sums_of(one, clusters)
        if np.isclose(sums.value(name), value, rtol=1e-9, atol=0.0):
            return sums.without(name)
    others = (np.flatnonzero(clusters != g) for g in range(int(clusters.max()) + 1))
    return np.array([_value(metric, one, frames) for frames in others])


def _bounds(value: float, without: np.ndarray) -> tuple[float | None, float | None]:
    """Interval from the values without each cluster; None where they are not finite."""
    if not np.isfinite([value, *without]).all():
        return None, None
    is_positive = value > 0 and bool((without > 0).all())
    if is_positive:
        low, high = spread_of(np.log(without)).ends()
        return value * float(np.exp(low)), value * float(np.exp(high))
    half = spread_of(without).half_width()
    return (max(0.0, value - half) if min(value, *without) >= 0 else value - half), value + half


def sums_of(one: Comparison, clusters: np.ndarray) -> ErrorSums:
    """Sums of errors by cluster of the frames of a comparison, (n,) numbers from 0 on."""
    errors = [np.ravel(p - t) for t, p in zip(one.true, one.predicted, strict=True)]
    return ErrorSums.of(np.concatenate(errors), np.repeat(clusters, [len(own) for own in errors]))


def _value(metric: Metric, one: Comparison, frames: np.ndarray) -> float:
    """Metric of some frames."""
    return float(metric(_row(one.true, frames), _row(one.predicted, frames)))


def _row(rows: Rows, frames: np.ndarray) -> np.ndarray:
    return rows[frames].ravel() if isinstance(rows, np.ndarray) else np.concatenate([rows[i] for i in frames])
