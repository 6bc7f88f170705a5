"""Data frames as tables of text: the one source of what the terminal, markdown and HTML reports show."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pandas as pd

from mlffbench.report import facts, tables, words
from mlffbench.report.costs import costs
from mlffbench.report.errors import number
from mlffbench.report.grouping import Document, Problem, in_reading_order, problems
from mlffbench.report.profiles import profile_errors
from mlffbench.report.tables import SHOWN

ENDS = ("RMSE", "low", "high")

__all__ = ["Cell", "Row", "Section", "Table", "sections"]


class Cell(NamedTuple):
    """A text and the number it is sorted by (NaN: last)."""

    text: str
    order: float = float("nan")


class Row(NamedTuple):
    """Cells; a failed method's numbers give way to its failure's kind and message."""

    cells: list[Cell]
    failure: tuple[str, str] | None = None


@dataclass(frozen=True)
class Table:
    """A title, columns as (name, unit), rows and a caption; the first `words` columns hold words, the others numbers."""

    title: str
    columns: list[tuple[str, str]]
    rows: list[Row]
    caption: str = ""
    words: int = 1


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
        "leaderboard": tables.leaderboard(documents),
        "transfer": tables.transfer(documents),
        "costs": costs(documents),
        "tasks": tables.task_scores(documents),
        "profiles": profile_errors(documents),
        "failures": tables.failures(documents),
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
        _profiles(by_rank["profiles"]),
        _costs(by_rank["costs"]),
        *_tasks(by_rank["tasks"]),
    ]
    failed = _records(frames["failures"])
    return Section(problem, facts.of_problem(problem), [t for t in found if t.rows], failed)


def _leaderboard(problem: Problem, board: pd.DataFrame) -> Table:
    group = problem.reference
    shown = [(word, unit) for word, unit in SHOWN.values() if _known(board, f"{word} RMSE {group} ({unit})")]
    ratios = [f"{shown[0][0]} ratio {test}" for test in problem.tests] if shown else []
    worst = board[ratios].max(axis=1) if problem.in_domain and len(ratios) > 1 else None
    columns = [("rank", ""), ("method", ""), *((f"{word[0].upper()} RMSE", unit) for word, unit in shown)]
    columns += [(f"{shown[0][0][0].upper()} ratio", "worst")] if worst is not None else []
    columns += [("fit", "s"), ("predict", "µs/atom")]
    rows = []
    for i, row in zip(board.index, _records(board), strict=True):
        cells = [Cell(words.rank_text(row["best rank"], row["worst rank"]), row["rank"]), Cell(_named(row))]
        cells += [_interval(*(row[f"{w} {end} {group} ({u})"] for end in ENDS)) for w, u in shown]
        cells += [_cell(words.ratio, worst[i])] if worst is not None else []
        cells += [_cell(words.plain, row[name]) for name in ("fit time (s)", "prediction time (µs/atom)")]
        failed = row["status"] == "failed"
        rows.append(Row(cells, (row["failure kind"], row["failure message"]) if failed else None))
    caption = _leaderboard_caption(problem, board, worst is not None)
    return Table("Leaderboard", columns, rows, caption, words=2)


def _named(row: dict[str, Any]) -> str:
    """The method's name; with the number of seeds where some of them failed."""
    partly = row["status"] == "ok" and row["failed seeds"]
    return f"{row['method']} ({row['failed seeds']} seed(s) failed)" if partly else str(row["method"])


def _leaderboard_caption(problem: Problem, board: pd.DataFrame, has_ratio: bool) -> str:
    by = str(board["ranked by"].iloc[0])
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
    if not _known(moved, value) or len(problem.tests) < 2:
        return Table(title, columns, [])
    rows = []
    for method, group in moved.groupby("method", sort=False):
        by_test = {r["test"]: r for r in _records(group)}
        texts = [
            (words.plain(r[value]), words.ratio(r[share]), r) for t in problem.tests if (r := by_test[t])
        ]
        cells = [Cell(text if r["test"] == problem.in_domain or times == words.MISSING else f"{text} ({times})", r[value])
                 for text, times, r in texts]  # fmt: skip
        rows.append(Row([Cell(str(method)), *cells]))
    against = f"In brackets: times the error in domain ({problem.in_domain})." if problem.in_domain else ""
    return Table(title, columns, rows, against)


def _profiles(frame: pd.DataFrame) -> Table:
    columns = [
        ("method", ""),
        ("profile", ""),
        ("top", "meV"),
        ("top, reference", "meV"),
        ("error", "meV"),
        ("RMSE", "meV"),
    ]
    names = [
        "highest point (meV)",
        "reference highest point (meV)",
        "highest point error (meV)",
        "profile RMSE (meV)",
    ]
    rows = [
        Row([Cell(r["method"]), Cell(r["profile"]), *(_cell(words.plain, r[n]) for n in names)])
        for r in _records(frame)
    ]
    caption = (
        "Energies along the path, relative to the point where the reference is lowest; the top is the barrier, if "
        "the path has one. First seed of each method."
    )
    return Table("Energy profiles", columns, rows, caption, words=2)


def _costs(frame: pd.DataFrame) -> Table:
    numbers = {"fit time (s)": ("fit", "s"), "prepare time (µs/atom)": ("prepare", "µs/atom"),
               "evaluate time (µs/atom)": ("evaluate", "µs/atom"), "peak memory (MB)": ("memory", "MB"),
               "peak GPU memory (MB)": ("GPU memory", "MB")}  # fmt: skip
    shown = {k: v for k, v in numbers.items() if _known(frame, k)}
    columns = [("method", ""), ("device", ""), ("dtype", ""), *shown.values()]
    rows = [
        Row(
            [
                Cell(r["method"]),
                Cell(r["device"]),
                Cell(r["dtype"]),
                *(_cell(words.plain, r[k]) for k in shown),
            ]
        )
        for r in _records(frame)
    ]
    caption = "Prediction over all test groups, energies and forces; peak memory of the whole process."
    return Table("Cost", columns, rows, caption, words=3)


def _tasks(frame: pd.DataFrame) -> list[Table]:
    """A table for each quantity and metric that tasks measured: rows are methods, columns what was done."""
    found = []
    for (quantity, metric, unit), scores in frame.groupby(["quantity", "metric", "unit"], sort=False):
        tests = in_reading_order(dict.fromkeys(scores["test"]), None)
        rows = []
        for method, own in scores.groupby("method", sort=False):
            by_test = {r["test"]: _interval(r["value"], r["low"], r["high"]) for r in _records(own)}
            rows.append(Row([Cell(str(method)), *(by_test.get(t, Cell(words.MISSING)) for t in tests)]))
        columns = [("method", ""), *((test, unit) for test in tests)]
        title = f"Task: {quantity}, {metric}".replace("_", " ")
        found.append(Table(title, columns, rows, "Lower is better."))
    return found


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in record.items()} for record in frame.to_dict("records")]


def _known(frame: pd.DataFrame, column: str) -> bool:
    return column in frame and bool(frame[column].notna().any())


def _cell(text: Callable[[float], str], value: Any) -> Cell:
    return Cell(text(number(value)), number(value))


def _interval(value: float, low: float, high: float) -> Cell:
    return Cell(words.with_interval(value, low, high), value)
