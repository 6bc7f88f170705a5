"""Sections: the tables of a problem, found by id."""

from __future__ import annotations

import re

from example_documents import failed, measured, outcome, timed, trained, without
from example_over_problems import on_problems

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
