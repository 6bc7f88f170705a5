"""The matrix of methods and problems."""

from __future__ import annotations

import math

import pytest
from example_documents import failed, leaking, outcome
from example_over_problems import on

from mlffbench.report.dataframes.frames import Frames
from mlffbench.report.results import Results
from mlffbench.report.tables.overview import matrix_table
from mlffbench.report.verdict.matrix import matrix
from mlffbench.report.verdict.over_problems import over_problems


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
    assert (own["a"].mean_rank, own["a"].n_ranked) == (1.5, 2), "first and second of a and b"
    assert math.isnan(own["part"].mean_rank)
    assert own["part"].n_ranked == 1
    assert (own["part"].cells[1].state, own["part"].cells[1].text) == ("failed", "out of memory")
    assert (own["once"].cells[1].state, own["once"].cells[1].text) == ("absent", "–")
    assert math.isnan(own["once"].cells[1].value)
    texts = {row.method: row.cells[1].text for row in matrix_table(table).rows}
    assert texts == {"a": "1.50", "b": "1.50", "part": "–", "once": "–"}


def test_methods_without_a_mean_rank_stand_by_their_numbers_of_ranks():
    table = made(
        *(on(name, outcome("all", 0.9)) for name in ("one", "two", "three")),
        on("one", outcome("single", 0.001)),
        on("two", outcome("pair", 0.5)), on("three", outcome("pair", 0.5)),
    )  # fmt: skip
    assert [(row.method, row.n_ranked) for row in table.rows] == [("all", 3), ("pair", 2), ("single", 1)]


def test_mean_ranks_are_those_across_problems():
    """Ranks 1, 2, 2 of a on three sizes of silicon, 1 on copper: (5/3 + 1)/2; and a part is nobody's rank."""
    sizes = {10: (0.1, 0.2, 0.3), 30: (0.2, 0.1, 0.3), 100: (0.2, 0.1, 0.3)}
    documents = [
        on("silicon", outcome(label, error), split=size)
        for size, errors in sizes.items()
        for label, error in zip("abc", errors, strict=True)
    ]
    on_copper = {"a": 0.1, "b": 0.2, "c": 0.3, "part": 0.01}
    documents += [on("copper", outcome(label, error)) for label, error in on_copper.items()]
    results = Results.from_documents(documents)
    table = matrix(results, Frames.from_results(results))
    means = {row.method: row.mean_rank for row in table.rows if not math.isnan(row.mean_rank)}
    assert means == pytest.approx({"a": 4 / 3, "b": 5 / 3, "c": 3.0})
    ranking = over_problems(results).ranking
    assert means == dict(zip(ranking.methods, ranking.mean_ranks, strict=True))


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
