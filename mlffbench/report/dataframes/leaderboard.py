"""Documents -> data frames: leaderboard, transfer, failures. Units stand in the columns' names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from mlffbench.report.dataframes.costs import COSTS, costs
from mlffbench.report.dataframes.scores import QUANTITIES, aggregated, column, numeric
from mlffbench.report.results import Document, Method, Problem, problems
from mlffbench.report.statistics import rank_ranges

__all__ = ["failures", "leaderboard", "long_leaderboard", "skipped", "task_scores", "transfer"]

SHOWN = {"forces": ("force", "meV/Å"), "energy_per_atom": ("energy", "meV/atom")}
FAILURES = ["problem", "method", "seed", "kind", "message", "traceback"]
TRANSFER = ["problem", "method", "test", "frames"] + [
    name
    for word, unit in SHOWN.values()
    for name in (f"{word} RMSE ({unit})", f"{word} low ({unit})", f"{word} high ({unit})", f"{word} ratio")
]
FIRST = [
    "problem",
    "rank",
    "best rank",
    "worst rank",
    "method",
    "status",
    "seeds",
    "failed seeds",
    "ranked by",
]


def leaderboard(documents: Iterable[Document]) -> pd.DataFrame:
    """One row a problem and method: rank, errors per test group, transfer ratios, costs, failure.

    Methods are ranked by the force RMSE on the problem's reference group (the in-domain one, else the first),
    by the energy RMSE per atom where no method has forces; `rank` orders by the value, `best rank` and
    `worst rank` bound it (see `statistics.rank_ranges`). Methods without that number follow without a rank;
    methods of which every seed failed come last, with the kind and message of their failure.
    """
    documents = list(documents)
    means, moved, cost = aggregated(documents), transfer(documents), costs(documents)
    rows = [row for problem in problems(documents) for row in _ranked(problem, means)]
    frame = pd.DataFrame(rows, columns=[*FIRST, "interval", "failure kind", "failure message"])
    wide = _per_group(moved, problems(documents))
    for part in (wide, cost):
        frame = frame.merge(part, on=["problem", "method"], how="left")
    last = ["failure kind", "failure message"]
    return frame[[*(c for c in frame.columns if c not in last), *last]]


def _ranked(problem: Problem, means: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a problem's leaderboard, best first, failures last."""
    on_reference = means[
        (means["problem"] == problem.name)
        & (means["test"] == problem.reference)
        & (means["metric"] == "rmse")
    ]
    quantity = "forces" if (on_reference["quantity"] == "forces").any() else "energy_per_atom"
    ranked = on_reference[(on_reference["quantity"] == quantity) & np.isfinite(on_reference["value"])]
    ranked = ranked.sort_values("value", kind="stable").drop_duplicates("method")
    ranges = rank_ranges(ranked["low"].tolist(), ranked["high"].tolist())
    places = {
        str(method): {"rank": i + 1, "best rank": best, "worst rank": worst, "interval": interval}
        for i, (method, interval, (best, worst)) in enumerate(
            zip(ranked["method"], ranked["interval"], ranges, strict=True)
        )
    }
    by = f"{QUANTITIES[quantity]} RMSE on {problem.reference}" if places else ""
    order = sorted(problem.methods, key=lambda m: (not m.done, places.get(m.label, {}).get("rank", np.inf)))
    return [
        {"problem": problem.name, "method": m.label, "ranked by": by, **_status(m), **places.get(m.label, {})}
        for m in order
    ]


def _status(method: Method) -> dict[str, Any]:
    row = {"seeds": len(method.done), "failed seeds": len(method.failed), "status": "ok"}
    if method.done:
        return row
    kind, message, _ = _failure(method.failed[0])
    return {**row, "status": "failed", "failure kind": kind, "failure message": message}


def _failure(document: Document) -> tuple[str, str, str]:
    failure = document.get("failure") or {}
    kind = str(failure.get("kind") or "error")
    return kind, str(failure.get("message") or "no message was recorded"), str(failure.get("traceback") or "")


def _per_group(moved: pd.DataFrame, found: Iterable[Problem]) -> pd.DataFrame:
    """The transfer frame with one row a method and the group in the columns' names."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    groups = list(dict.fromkeys(t for p in found for t in p.tests))
    names: dict[str, tuple[str, str]] = {}
    for word, unit in SHOWN.values():
        names |= {
            f"{word} {end} ({unit})": (f"{word} {end}", f" ({unit})") for end in ("RMSE", "low", "high")
        }
        names[f"{word} ratio"] = (f"{word} ratio", "")
    for record in moved.to_dict("records"):
        row = rows.setdefault((record["problem"], record["method"]), {})
        row |= {f"{what} {record['test']}{unit}": record[old] for old, (what, unit) in names.items()}
    columns = [f"{what} {g}{unit}" for what, unit in names.values() for g in groups]
    records = [{"problem": p, "method": m, **row} for (p, m), row in rows.items()]
    return numeric(pd.DataFrame(records, columns=["problem", "method", *columns]))


def transfer(documents: Iterable[Document]) -> pd.DataFrame:
    """One row a problem, method and test group: RMSE with interval, and its ratio to the in-domain RMSE.

    ratio = RMSE(group) / RMSE(in-domain group), both means over seeds; NaN where no group is in domain.
    """
    documents = list(documents)
    means = aggregated(documents)
    rmse = means[means["metric"] == "rmse"]
    found = {
        key: (row.value, row.low, row.high)
        for row in rmse.itertuples()
        if (key := (row.problem, row.method, row.test, row.quantity))
    }
    rows = []
    for problem in problems(documents):
        for method in (m for m in problem.methods if m.done):
            for test, frames in problem.tests.items():
                row = {"problem": problem.name, "method": method.label, "test": test, "frames": frames}
                rows.append({**row, **_row_of_group(problem, method.label, test, found)})
    return numeric(pd.DataFrame(rows, columns=TRANSFER))


def _row_of_group(problem: Problem, method: str, test: str, found: Mapping[Any, Any]) -> dict[str, float]:
    row: dict[str, float] = {}
    for quantity, (word, unit) in SHOWN.items():
        value, low, high = found.get((problem.name, method, test, quantity), (np.nan,) * 3)
        base = found.get((problem.name, method, problem.in_domain, quantity), (np.nan,))[0]
        row |= {f"{word} RMSE ({unit})": value, f"{word} low ({unit})": low, f"{word} high ({unit})": high}
        row[f"{word} ratio"] = value / base if base > 0 and np.isfinite(base) else np.nan
    return row


def failures(documents: Iterable[Document]) -> pd.DataFrame:
    """One row a failed case, or a failed task of a case that went well: kind, message and traceback."""
    rows = [
        [problem.name, name, document["case"].get("seed"), *failure]
        for problem in problems(documents)
        for method in problem.methods
        for document in [*method.failed, *method.done]
        for name, failure in _failed_parts(method.label, document)
    ]
    return pd.DataFrame(rows, columns=FAILURES)


def _failed_parts(label: str, document: Document) -> list[tuple[str, tuple[str, str, str]]]:
    """What failed of a case, by name: the whole, or its tasks."""
    if document.get("status") != "ok":
        return [(label, _failure(document))]
    return [
        (f"{label}, {f['task']}{_part(f)}", _failure({"failure": f}))
        for f in document.get("task_failures") or []
        if f.get("kind") != "skipped"
    ]


def _part(failure: Mapping[str, Any]) -> str:
    """``: diamond C11``, of the part of a task that failed alone."""
    words = " ".join(str(failure[key]) for key in ("test", "quantity") if failure.get(key))
    return f": {words}" if words else ""


def skipped(documents: Iterable[Document]) -> pd.DataFrame:
    """One row a part of a task that there was no reason or no way to measure, from the first seed."""
    rows = [
        [problem.name, method.label, f["task"], _part(f).removeprefix(": "), str(f.get("message", ""))]
        for problem in problems(documents)
        for method in problem.methods
        for f in (method.done[0].get("task_failures") or () if method.done else ())
        if f.get("kind") == "skipped"
    ]
    return pd.DataFrame(rows, columns=["problem", "method", "task", "part", "reason"])


def task_scores(documents: Iterable[Document]) -> pd.DataFrame:
    """The aggregated scores that are not errors on a test group: what the tasks measured."""
    documents = list(documents)
    means = aggregated(documents)
    groups = {problem.name: set(problem.tests) for problem in problems(documents)}
    on_group = [
        not row["task"] and row["quantity"] in QUANTITIES and row["test"] in groups[row["problem"]]
        for row in means.to_dict("records")
    ]
    return means[~np.array(on_group, dtype=bool)].reset_index(drop=True)


def long_leaderboard(documents: Iterable[Document]) -> pd.DataFrame:
    """One row a problem, method and test group with every error metric: what the CSV file holds."""
    documents = list(documents)
    means = aggregated(documents)
    errors = means[means["quantity"].isin(list(QUANTITIES))]
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for score in errors.to_dict("records"):
        row = rows.setdefault((score["problem"], score["method"], score["test"]), {})
        name = column(score["quantity"], score["metric"], score["unit"])
        row |= {name: score["value"], f"{name} low": score["low"], f"{name} high": score["high"]}
    keys = ["problem", "method", "test"]
    wide = pd.DataFrame([{**dict(zip(keys, key, strict=True)), **row} for key, row in rows.items()])
    ratios = transfer(documents)[[*keys, "frames", "force ratio", "energy ratio"]]
    board = leaderboard(documents)
    per_method = board[[*FIRST, "interval", *COSTS[2:], "failure kind", "failure message"]]
    wide = wide if len(wide) else pd.DataFrame(columns=keys)
    return per_method.merge(ratios, on=["problem", "method"], how="left").merge(wide, on=keys, how="left")
