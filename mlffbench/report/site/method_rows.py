"""Rows of methods in pages of the site: a method on a problem of a suite, in words."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mlffbench.report.dataframes.scores import SHOWN
from mlffbench.report.problems import Method, Problem, spec_text
from mlffbench.report.site.suite import Suite
from mlffbench.report.tables.table import EMPTY, Cell, interval_cell, number_cell, records
from mlffbench.report.wording import plain, rank_text

__all__ = ["MethodRow", "method_rows"]


@dataclass(frozen=True)
class MethodRow:
    """A method on a problem of a suite.

    Attributes
    ----------
    suite, problem, label : str
    link : str
        Address of the problem in the suite's report, from a page in a folder of the site.
    dataset : str
    estimator : str
        Name of the method, as a suite names it.
    estimators : tuple of str
        Names of the method and of those that it is made of.
    settings : str
        Keywords that the suite gave.
    rank, force, energy, fit, predict : Cell
    n_ranked : int
        Methods that have a rank beside it.
    seeds : int
    failure : str
        Kind and message, where every seed failed.
    reference : str
        Test group of the errors.
    """

    suite: str
    problem: str
    label: str
    link: str
    dataset: str
    estimator: str
    estimators: tuple[str, ...]
    settings: str
    rank: Cell
    n_ranked: int
    force: Cell
    energy: Cell
    fit: Cell
    predict: Cell
    seeds: int
    failure: str
    reference: str


def method_rows(suite: Suite, known: Collection[str]) -> Iterator[MethodRow]:
    """Rows of a suite, its problems in order, methods by rank.

    Parameters
    ----------
    known : collection of str
        Names of estimators.
    """
    for number, problem in enumerate(suite.results.problems):
        frames = suite.frames.of_problem(problem.name)
        methods = {method.label: method for method in problem.methods}
        errors = _on_reference(problem, frames.errors)
        costs = {row["method"]: row for row in records(frames.costs)}
        ranked = frames.leaderboard[frames.leaderboard["rank"].notna()]
        n_ranked = {bool(tuned): len(own) for tuned, own in ranked.groupby("tuned")}
        for place in records(frames.leaderboard):
            label = str(place["method"])
            cost = costs.get(label, {})
            yield MethodRow(
                suite=suite.name, problem=problem.name, label=label, link=suite.anchor(number),
                dataset=dataset_name(problem), settings=_settings(methods[label]),
                estimator=_estimator(methods[label])["name"],
                estimators=tuple(sorted(_estimators(methods[label], known))),
                rank=_rank(place), n_ranked=n_ranked.get(bool(place["tuned"]), 0),
                force=errors.get((label, "forces"), EMPTY),
                energy=errors.get((label, "energy_per_atom"), EMPTY),
                fit=number_cell(plain, cost.get("fit_time")),
                predict=number_cell(plain, cost.get("prediction_time")),
                seeds=int(place["seeds"]), failure=_failure(place), reference=problem.reference or "",
            )  # fmt: skip


def dataset_name(problem: Problem) -> str:
    """Name of a problem's data, such as ``rmd17_aspirin``."""
    return str(problem.first("dataset", "name") or problem.first("case", "dataset", "name"))


def _on_reference(problem: Problem, errors: pd.DataFrame) -> dict[tuple[str, str], Cell]:
    """Errors on the group that ranks, by method and quantity."""
    own = errors[(errors["test"] == problem.reference) & errors["value"].notna()]
    return {
        (str(row["method"]), str(row["quantity"])): interval_cell(row["value"], row["low"], row["high"])
        for row in records(own[own["quantity"].isin(list(SHOWN))])
    }


def _rank(place: Mapping[str, Any]) -> Cell:
    rank = float(place["rank"])
    return EMPTY if np.isnan(rank) else Cell(rank_text(place["best rank"], place["worst rank"]), rank)


def _failure(place: Mapping[str, Any]) -> str:
    if place["status"] != "failed":
        return ""
    message = str(place["failure message"]).strip().partition("\n")[0]
    return f"{place['failure kind']}: {message}" if message else str(place["failure kind"])


def _estimator(method: Method) -> Mapping[str, Any]:
    """Name and keywords of a method."""
    spec: Mapping[str, Any] = (*method.done, *method.failed)[0]["case"]["estimator"]
    return spec


def _estimators(method: Method, known: Collection[str]) -> set[str]:
    spec = _estimator(method)
    return {str(spec["name"]), *_names_inside(spec.get("params"), known)}


def _names_inside(value: Any, known: Collection[str]) -> Iterator[str]:
    """Names of estimators inside the keywords of one: ``tuned: {estimator: mace}``."""
    if isinstance(value, str) and value in known:
        yield value
    elif isinstance(value, Mapping):
        for key, inside in value.items():
            yield from _names_inside(key, known)
            yield from _names_inside(inside, known)
    elif isinstance(value, list | tuple):
        for inside in value:
            yield from _names_inside(inside, known)


def _settings(method: Method) -> str:
    spec = _estimator(method)
    return spec_text(spec) if spec.get("params") else ""
