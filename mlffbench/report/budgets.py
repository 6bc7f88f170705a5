"""Budgets of the methods of a problem: in words, and where they were not equal or not kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlffbench.estimators.tuning.limits import TRIALS
from mlffbench.harness.documents.parts import number, search_params
from mlffbench.report.contrast import some
from mlffbench.report.problems import Document, Method, Problem, dig

__all__ = ["budget_text", "ends", "unequal", "unequal_budgets"]

WORDS = {
    "labels": "{:g} labels",
    "fit_seconds": "{:g} s of fit",
    "epochs": "{:g} epochs",
    "tuning_trials": "{:g} trials",
    "tuning_seconds": "{:g} s of search",
}
LATE = 1.1  # times the budget: a fit that ends at the end of an epoch may take a little longer
DEPENDS, REPRODUCIBLE = "depends on the machine", "reproducible"


def budget_text(budget: Mapping[str, Any] | None) -> str:
    """``100 labels, 60 s of fit``; '' without a budget."""
    given = budget or {}
    return ", ".join(words.format(given[key]) for key, words in WORDS.items() if _is_number(given.get(key)))


def ends(document: Document) -> str:
    """Reproducibility of what a budget gave: not of a fit or search that the clock ended.

    '' without a budget, and for one of labels alone.
    """
    budget = dig(document, "case", "budget") or {}
    if not set(budget) - {"labels"}:
        return ""
    fit = "time" in str(dig(document, "model", "stopped_by")).split(", ")
    return DEPENDS if fit or _clock_ended_search(document) else REPRODUCIBLE


def _clock_ended_search(document: Document) -> bool:
    """True for a search of which a trial was out of time, or that took all the time that it had."""
    tuning = dig(document, "model", "tuning")
    own = (search_params(dig(document, "case", "estimator")) or {}).get("seconds")
    limit = dig(document, "case", "budget", "tuning_seconds") if own is None else own
    return number(dig(tuning, "out of time")) > 0 or number(dig(tuning, "seconds")) >= number(limit)


def unequal(problem: Problem) -> list[str]:
    """Labels of the methods that did not have the budget of most others of their ranking."""
    apart: list[str] = []
    for tuned in (False, True):
        labels = _by_budget([method for method in problem.methods if method.is_tuned is tuned])
        most = max(labels.values(), key=len, default=[])
        apart += [label for own in labels.values() if own is not most for label in own]
    return apart


def unequal_budgets(problem: Problem) -> Iterator[str]:
    """Sentences on methods of one ranking with different budgets, and on fits beyond theirs."""
    for tuned in (False, True):
        labels = _by_budget([method for method in problem.methods if method.is_tuned is tuned])
        if len(labels) > 1:
            rarest_first = sorted(labels.items(), key=lambda item: len(item[1]))
            each = "; ".join(f"{text or 'none'} for {some(own)}" for text, own in rarest_first)
            which = "tuned methods" if tuned else "methods"
            yield f"The {which} did not have equal budgets: {each}."
    for method in problem.methods:
        for document in method.done:
            most, took, search = (number(dig(document, *keys)) for keys in (BUDGET, TOOK, SEARCH))
            took -= search if method.is_tuned else 0.0
            if took > LATE * most:
                yield f"{method.label} took {took:.3g} s of a budget of {most:g} s."
                break


BUDGET, TOOK = ("case", "budget", "fit_seconds"), ("timings", "fit", "seconds")
SEARCH = ("model", "tuning", "seconds")


def _by_budget(methods: list[Method]) -> dict[str, list[str]]:
    """Labels of the methods by their budget in words; '' for none."""
    labels: dict[str, list[str]] = {}
    for method in methods:
        labels.setdefault(budget_text(_compared(method)), []).append(method.label)
    return labels


def _compared(method: Method) -> dict[str, Any]:
    """Budget of a method, with the limits of its search where the budget has none."""
    search = method.search
    if search is None:
        return dict(method.budget or {})
    seconds = search.get("seconds")
    trials = search.get("trials") or (None if seconds else TRIALS)
    given = {key: value for key, value in (method.budget or {}).items() if value is not None}
    return {"tuning_trials": trials, "tuning_seconds": seconds, **given}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
