"""What tasks measured, in tables and figures."""

from __future__ import annotations

import json
import re

import pytest
from example_documents import outcome, predictions, score
from rich.console import Console

from mlffbench.report.dataframes import leaderboard
from mlffbench.report.formats import html, markdown, terminal
from mlffbench.report.tables.sections import sections


def measured(label, c11, seed=0, **changes):
    """A document of a method whose silicon has this C11 and whose surface was not known."""
    value = {**score("diamond", abs(c11 - 150.0), "C11", "GPa", None, "error"), "task": "properties"}
    jump = {**score("Si8", 0.1, "smoothness", "eV/atom", None, "energy_jump"), "task": "physics"}
    curve = {
        "name": "phonon density of states, diamond", "x_label": "frequency (THz)", "y_label": "states",
        "x": [0, 1], "y": [0.0, c11], "reference_x": None, "reference_y": [0, 150], "task": "properties",
    }  # fmt: skip
    missing = {
        "task": "properties", "test": "diamond", "quantity": "surface_energy_111", "kind": "skipped",
        "message": "no reference value", "traceback": "",
    }  # fmt: skip
    return outcome(
        label, seed=seed,
        scores=[score("test_300K", 0.02), {**value, "predicted": c11, "reference": 150.0}, jump],
        curves=[curve], task_failures=[missing], **changes,
    )  # fmt: skip


@pytest.fixture
def documents():
    return [measured("soft", 140.0), measured("soft", 144.0, seed=1), measured("stiff", 165.0)]


def table(documents, title):
    return next(t for s in sections(documents) for t in s.tables if t.title == title)


def test_a_structure_is_a_table_of_its_quantities_beside_the_reference(documents):
    found = table(documents, "Task properties: diamond")
    assert [name for name, _ in found.columns] == ["quantity", "unit", "reference", "soft", "stiff"]
    (row,) = found.rows
    assert [c.text for c in row.cells] == ["C11", "GPa", "150", "142 (8.00)", "165 (15.0)"]
    errors = table(documents, "Task physics: Si8")
    assert [c.text for c in errors.rows[0].cells] == ["smoothness, energy jump", "eV/atom", "0.100", "0.100"]


def test_what_was_skipped_is_one_row_a_reason(documents):
    documents[2]["task_failures"][0]["message"] = "the slab did not relax"
    rows = [[c.text for c in row.cells] for row in table(documents, "Skipped").rows]
    assert rows == [
        ["properties", "diamond surface energy 111", "no reference value", "soft"],
        ["properties", "diamond surface energy 111", "the slab did not relax", "stiff"],
    ]
    assert leaderboard.failures(documents).empty, "a skip is no failure"


def test_a_piece_that_failed_names_itself(documents):
    failure = {"task": "md", "test": "", "quantity": "300 K, 2", "kind": "diverged", "message": "no forces"}
    documents[0]["task_failures"].append(failure)
    assert leaderboard.failures(documents)["method"].tolist() == ["soft, md: 300 K, 2"]


def test_the_terminal_says_where_the_tables_are(documents):
    console = Console(width=80, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    with console.file:
        console.print(terminal.render(documents))
        text = console.export_text()
    assert "3 tables of tasks: see leaderboard.md or report.html" in text
    assert "C11" not in text
    assert "C11" in markdown.render(documents, "suite")


def test_curves_are_drawn_with_the_reference(documents):
    page = html.render(documents, predictions, "suite")
    figures = [json.loads(f) for f in re.findall(r'<script type="application/json">(.*?)</script>', page)]
    (drawn,) = [f for f in figures if f["layout"]["xaxis"]["title"]["text"] == "frequency (THz)"]
    assert [t["name"] for t in drawn["data"]] == ["reference", "soft", "stiff"]
    assert drawn["data"][0]["y"] == [0, 150]
    assert drawn["data"][1]["y"] == [0, 140.0]


def test_a_task_is_called_by_its_name_unless_there_are_two(documents):
    for document in documents:
        document["scores"][1]["task"] = "properties(solids={'mesh': 8})"
        document["scores"].append({**document["scores"][2], "task": "physics(n_lines=8)"})
    titles = [t.title for s in sections(documents) for t in s.tables if t.title.startswith("Task")]
    assert titles == ["Task properties: diamond", "Task physics: Si8", "Task physics(n lines=8): Si8"]
