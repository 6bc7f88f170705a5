"""The leaderboard of one problem."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from mlffbench.harness.documents.parts import TRAIN, VALIDATION
from mlffbench.report import wording
from mlffbench.report.budgets import unequal
from mlffbench.report.conditions import timed_apart
from mlffbench.report.dataframes.frames import Frames
from mlffbench.report.dataframes.scores import SHOWN
from mlffbench.report.origins import notes_of_origin
from mlffbench.report.problems import Problem
from mlffbench.report.tables.table import (
    EMPTY,
    Cell,
    Column,
    Row,
    Table,
    has_numbers,
    interval_cell,
    marked,
    measured_column,
    number_cell,
    records,
)
from mlffbench.report.verdict.board import Board
from mlffbench.report.verdict.merit import Merit, worst_group

__all__ = ["leaderboard_tables", "with_places"]

TIMES = {"fit_time": measured_column("fit", "s", "cost", "fit_time")}
PREDICTION = {"prediction_time": measured_column("predict", "µs/atom", "cost", "prediction_time")}
TUNING = {"tuning_time": measured_column("of it tuning", "s", "cost", "tuning_time")}
IN_TRAINING = {
    TRAIN: "The same error on frames of the fit.",
    VALIDATION: "The same on frames that it held out.",
}
IGNORED = "Labels that the training frames have and the fit did not use."
SEARCHED = (
    "Their hyperparameters were searched inside the training part; the fit time holds the search. They are "
    "ranked among themselves, not with methods as they are by default."
)
NamedColumn = tuple[Column, Callable[[dict[str, Any]], Cell]]  # and the cell of a row of the leaderboard
NOT_MEASURED = dict.fromkeys(("value", "low", "high"), np.nan)


def leaderboard_tables(problem: Problem, frames: Frames) -> list[Table]:
    """Leaderboard of the methods as they are by default, and that of the tuned ones."""
    tables = []
    for tuned, id, title in ((False, "leaderboard", "Leaderboard"), (True, "tuned", "Leaderboard, tuned")):
        labels = [method.label for method in problem.methods if method.is_tuned is tuned]
        if labels:
            table = _table(problem, frames.of_methods(labels), tuned)
            tables.append(replace(table, id=id, title=title))
    return tables


def _table(problem: Problem, frames: Frames, tuned: bool) -> Table:
    """Rank, errors on the reference group, in training and on the worst group, and costs of some methods."""
    errors, has_worst = _error_columns(problem, frames)
    times = {**TIMES, **(TUNING if tuned else {}), **PREDICTION}
    named: list[NamedColumn] = [
        (
            measured_column("rank", "", "ranks", "rank"),
            lambda m: Cell(wording.rank_text(m["best rank"], m["worst rank"]), m["rank"]),
        ),
        (Column("method"), lambda m: Cell(_name(problem, m))),
        *errors,
        *((column, partial(_time_cell, problem, cost)) for cost, column in times.items()),
        *_ignored_column(problem, frames.leaderboard["method"]),
    ]
    board = _with_costs(frames)
    board["unequal budget"] = board["method"].isin(unequal(problem))
    rows = [Row([cell(m) for _, cell in named], _failure(m), str(m["method"])) for m in records(board)]
    sentences = [_caption(problem, frames.leaderboard, has_worst), *_precisions(frames.costs)]
    caption = " ".join([*sentences, SEARCHED] if tuned else sentences)
    return Table("leaderboard", "Leaderboard", [column for column, _ in named], rows, caption, words=2)


def _error_columns(problem: Problem, frames: Frames) -> tuple[list[NamedColumn], bool]:
    """Columns of errors on the reference group, each beside those in training; True with the worst group."""
    on_reference = {quantity: _on_reference(problem, frames.errors, quantity) for quantity in SHOWN}
    errors = {quantity: group for quantity, group in on_reference.items() if has_numbers(group, "value")}
    columns: list[NamedColumn] = []
    for quantity, group in errors.items():
        name, unit = SHOWN[quantity]
        initial = name[0].upper()
        column = measured_column(f"{initial} RMSE", unit, "", quantity, "rmse")
        columns.append((column, partial(_error_cell, problem, group)))
        for part, values in _in_training(frames.training, quantity).items():
            column = Column(f"{initial} {part}", unit, tip=IN_TRAINING[part])
            columns.append((column, partial(_part_cell, values)))
    board = Board(problem, frames)
    worst = {m: test for m in frames.leaderboard["method"] if (test := worst_group(board, m)) is not None}
    if worst:
        name, unit = SHOWN[board.quantity]
        column = measured_column(f"{name[0].upper()} worst group", unit, "ranks", "worst_error")
        columns.append((column, partial(_worst_cell, board, worst)))
    return columns, bool(worst)


def _on_reference(problem: Problem, errors: pd.DataFrame, quantity: str) -> pd.DataFrame:
    """Errors of one quantity on the reference group, by method."""
    rows = (errors["test"] == problem.reference) & (errors["quantity"] == quantity)
    return errors[rows].set_index("method")


def _in_training(training: pd.DataFrame, quantity: str) -> dict[str, pd.DataFrame]:
    """Errors of one quantity by method, for each part of the training frames that has any."""
    own = training[training["quantity"] == quantity]
    parts = {part: own[own["part"] == part].set_index("method") for part in (TRAIN, VALIDATION)}
    return {part: values for part, values in parts.items() if len(values)}


def _ignored_column(problem: Problem, labels: pd.Series) -> list[NamedColumn]:
    """Column of the labels that a method was given and did not use; none where no document says."""
    methods = [method for method in problem.methods if method.label in set(labels)]
    words = {m.label: ", ".join(m.ignored) or "none" for m in methods if m.ignored is not None}
    return (
        [(Column("ignored", tip=IGNORED), lambda m: Cell(words.get(m["method"], wording.MISSING)))]
        if words
        else []
    )


def _with_costs(frames: Frames) -> pd.DataFrame:
    return frames.leaderboard.merge(frames.costs, on=["problem", "method"], how="left")


def with_places(table: Table, name: str, order: Sequence[Merit]) -> Table:
    """The leaderboard in another order of merit, with the place of each method in it and its number.

    Methods without a place keep their order and stand below; where no method has one, the table says so.
    """
    places = {merit.method: k for k, merit in enumerate(order)}
    own = [row for row in table.rows if row.method in places]
    if not own:
        return replace(table, caption=f"No method here has a number to order by {name}. {table.caption}")
    cells = {merit.method: Cell(_place_text(merit), merit.place or np.nan) for merit in order}
    rows = sorted(table.rows, key=lambda row: places.get(row.method, len(places)))
    columns = [*table.columns[: table.words], Column(name), *table.columns[table.words :]]
    rows = [
        row._replace(
            cells=[*row.cells[: table.words], cells.get(row.method, EMPTY), *row.cells[table.words :]]
        )
        for row in rows
    ]
    caption = f"In the order of {name}, place and number; rank: by the error. {table.caption}"
    return replace(table, columns=columns, rows=rows, caption=caption)


def _place_text(merit: Merit) -> str:
    return merit.text if merit.place is None else f"{merit.place}: {merit.text}"


# ---------------------------------------------------------------- cells
def _error_cell(problem: Problem, errors: pd.DataFrame, method: dict[str, Any]) -> Cell:
    """Error on the reference group with its interval."""
    label = method["method"]
    error = errors.loc[label] if label in errors.index else NOT_MEASURED
    cell = interval_cell(*(float(error[key]) for key in NOT_MEASURED))
    return marked(cell, problem.reference in problem.leaks)


def _worst_cell(board: Board, worst: Mapping[str, str], method: dict[str, Any]) -> Cell:
    """Largest error on a named test group, with the group's name."""
    label = method["method"]
    if (test := worst.get(label)) is None:
        return EMPTY
    numbers = board.interval(label, test)
    mark = wording.LEAKY if test in board.problem.leaks else ""
    return Cell(f"{wording.with_interval(*numbers)}{mark} on {test}", numbers[0])


def _part_cell(errors: pd.DataFrame, method: dict[str, Any]) -> Cell:
    """Error on a part of the training frames with its interval."""
    label = method["method"]
    if label not in errors.index:
        return EMPTY
    return interval_cell(*(float(errors.loc[label][key]) for key in NOT_MEASURED))


def _time_cell(problem: Problem, cost: str, method: dict[str, Any]) -> Cell:
    apart = method["method"] in timed_apart(problem)
    return marked(number_cell(wording.plain, method[cost]), apart, wording.APART)


def _failure(method: dict[str, Any]) -> tuple[str, str] | None:
    return (method["failure kind"], method["failure message"]) if method["status"] == "failed" else None


def _name(problem: Problem, method: dict[str, Any]) -> str:
    """The method's name, with failed seeds, other seeds than those of other methods and groups left out."""
    label, n_failed = str(method["method"]), method["failed seeds"]
    if method["status"] != "ok":
        return label
    notes = [note for m in problem.methods if m.label == label for note in notes_of_origin(m)]
    notes += [f"{n_failed} seed(s) failed"] if n_failed else []
    if len({len(other.seeds) for other in problem.methods}) > 1:
        notes.append(f"{method['seeds'] + n_failed} seed(s)")
    notes += ["other budget"] if method["unequal budget"] else []
    if gaps := problem.gaps.get(label):
        notes.append(f"without {', '.join(gaps)}")
    return f"{label} ({', '.join(notes)})" if notes else label


def _caption(problem: Problem, board: pd.DataFrame, has_worst: bool) -> str:
    ranked_by = str(board["ranked by"].iloc[0])
    if not board["rank"].notna().any():
        return "No method has an error to be ranked by."
    which = "in-domain" if problem.in_domain else "first"
    sentences = [
        f"Ranked by {ranked_by}, the {which} group. F: forces, E: energy per atom, both on this group."
    ]
    methods = board.groupby("interval", sort=False)["method"].agg(", ".join).to_dict()
    sources = [str(source) for source in methods if source != "none"]
    if len(sources) == 1:
        sentences.append(f"± is a 95 % interval over {sources[0]}.")
    elif sources:
        each = "; ".join(f"{source} for {methods[source]}" for source in sources)
        sentences.append(f"± is a 95 % interval, over {each}.")
    if has_worst:
        sentences.append("Worst group: the named test group with the method's largest error.")
    sentences.append("Times are of one run a seed: no interval.")
    return " ".join(sentences)


def _precisions(costs: pd.DataFrame) -> list[str]:
    """``Computed in float32: a, b; all others in float64.``, if the precision is not the same for all."""
    methods = costs[costs["dtype"] != ""].groupby("dtype", sort=False)["method"].agg(list)
    if len(methods) < 2:
        return []
    rarest_first = sorted(methods.items(), key=lambda item: len(item[1]))
    others = [f"in {dtype}: {', '.join(own)}" for dtype, own in rarest_first[:-1]]
    return [f"Computed {'; '.join(others)}; all others in {rarest_first[-1][0]}."]
