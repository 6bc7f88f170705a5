"""Sections: the tables of a problem, found by id."""

from __future__ import annotations

import re
from dataclasses import replace

from example_documents import failed, measured, outcome, timed, trained, without
from example_over_problems import on_problems

from mlffbench.report.quantities.catalogue import known_quantity
from mlffbench.report.results import Results
from mlffbench.report.tables.over_problems import over_problems_tables
from mlffbench.report.tables.sections import sections
from mlffbench.report.verdict.over_problems import over_problems


def test_every_table_has_an_id_of_its_own():
    (section,) = sections(Results.from_documents([outcome("a"), measured("soft", 140.0), failed("gap")]))
    assert [table.id for table in section.tables] == [
        "leaderboard",
        "merit",
        "transfer/forces",
        "transfer/energy_per_atom",
        "profiles",
        "cost",
        "tasks/summary",
        "tasks//speed 8 copies",
        "tasks/properties/diamond",
        "tasks/physics/Si8",
        "skipped",
    ]
    assert list(section.blocks) == [
        "leaderboard",
        "merit",
        "transfer",
        "profiles",
        "cost",
        "tasks",
        "models",
        "skipped",
    ]


def test_a_block_without_rows_is_empty():
    (section,) = sections(Results.from_documents([failed("gap")]))
    assert {id: len(tables) for id, tables in section.blocks.items() if tables} == {"leaderboard": 1}


def test_frames_of_a_section_are_those_of_its_problem():
    other = outcome("b")
    other["case"]["dataset"] = {"name": "silicon", "params": {}}
    first, second = sections(Results.from_documents([outcome("a"), other]))
    assert set(first.frames.errors["method"]) == {"a"}
    assert set(second.frames.costs["method"]) == {"b"}


def test_the_cell_of_a_group_that_failed_says_so_and_hides_the_worst_group(documents):
    without(documents, "best", "test_1200K")
    (section,) = sections(Results.from_documents(documents))
    texts = {r.cells[0].text: [c.text for c in r.cells] for r in section.blocks["transfer"][0].rows}
    assert texts["best"][2] == "cannot: unsupported input"
    assert "cannot" not in texts["close"][2]
    board = section.blocks["leaderboard"][0]
    worst = [c.name for c in board.columns].index("F worst group")
    groups = {r.cells[1].text: r.cells[worst].text for r in board.rows}
    assert groups["best (without test_1200K)"] == "–"
    assert groups["close"] == "63.0 ±6.3 on test_1200K"


def ordered(rank_by):
    """Leaderboard and merit table in an order: the slower method has the smaller error."""
    slow, quick = outcome("slow", 0.01), outcome("quick", 0.015)
    slow["timings"]["predict"]["test_300K"]["evaluate_seconds"] = 0.9
    documents = [slow, quick, failed("gap"), outcome("far", 0.5)]
    results = replace(Results.from_documents(documents), rank_by=rank_by)
    (section,) = sections(results)
    (board,) = section.blocks["leaderboard"]
    return board, section


def test_rows_in_another_order_of_merit_keep_their_ranks():
    board, section = ordered("cost at equal error")
    place = [c.name for c in board.columns].index("cost at equal error")
    rows = [(r.cells[1].text, r.cells[0].text, r.cells[place].text) for r in board.rows if r.failure is None]
    assert rows == [
        ("quick", "2", "1: 100"),
        ("slow", "1", "2: 1060"),
        ("far", "3", "more than twice the least error"),
    ]
    assert board.rows[-1].failure is not None
    assert board.caption.startswith("In the order of cost at equal error, place and number; rank: by the")
    (cost,) = section.blocks["cost"][:1]
    assert [row.cells[0].text for row in cost.rows] == ["quick", "slow", "far"]
    default, _ = ordered("")
    assert [row.cells[1].text for row in default.rows] == ["slow", "quick", "far", "gap"]
    assert "cost at equal error" not in [c.name for c in default.columns]


def test_an_order_in_which_nobody_has_a_number_says_so():
    board, _ = ordered("tasks passed")
    assert [row.cells[1].text for row in board.rows] == ["slow", "quick", "far", "gap"]
    assert board.caption.startswith("No method here has a number to order by tasks passed.")


def test_heads_of_columns_are_explained_by_the_registry():
    board, section = ordered("")
    tips = {c.name: c.tip for c in board.columns}
    assert tips["F RMSE"] == known_quantity("", "forces", "rmse").sentence
    assert tips["predict"] == known_quantity("cost", "prediction_time").sentence
    assert all(tips[name] for name in tips if name != "method")
    bare = [(t.id, c.name) for t in section.tables for c in t.columns[1:] if not (c.tip or c.method)]
    assert [names for names in bare if names[0] in ("merit", "cost", "transfer/forces")] == [
        ("cost", "device"), ("cost", "dtype"),
    ]  # fmt: skip


def bare_numbers(table):
    """Numbers of a table without an interval, a count of trials or a word."""
    cells = [cell for row in table.rows if row.failure is None for cell in row.cells]
    numbers = [cell.text for cell in cells if cell.order is not None and cell.order == cell.order]
    return [text for text in numbers if not re.search(r"±|\[| of |[a-z]{4}", text)]


def test_every_number_has_an_interval_or_its_table_says_why_not():
    documents = [trained(outcome("a"), 0.01, 0.02), measured("soft", 140.0), timed("b", 3.0), timed("c", 5.0)]
    (section,) = sections(Results.from_documents(documents))
    many = on_problems({"a": [0.01] * 6, "b": [0.02] * 6})
    across = over_problems_tables(over_problems(Results.from_documents(many)))
    with_bare = [table for table in [*section.tables, *across] if bare_numbers(table)]
    assert {table.id for table in with_bare} >= {"leaderboard", "merit", "cost", "tasks/speed/summary"}
    assert [table.id for table in with_bare if "interval" not in table.caption] == []
