"""Published errors beside those measured with the settings of a suite, and a verdict on each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.constants import N_A, calorie, eV

from mlffbench.report.problems import Method, Problem, dig, spec_text
from mlffbench.report.results import Results

if TYPE_CHECKING:
    from mlffbench.harness.planning.plan import Problem as PlannedProblem
    from mlffbench.harness.planning.plan import Suite
    from mlffbench.harness.planning.published import ProtocolSetting, Published, PublishedError

__all__ = ["AGREEMENTS", "LACKING", "judge", "protocols", "reproduced"]

REPRODUCED, WITHIN = "reproduced", "within tolerance"
MISSED, UNDECIDED, NOT_RUN = LACKING = ("missed", "not decided", "not run")  # not reproduced
WIDEST = 2.0  # tolerances that the half-width of an interval may have
SAME, DIFFERS, NOT_STATED, UNKNOWN = AGREEMENTS = ("same", "differs", "not stated", "unknown")
MEV = {"meV": 1.0, "eV": 1e3, "kcal/mol": 1e6 * calorie / N_A / eV}  # of the units that published errors have
COLUMNS = [
    "published method", "method", "problem", "data", "test", "quantity", "metric", "unit", "published",
    "rounding", "measured", "low", "high", "tolerance", "verdict", "reason", "exempt", "source",
]  # fmt: skip
SETTINGS = ["published method", "method", "setting", "published", "here", "agreement"]


def reproduced(results: Results) -> pd.DataFrame:
    """Each published error of the suites, the error measured here, its 95 % interval, and a verdict.

    Errors are in the published unit. See `judge` for the verdicts; the reason says by how much an error was
    missed and which settings differ, how wide an interval is that does not decide, or why there is none.
    """
    rows = [
        _row(results, suite, entry, error)
        for suite in results.suites
        for entry in suite.published
        for error in entry.errors
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def protocols(results: Results) -> pd.DataFrame:
    """Each setting of the published protocols, that of the suite, and their agreement."""
    rows = [
        [entry.method, entry.row or "", setting.setting, *_compared(results, suite, entry, setting)]
        for suite in results.suites
        for entry in suite.published
        for setting in entry.protocol
    ]
    return pd.DataFrame(rows, columns=SETTINGS)


def judge(error: PublishedError, tolerance: float, value: float, low: float, high: float) -> str:
    """Verdict on an error measured in the published unit, with its interval.

    ``reproduced``: the interval holds a number that would be printed as the published one, and its half-width
    is at most 2 `tolerance` × published; without an interval, the error itself would be printed so. ``within
    tolerance``: |measured − published| ≤ `tolerance` × published. ``not decided``: neither, as the interval
    holds the published number and is too wide to tell. ``missed``: none of these, be the error larger or
    smaller. ``not run``: no number was measured. Half a unit of the last printed digit is allowed everywhere.
    """
    if not np.isfinite(value):
        return NOT_RUN
    low, high = (low, high) if np.isfinite(low) and np.isfinite(high) else (value, value)
    slack = error.rounding * (1 + 1e-9)
    allowed, holds = tolerance * error.number, low - slack <= error.number <= high + slack
    if holds and (high - low) / 2 <= WIDEST * allowed + slack:
        return REPRODUCED
    if abs(value - error.number) <= allowed + slack:
        return WITHIN
    return UNDECIDED if holds else MISSED


def _row(results: Results, suite: Suite, entry: Published, error: PublishedError) -> list[Any]:
    """Row of a published error."""
    planned = suite.problems[error.problem - 1]
    problem = _problem(results, planned)
    method = _method(problem, entry.row)
    value, low, high = _measured(results, problem, method, error)
    verdict = judge(error, entry.tolerance, value, low, high)
    reason = ""
    if verdict == MISSED:
        reason = _deviation(results, suite, entry, value / error.number)
    elif verdict == UNDECIDED:
        reason = _width(entry, error, (high - low) / 2)
    elif verdict == NOT_RUN:
        reason = _absence(entry, method, error)
    return [
        entry.method, entry.row or "", _name(problem, planned), _data(suite, planned), error.test,
        error.quantity, error.metric, error.unit, error.number, error.rounding, value, low, high,
        entry.tolerance, verdict, reason, entry.exempt or "", entry.source,
    ]  # fmt: skip


def _problem(results: Results, planned: PlannedProblem) -> Problem | None:
    """The problem of the results that a suite's problem is; None if no case of it has been run."""
    wanted = (spec_text(vars(planned.dataset)), planned.split.name, _params(planned.split.params))
    for problem in results.problems:
        case = problem.documents[0]["case"]
        split = case["split"]
        if wanted == (spec_text(case["dataset"]), split["name"], _params(split.get("params") or {})):
            return problem
    return None


def _params(params: Any) -> dict[str, Any]:
    """Keywords of a split, without the checksum that a manifest gets when it is planned."""
    return {key: value for key, value in dict(params).items() if key != "sha256"}


def _name(problem: Problem | None, planned: PlannedProblem) -> str:
    return (
        problem.name if problem else f"{spec_text(vars(planned.dataset))} · {spec_text(vars(planned.split))}"
    )


def _data(suite: Suite, planned: PlannedProblem) -> str:
    """Dataset and values of its keywords; those of the split too where that alone tells problems apart."""
    words = [planned.dataset.name, *map(_text, planned.dataset.params.values())]
    if sum(other.dataset == planned.dataset for other in suite.problems) > 1:
        words += [planned.split.name, *map(_text, planned.split.params.values())]
    return " ".join(words)


def _method(problem: Problem | None, row: str | None) -> Method | None:
    methods = problem.methods if problem else ()
    return next((method for method in methods if method.label == row), None)


def _measured(
    results: Results, problem: Problem | None, method: Method | None, error: PublishedError
) -> tuple[float, float, float]:
    """Error and its interval in the published unit; NaN where it was not measured."""
    if problem is None or method is None:
        return np.nan, np.nan, np.nan
    scores = results.scores
    wanted = {
        "problem": problem.name, "method": method.label, "task": "", "test": error.test,
        "quantity": error.quantity, "metric": error.metric,
    }  # fmt: skip
    chosen = scores[np.logical_and.reduce([scores[key] == value for key, value in wanted.items()])]
    if chosen.empty:
        return np.nan, np.nan, np.nan
    value, low, high = (float(chosen[key].iloc[0]) / _mev(error.unit) for key in ("value", "low", "high"))
    return value, low, high


def _mev(unit: str) -> float:
    """The unit over meV, meV/atom, meV/Å or meV/Å³."""
    return next(factor for word, factor in MEV.items() if unit.startswith(word))


def _absence(entry: Published, method: Method | None, error: PublishedError) -> str:
    """Reason why an error was not measured."""
    if entry.row is None:
        return str(entry.exempt)
    if method is None:
        return entry.exempt or "not run: there is no result of it"
    if not method.done:
        failure = method.failed[0].get("failure") or {}
        first = next(iter(str(failure.get("message") or "").strip().splitlines()), "")
        return f"the fit failed: {failure.get('kind')}. {first}".strip()
    if error.test in method.test_failures:
        kind, message = method.test_failures[error.test]
        return f"{error.test} could not be predicted: {kind}. {message}"
    return f"the results have no {error.quantity} {error.metric} on {error.test}"


def _width(entry: Published, error: PublishedError, half: float) -> str:
    """Sentence on an interval that is too wide, and the reason given."""
    share, most = 100 * half / error.number, 100 * WIDEST * entry.tolerance
    sentence = f"the interval is ±{share:.0f} % of the published value, more than ±{most:g} %: it cannot tell"
    return "; ".join(filter(None, [sentence, entry.exempt]))


def _deviation(results: Results, suite: Suite, entry: Published, ratio: float) -> str:
    """Sentence on an error that was missed: by how much, the reason given, the settings that differ."""
    differing = [
        setting.setting
        for setting in entry.protocol
        if _compared(results, suite, entry, setting)[-1] == DIFFERS
    ]
    side = "larger" if ratio > 1 else "smaller"
    parts = [f"{ratio if ratio > 1 else 1 / ratio:.2g}× {side} than published", entry.exempt or ""]
    parts.append(f"settings that differ: {', '.join(differing)}" if differing else "")
    return "; ".join(part for part in parts if part)


# ---------------------------------------------------------------- protocol
def _compared(
    results: Results, suite: Suite, entry: Published, setting: ProtocolSetting
) -> tuple[str, str, str]:
    """A setting as published, here, and the agreement of the two."""
    here = _here(results, suite, entry, setting)
    published = setting.published
    if published is None:
        agreement = NOT_STATED
    elif not here:
        agreement = UNKNOWN
    else:
        agreement = SAME if all(_equal(published, value) for value in here) else DIFFERS
    text = ", ".join(dict.fromkeys(map(_text, here)))
    return "" if published is None else _text(published), text, agreement


def _here(results: Results, suite: Suite, entry: Published, setting: ProtocolSetting) -> Sequence[Any]:
    """Values of a setting in this suite: as it says, or in the documents of each problem."""
    if setting.document is None:
        return [] if setting.here is None else [setting.here]
    keys = setting.document.split(".")
    found = (dig(document, *keys) for document in _documents(results, suite, entry))
    return [value for value in found if value is not None]


def _documents(results: Results, suite: Suite, entry: Published) -> Iterator[dict[str, Any]]:
    """First finished document of the row on each of the problems."""
    for number in dict.fromkeys(error.problem for error in entry.errors):
        method = _method(_problem(results, suite.problems[number - 1]), entry.row)
        if method is not None and method.done:
            yield method.done[0]


def _equal(published: Any, here: Any) -> bool:
    return bool(published == here) or _text(published) == _text(here)


def _text(value: Any) -> str:
    """A setting as text: whole numbers without a point, truth in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
