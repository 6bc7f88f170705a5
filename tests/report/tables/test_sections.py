"""Sections: the tables of a problem, found by id."""

from __future__ import annotations

from example_documents import failed, measured, outcome

from mlffbench.report.results import Results
from mlffbench.report.tables.sections import sections


def test_every_table_has_an_id_of_its_own():
    (section,) = sections(Results.from_documents([outcome("a"), measured("soft", 140.0), failed("gap")]))
    assert [table.id for table in section.tables] == [
        "leaderboard",
        "transfer/forces",
        "transfer/energy_per_atom",
        "profiles",
        "cost",
        "tasks//speed 8 copies",
        "tasks/properties/diamond",
        "tasks/physics/Si8",
        "skipped",
    ]
    assert list(section.blocks) == ["leaderboard", "transfer", "profiles", "cost", "tasks", "skipped"]


def test_a_block_without_rows_is_empty():
    (section,) = sections(Results.from_documents([failed("gap")]))
    assert {id: len(tables) for id, tables in section.blocks.items() if tables} == {"leaderboard": 1}


def test_frames_of_a_section_are_those_of_its_problem():
    other = outcome("b")
    other["case"]["dataset"] = {"name": "silicon", "params": {}}
    first, second = sections(Results.from_documents([outcome("a"), other]))
    assert set(first.frames.errors["method"]) == {"a"}
    assert set(second.frames.costs["method"]) == {"b"}
