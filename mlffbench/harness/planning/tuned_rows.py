"""Tuned rows of a suite: estimators with ``search:`` beside them, or all under the suite's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mlffbench import registry
from mlffbench.data import Spec
from mlffbench.estimators.tuning.limits import TUNED
from mlffbench.harness.planning.row import Row, Search
from mlffbench.system.failures import catch_failure

__all__ = ["LIMITS", "beyond_budget", "budget_of", "leaderboard_rows", "searching_spec"]

LIMITS = {"trials": "tuning_trials", "seconds": "tuning_seconds"}  # parameters of it -> words of a budget


def leaderboard_rows(rows: Sequence[Row], common: Search | None) -> Iterator[tuple[int, Row]]:
    """Rows of the leaderboard, each with the number of its entry in the suite.

    A row with a search of its own is tuned; under a search of the suite, a tuned row stands beside every
    other, unless it says ``search: false`` or has nothing to tune.
    """
    for i, row in enumerate(rows):
        if isinstance(row.search, Search):
            yield i, _tuned(row, row.search)
            continue
        yield i, row
        if common is not None and row.search is None and _has_space(row.spec):
            yield i, _tuned(row, common)


def _tuned(row: Row, search: Search) -> Row:
    return replace(row, label=f"{row.label} (tuned)", search=search)


def _has_space(spec: Spec) -> bool:
    """True for an estimator with parameters to tune; False also for one that cannot be made here."""
    from mlffbench.estimators.tuning.space import free_space

    space, _ = catch_failure(lambda: free_space(registry.make(spec, ("estimators",))))
    return bool(space) and spec.name != TUNED


def searching_spec(spec: Spec, row: Row, budget: Mapping[str, Any] | None = None) -> Spec:
    """The estimator of a row: of a tuned one the search, within its budget, around the spec.

    A row whose estimator is the search itself has the same budget.

    Raises
    ------
    ValueError
        The row's search asks for more than the budget.
    """
    params = _keywords(row)
    if params is None:
        return spec
    for _, sentence in beyond_budget(params, budget):
        raise ValueError(f"row {row.label!r}: {sentence}")
    limits = {word: (budget or {}).get(limit) for word, limit in LIMITS.items()}
    limited = {word: most for word, most in limits.items() if most is not None and params.get(word) is None}
    is_beside = isinstance(row.search, Search)
    own = {"model": {spec.name: dict(spec.params)}, **params} if is_beside else spec.params
    return Spec(TUNED, {**own, **limited})


def _keywords(row: Row) -> dict[str, Any] | None:
    """Keywords of a row's search, which stands beside the estimator or is it; None without."""
    if isinstance(row.search, Search):
        return row.search.given()
    return dict(row.spec.params) if row.spec.name == TUNED else None


def beyond_budget(search: Mapping[str, Any], budget: Mapping[str, Any] | None) -> Iterator[tuple[str, str]]:
    """Yield keywords of a search that exceed its budget, and sentences."""
    for word, limit in LIMITS.items():
        own, most = search.get(word), (budget or {}).get(limit)
        if isinstance(own, int | float) and isinstance(most, int | float) and own > most:
            yield word, f"{word} {own:g} of the search is beyond the budget, {limit}: {most:g}"


def budget_of(row: Row, budget: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The part of a budget that concerns a row: of one that is not tuned, no limits of a search."""
    tuned = _keywords(row) is not None
    return {k: v for k, v in (budget or {}).items() if tuned or k not in LIMITS.values()} or None
