"""Robustness of an order of merit against the choice of datasets, metrics and weights."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from mlffbench.report.statistics.across_problems import averaged, missing_cells

__all__ = ["Robustness", "robustness"]

N_WEIGHTS = 1000


@dataclass(frozen=True, eq=False)
class Robustness:
    """Places of m methods in the order of their mean rank over cells, and how far they move.

    Attributes
    ----------
    methods : tuple of str
        As given, without those that lack a cell.
    place : (m,) array
        Place with all cells of equal weight; ties share the mean place.
    without_dataset, without_metric, random_weights : (m, 2) arrays
        Best and worst place as one dataset is left out, as one metric is left out (as with all cells where
        there is one alone), and the 2.5 % and 97.5 % quantiles over random weights of the cells.
    p_first : (m,) array
        Share of the random weights with which the method comes first.
    missing : mapping of str to tuple
        Cells that the other methods lack.
    """

    methods: tuple[str, ...]
    place: np.ndarray
    without_dataset: np.ndarray
    without_metric: np.ndarray
    random_weights: np.ndarray
    p_first: np.ndarray
    missing: Mapping[str, tuple[tuple[str, str], ...]]


def robustness(
    errors: Mapping[tuple[str, str], Sequence[float]],
    methods: Sequence[str],
    datasets: Mapping[str, Hashable] | None = None,
) -> Robustness:
    """Order methods by their mean rank over datasets and metrics, and leave out or weigh these.

    Ranks by one metric on the problems of one dataset are averaged, and are one cell. Weights are drawn 1000
    times, with a fixed seed, from the flat Dirichlet distribution: every weighting is as likely as any other.
    Methods with a missing cell follow the rule of `across_problems`: they have no place and are named.

    Parameters
    ----------
    errors : mapping of (problem, metric) to (m,) errors
        A metric may be any number of which less is better.
    methods : sequence of m names
    datasets : mapping, optional
        The data of each problem, equal for problems on the same data. By default each has its own.
    """
    values = np.array([*errors.values()], dtype=float).reshape(len(errors), len(methods))
    missing = missing_cells(values, methods, list(errors))
    complete = [i for i, name in enumerate(methods) if name not in missing]
    ranks = rankdata(values[:, complete], axis=1) if complete and errors else np.empty((0, len(complete)))
    data = datasets or {problem: problem for problem, _ in errors}
    cells = [(data[problem], metric) for problem, metric in errors] if len(ranks) else []
    ranks, cells = averaged(ranks, cells), list(dict.fromkeys(cells))
    weights = np.random.default_rng(0).dirichlet(np.ones(max(1, len(cells))), size=N_WEIGHTS)
    places = _places(weights @ ranks) if len(ranks) else np.zeros((1, len(complete)))
    first = places <= places.min(axis=1, keepdims=True, initial=np.inf)
    return Robustness(
        tuple(methods[i] for i in complete),
        _places(ranks.mean(axis=0)) if len(ranks) else places[0],
        _left_out(ranks, [dataset for dataset, _ in cells]),
        _left_out(ranks, [metric for _, metric in cells]),
        np.quantile(places, [0.025, 0.975], axis=0, method="inverted_cdf").T,
        first.mean(axis=0),
        missing,
    )


def _left_out(ranks: np.ndarray, names: Sequence[Hashable]) -> np.ndarray:
    """Best and worst place of each method over the names, of which one after the other is left out."""
    kept = [np.array([own != name for own in names]) for name in dict.fromkeys(names)]
    kept = [mask for mask in kept if mask.any()] or [np.ones(len(names), dtype=bool)]
    if not len(ranks):
        return np.zeros((ranks.shape[1], 2))
    places = np.array([_places(ranks[mask].mean(axis=0)) for mask in kept])
    return np.column_stack([places.min(axis=0), places.max(axis=0)])


def _places(scores: np.ndarray) -> np.ndarray:
    return np.asarray(rankdata(np.round(scores, 9), axis=-1))
