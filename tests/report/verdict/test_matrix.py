"""The matrix of methods and problems."""

from __future__ import annotations

import math

from example_documents import failed, leaking, outcome

from mlffbench.report.dataframes.frames import Frames
from mlffbench.report.results import Results
from mlffbench.report.verdict.matrix import matrix


def on(dataset, document):
    return {**document, "case": {**document["case"], "dataset": {"name": dataset, "params": {}}}}


def made(*documents):
    results = Results.from_documents(documents)
    return matrix(results, Frames.from_results(results))


def rows(table):
    return {row.method: row for row in table.rows}


def test_errors_ranks_and_log_shades():
    table = made(outcome("a", 0.01), outcome("b", 0.1), outcome("c", 1.0))
    (column,) = table.columns
    assert (column.test, column.quantity, column.unit) == ("test_300K", "forces", "meV/Å")
    cells = {name: row.cells[0] for name, row in rows(table).items()}
    assert [cells[m].value for m in "abc"] == [10.0, 100.0, 1000.0]
    assert [cells[m].best_rank for m in "abc"] == [1, 2, 3]
    assert [round(cells[m].shade, 6) for m in "abc"] == [0.0, 0.5, 1.0], "ln 10 of ln 100"
    assert {cell.state for cell in cells.values()} == {"measured"}


def test_methods_with_all_ranks_come_first_and_no_gap_is_a_last_rank():
    table = made(
        on("one", outcome("a", 0.01)), on("two", outcome("a", 0.05)),
        on("one", outcome("b", 0.10)), on("two", outcome("b", 0.03)),
        on("one", outcome("part", 0.001)), on("two", failed("part")),
        on("one", outcome("once", 0.5)),
    )  # fmt: skip
    assert [row.method for row in table.rows] == ["a", "b", "part", "once"]
    own = rows(table)
    assert (own["a"].mean_rank, own["a"].n_ranked) == (2.0, 2)
    assert (own["part"].mean_rank, own["part"].n_ranked) == (1.0, 1)
    assert (own["part"].cells[1].state, own["part"].cells[1].text) == ("failed", "out of memory")
    assert (own["once"].cells[1].state, own["once"].cells[1].text) == ("absent", "–")
    assert math.isnan(own["once"].cells[1].value)
    assert "is no last rank" in table.rule


def test_a_method_without_a_group_has_an_error_and_no_rank():
    lazy = outcome("lazy", 0.001)
    lazy["scores"] = [s for s in lazy["scores"] if s["test"] != "test_1200K"]
    cell = rows(made(lazy, outcome("other", 0.05)))["lazy"].cells[0]
    assert (cell.state, cell.text, cell.best_rank, cell.value) == (
        "unranked",
        "without test_1200K",
        None,
        1.0,
    )


def test_errors_that_copies_flatter_are_marked():
    table = made(leaking(outcome("a"), test_300K=3), leaking(outcome("b", 0.1), test_300K=3))
    assert all(row.cells[0].marks == ("‡",) for row in table.rows)


def test_equal_and_perfect_errors_have_a_shade():
    assert [row.cells[0].shade for row in made(outcome("a"), outcome("b")).rows] == [0.0, 0.0]
    assert [row.cells[0].shade for row in made(outcome("a", 0.0), outcome("b")).rows] == [0.0, 0.0]
