"""Data frames as tables of text: the one source of what the terminal, markdown and HTML reports show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from mlffbench.report import wording
from mlffbench.report.dataframes import leaderboard, provenance
from mlffbench.report.dataframes.costs import costs
from mlffbench.report.dataframes.leaderboard import SHOWN
from mlffbench.report.dataframes.profiles import profile_errors
from mlffbench.report.results import Document, Problem, problems
from mlffbench.report.tables.profiles_and_costs import cost_table, profile_table
from mlffbench.report.tables.table import Cell, Row, Table, cell, interval, known, records
from mlffbench.report.tables.tasks import skipped_table, task_tables

__all__ = ["Section", "sections"]

ENDS = ("RMSE", "low", "high")


@dataclass(frozen=True)
class Section:
    """All that is reported of one problem."""

    problem: Problem
    facts: list[tuple[str, str]]
    tables: list[Table]
    failures: list[dict[str, Any]] = field(default_factory=list)


def sections(documents: Iterable[Document]) -> list[Section]:
    """One section a problem, tables without rows left out."""
    documents = list(documents)
    frames = {
        "leaderboard": leaderboard.leaderboard(documents),
        "transfer": leaderboard.transfer(documents),
        "costs": costs(documents),
        "tasks": leaderboard.task_scores(documents),
        "profiles": profile_errors(documents),
        "failures": leaderboard.failures(documents),
        "skipped": leaderboard.skipped(documents),
    }
    return [
        _section(p, {k: f[f["problem"] == p.name] for k, f in frames.items()}) for p in problems(documents)
    ]


def _section(problem: Problem, frames: dict[str, pd.DataFrame]) -> Section:
    board = frames["leaderboard"]
    order = {method: i for i, method in enumerate(board["method"])}
    by_rank = {
        k: f.sort_values("method", key=lambda m: m.map(order), kind="stable") for k, f in frames.items()
    }
    found = [
        _leaderboard(problem, board),
        *(_transfer(problem, by_rank["transfer"], word, unit) for word, unit in SHOWN.values()),
        profile_table(by_rank["profiles"]),
        cost_table(by_rank["costs"]),
        *task_tables(by_rank["tasks"]),
        skipped_table(by_rank["skipped"], len(order)),
    ]
    failed = records(frames["failures"])
    return Section(problem, provenance.of_problem(problem), [t for t in found if t.rows], failed)


def _leaderboard(problem: Problem, board: pd.DataFrame) -> Table:
    group = problem.reference
    shown = [(word, unit) for word, unit in SHOWN.values() if known(board, f"{word} RMSE {group} ({unit})")]
    ratios = [f"{shown[0][0]} ratio {test}" for test in problem.tests] if shown else []
    worst = board[ratios].max(axis=1) if problem.in_domain and len(ratios) > 1 else None
    columns = [("rank", ""), ("method", ""), *((f"{word[0].upper()} RMSE", unit) for word, unit in shown)]
    columns += [(f"{shown[0][0][0].upper()} ratio", "worst")] if worst is not None else []
    columns += [("fit", "s"), ("predict", "µs/atom")]
    rows = []
    for i, row in zip(board.index, records(board), strict=True):
        cells = [Cell(wording.rank_text(row["best rank"], row["worst rank"]), row["rank"]), Cell(_named(row))]
        errors = [interval(*(row[f"{w} {end} {group} ({u})"] for end in ENDS)) for w, u in shown]
        cells += [_marked(error, problem, group) for error in errors]
        cells += [cell(wording.ratio, worst[i])] if worst is not None else []
        cells += [cell(wording.plain, row[name]) for name in ("fit time (s)", "prediction time (µs/atom)")]
        failed = row["status"] == "failed"
        rows.append(Row(cells, (row["failure kind"], row["failure message"]) if failed else None))
    caption = _leaderboard_caption(problem, board, worst is not None)
    return Table("Leaderboard", columns, rows, caption, words=2)


def _marked(error: Cell, problem: Problem, test: str | None) -> Cell:
    """The cell, with a mark where the test group leaks."""
    leaks = test in problem.leaks and error.text != wording.MISSING
    return Cell(error.text + wording.LEAKY, error.order) if leaks else error


def _named(row: dict[str, Any]) -> str:
    """The method's name; with the number of seeds where some of them failed."""
    partly = row["status"] == "ok" and row["failed seeds"]
    return f"{row['method']} ({row['failed seeds']} seed(s) failed)" if partly else str(row["method"])


def _leaderboard_caption(problem: Problem, board: pd.DataFrame, has_ratio: bool) -> str:
    by = str(board["ranked by"].iloc[0])
    if not by:
        return "No method has an error to be ranked by."
    which = "in-domain" if problem.in_domain else "first"
    sentences = [f"Ranked by {by}, the {which} group. F: forces, E: energy per atom, both on this group."]
    taken = board.groupby("interval", sort=False)["method"].agg(", ".join).to_dict()
    over = [str(name) for name in taken if name != "none"]
    if len(over) == 1:
        sentences.append(f"± is a 95 % interval over {over[0]}.")
    elif over:
        each = "; ".join(f"{name} for {taken[name]}" for name in over)
        sentences.append(f"± is a 95 % interval, over {each}.")
    if has_ratio:
        sentences.append("Ratio: the worst group's error over the in-domain error.")
    return " ".join(sentences)


def _transfer(problem: Problem, moved: pd.DataFrame, word: str, unit: str) -> Table:
    """Rows are methods, columns are test groups: RMSE, and its ratio to the in-domain RMSE."""
    value, share = f"{word} RMSE ({unit})", f"{word} ratio"
    columns = [("method", ""), *((test, unit) for test in problem.tests)]
    title = f"{word.capitalize()} RMSE by test group"
    if not known(moved, value) or len(problem.tests) < 2:
        return Table(title, columns, [])
    rows = []
    for method, group in moved.groupby("method", sort=False):
        by_test = {r["test"]: r for r in records(group)}
        cells = [
            _marked(_moved(by_test[t][value], by_test[t][share], t == problem.in_domain), problem, t)
            for t in problem.tests
        ]
        rows.append(Row([Cell(str(method)), *cells]))
    against = f"In brackets: times the error in domain ({problem.in_domain})." if problem.in_domain else ""
    return Table(title, columns, rows, against)


def _moved(value: float, share: float, in_domain: bool) -> Cell:
    """The error and, outside the domain, how many times the error in domain it is."""
    times = "" if in_domain or not np.isfinite(share) else f" ({wording.ratio(share)})"
    return Cell(wording.plain(value) + times, value)
