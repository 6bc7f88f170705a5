"""Indicators of survival: rank correlations of every static score with the survival of molecular dynamics."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from mlffbench.harness.documents.parts import TRAINING
from mlffbench.report.problems import Problem
from mlffbench.report.quantities.catalogue import find_quantity
from mlffbench.report.results import Results
from mlffbench.report.statistics.holm import holm
from mlffbench.report.statistics.rank_correlation import FEWEST, RankCorrelation, rank_correlation

__all__ = ["ALL", "COLUMNS", "MEASURES", "WORST", "indicators"]

ALL = "all problems"  # pooled, a method's rows in several problems resampled together
IN_DOMAIN, WORST = "in domain", "worst group"
MEASURES = {"lifetime_lost": "lifetime", "failures": "survivors"}  # quantities of the task md
ERRORS = ("forces", "energy_per_atom", "energy_per_atom_shifted", "stress")
RATIOS = ("forces", "energy_per_atom")
NOT_STATIC = ("md", "speed", "timing", "learning_curve", "data_efficiency")  # dynamics, times, other fits
COSTS = ("steps", "force_calls", "seconds_per_structure", "core_seconds_per_structure")
COLUMNS = [
    "problem", "temperature", "survival", "indicator", "task", "group", "quantity", "metric", "methods",
    "problems", "rho", "low", "high", "partial", "partial_low", "partial_high", "p_value", "p_holm", "reason",
]  # fmt: skip


class Indicator(NamedTuple):
    """Names of a score that is correlated with survival; `group` is empty for the worst test of a task."""

    task: str
    group: str
    quantity: str
    metric: str


class Target(NamedTuple):
    """Test of the task md and the quantity that says what was lost there."""

    temperature: str
    quantity: str


FORCE_ERROR = Indicator("", IN_DOMAIN, "forces", "rmse")
Values = dict[Any, dict[str, float]]  # by indicator or target, of methods


@lru_cache(maxsize=2)
def indicators(results: Results) -> pd.DataFrame:
    """Rank correlations of static scores with survival, methods as the units, seeds averaged.

    Numbers are oriented by the registry of quantities, so that larger is worse, and compared with the lost
    lifetime (1 − restricted mean lifetime over the length of a trajectory: trajectories alive at its end are
    censored there) and the share of failed trajectories. ρ = 1: the order of the methods by the score is
    their order by survival; a negative ρ misleads. Of a task's score that was measured in several tests the
    worst counts; ``worst group`` is the worst test group out of domain, and a ratio divides by the error in
    domain.

    Returns
    -------
    DataFrame
        One row a problem (`ALL` pools those that tell methods apart), temperature, measure of survival
        (``lifetime``, ``survivors``) and indicator; methods and problems count those that ρ is over; rho,
        low, high and partial (at fixed in-domain force RMSE) as in
        `mlffbench.report.statistics.rank_correlation`; p_holm is corrected for the indicators of one
        problem, temperature and measure. reason says why a number is lacking; where survival itself tells
        no methods apart there is one row, without an indicator.
    """
    measured = [(problem, _rows(results, problem)) for problem in results.problems]
    scores = {problem.name: _static_scores(own, problem) for problem, own in measured}
    lost = {problem.name: _lost(own) for problem, own in measured}
    rows = [row for name in scores for row in _of_problems(name, [scores[name]], [lost[name]])]
    if sum(map(bool, lost.values())) > 1:
        rows += _of_problems(ALL, list(scores.values()), list(lost.values()))
    return pd.DataFrame(rows, columns=COLUMNS)


# ---------------------------------------------------------------- numbers of one problem
def _lost(rows: Sequence[Mapping[str, Any]]) -> Values:
    """Lost lifetimes and shares of failed trajectories by temperature; the worst of several md tasks."""
    lost: Values = {}
    for row in rows:
        if _short(row["task"]) == "md" and row["quantity"] in MEASURES and not math.isnan(row["value"]):
            own = lost.setdefault(Target(row["test"], row["quantity"]), {})
            own[row["method"]] = max(row["value"], own.get(row["method"], 0.0))
    return lost


def _static_scores(rows: Sequence[Mapping[str, Any]], problem: Problem) -> Values:
    """Oriented numbers of the methods by indicator, errors on test groups first."""
    values: Values = {}
    for row in rows:
        key = _indicator(row, problem.reference)
        badness = math.nan if key is None else _badness(key, row["value"])
        if key is not None and not math.isnan(badness):
            own = values.setdefault(key, {})
            own[row["method"]] = max(badness, own.get(row["method"], -math.inf))
    return values | dict(_derived(values, problem))


def _rows(results: Results, problem: Problem) -> list[dict[str, Any]]:
    scores = results.scores
    columns = ["method", "task", "test", "quantity", "metric", "value"]
    own = scores[scores["problem"] == problem.name]
    numbers = (own[name].tolist() for name in columns)
    return [dict(zip(columns, row, strict=True)) for row in zip(*numbers, strict=True)]


def _indicator(row: Mapping[str, Any], reference: str | None) -> Indicator | None:
    """Names of the score as an indicator; None for dynamics, times and what is no error."""
    task, quantity, metric = _short(row["task"]), str(row["quantity"]), str(row["metric"])
    if task in NOT_STATIC or metric in COSTS:
        return None
    if task in ("", TRAINING):
        group = IN_DOMAIN if not task and row["test"] == reference else str(row["test"])
        return Indicator(task, group, quantity, metric) if quantity in ERRORS else None
    return Indicator(task, "", quantity, metric)


def _badness(key: Indicator, value: float) -> float:
    """The number, turned so that larger is worse; NaN where neither direction is better."""
    entry = find_quantity(key.task, key.quantity, key.metric)
    direction = "lower" if entry is None else entry.direction
    if direction == "target" and entry is not None:
        return abs(value - (entry.target or 0.0))
    return {"lower": value, "higher": -value}.get(direction, math.nan)


def _derived(values: Values, problem: Problem) -> Iterator[tuple[Indicator, dict[str, float]]]:
    """Worst test groups, transfer ratios, and the tail RMSE/MAE of the force errors in domain."""
    for quantity in RATIOS:
        base = values.get(Indicator("", IN_DOMAIN, quantity, "rmse"), {})
        others = {k: v for k, v in values.items() if _is_group(k, quantity) and k.group != IN_DOMAIN}
        complete = [m for m in base if all(m in own for own in others.values()) and m not in problem.gaps]
        if not others:
            continue
        worst = {m: max(own[m] for own in others.values()) for m in complete}
        if len(others) > 1:
            yield Indicator("", WORST, quantity, "rmse"), worst
            yield Indicator("", WORST, quantity, "ratio"), _ratios(worst, base)
        for key, own in others.items():
            yield key._replace(metric="ratio"), _ratios(own, base)
    tail = _ratios(values.get(FORCE_ERROR, {}), values.get(FORCE_ERROR._replace(metric="mae"), {}))
    if tail:
        yield FORCE_ERROR._replace(metric="rmse/mae"), tail


def _is_group(key: Any, quantity: str) -> bool:
    return (key.task, key.quantity, key.metric) == ("", quantity, "rmse")


def _ratios(above: Mapping[str, float], below: Mapping[str, float]) -> dict[str, float]:
    return {m: above[m] / below[m] for m in above if 0 < below.get(m, 0.0) < math.inf}


def _short(task: str) -> str:
    return str(task).partition("(")[0]


# ---------------------------------------------------------------- correlations
def _of_problems(name: str, scores: Sequence[Values], lost: Sequence[Values]) -> list[dict[str, Any]]:
    """Rows of every target over some problems; one with a reason where there is no correlation."""
    methods = list(dict.fromkeys(m for values in lost for own in values.values() for m in own))
    rows: list[dict[str, Any]] = []
    known: dict[bytes, list[dict[str, Any]]] = {}  # both measures often have one order
    for target in dict.fromkeys(key for values in lost for key in values):
        y = _array([values.get(target, {}) for values in lost], methods)
        reason, order = _no_order(y), rankdata(y, axis=1, nan_policy="omit").tobytes()
        if order not in known:
            known[order] = [] if reason else _correlated(scores, y, methods, name == ALL)
        found = known[order]
        if not found:
            n = int((~np.isnan(y)).any(axis=0).sum())
            found = [
                {"methods": n, "reason": reason or "no score is in two problems that tell methods apart"}
            ]
        survival = MEASURES[target.quantity]
        named = {"problem": name, "temperature": target.temperature, "survival": survival}
        rows += [named | row for row in found]
    return rows


def _array(values: Iterable[Mapping[str, float]], methods: Sequence[str]) -> np.ndarray:
    """Numbers as an array (problems, methods), NaN where there is none.

    Nine digits count: numbers that differ by rounding have equal ranks.
    """
    return np.array([[float(f"{own.get(m, math.nan):.9g}") for m in methods] for own in values], dtype=float)


def _no_order(lost: np.ndarray) -> str:
    """Reason why survival tells no methods apart; '' if it does."""
    n = int((~np.isnan(lost)).any(axis=0).sum())
    if np.nanmax(lost) == 0:
        return f"all {n} methods survive to the end"
    if n < FEWEST:
        return f"survival of {n} methods; a correlation needs {FEWEST}"
    if all(np.ptp(own[~np.isnan(own)]) == 0 for own in lost if not np.isnan(own).all()):
        return f"all {n} methods survive equally long"
    return ""


def _correlated(
    scores: Sequence[Values], lost: np.ndarray, methods: Sequence[str], pooled: bool
) -> list[dict[str, Any]]:
    """Rows of every indicator of one target; pooled only those that two problems tell something of."""
    given = _array([values.get(FORCE_ERROR, {}) for values in scores], methods)
    rows: list[dict[str, Any]] = []
    for key in dict.fromkeys(key for values in scores for key in values):
        x = _array([values.get(key, {}) for values in scores], methods)
        found = rank_correlation(x, lost, None if key == FORCE_ERROR else given)
        if not pooled or found.n_blocks > 1:
            rows.append(_row(key, found))
    for row, p in zip(rows, holm([row["p_value"] for row in rows]), strict=True):
        row["p_holm"] = float(p)
    return rows


def _row(key: Indicator, found: RankCorrelation) -> dict[str, Any]:
    numbers = found._asdict()
    methods, problems = numbers.pop("n_units"), numbers.pop("n_blocks")
    reason = ""
    if math.isnan(found.rho):
        few = f"{methods} methods have both numbers; a correlation needs {FEWEST}"
        reason = few if methods < FEWEST else "equal for all methods that have it, or so is their survival"
    elif math.isnan(found.low):
        reason = "too few methods differ for an interval"
    counts = {"methods": methods, "problems": problems, "reason": reason}
    return {"indicator": _words(key), **key._asdict(), **numbers, **counts}


def _words(key: Indicator) -> str:
    """Words of an indicator: ``force RMSE, in domain``, ``physics: energy jump at the cutoff``."""
    if key.metric == "rmse/mae":
        return "force RMSE / MAE, in domain"
    metric = "rmse" if key.metric == "ratio" else key.metric
    entry = find_quantity(key.task, key.quantity, metric)
    own = f"{key.quantity} {metric}".replace("_", " ")
    name = own if entry is None else own if entry.is_pattern else entry.name
    if key.metric == "ratio":
        return f"{name}, {key.group} / in domain"
    if key.task == TRAINING:
        return f"{name}, {'training' if key.group == 'train' else key.group} part"
    return f"{name}, {key.group}" if not key.task else f"{key.task}: {name}"
