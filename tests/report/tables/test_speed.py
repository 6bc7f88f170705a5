"""Tables of the task speed, with marks beside what was measured under other conditions."""

from __future__ import annotations

import io

import pytest
from example_documents import timed
from rich.console import Console

from mlffbench.report.formats import markdown, terminal
from mlffbench.report.results import Results
from mlffbench.report.tables.sections import sections


def tables(*documents):
    (section,) = sections(Results.from_documents(documents))
    return {table.title: table for table in section.blocks["tasks"]}


def row(table, method):
    (cells,) = [row.cells for row in table.rows if row.cells[0].text == method]
    return [cell.text for cell in cells[1:]]


def test_the_summary_has_one_row_a_method():
    summary = tables(timed("soap", 100.0), timed("mace", 20.0))["Task speed"]
    assert [name for name, *_ in summary.columns] == [
        "method", "latency", "dynamics", "best", "at", "a", "b", "from", "to", "launches", "cold start"
    ]  # fmt: skip
    assert row(summary, "soap") == [
        "3.69", "4.00", "50.0", "72", "100", "1.05", "576", "36864", "1200", "0.750"
    ]  # fmt: skip


def test_times_by_size_are_details_beside_it():
    own = tables(timed("soap", 100.0))
    evaluate = own["Task speed: evaluate, time per atom"]
    assert [name for name, *_ in evaluate.columns[1:]] == [
        "1 copies, 9 atoms", "64 copies, 576 atoms", "batch of 8, 72 atoms"
    ]  # fmt: skip
    assert row(evaluate, "soap") == ["400 ±80", "100 ±20", "50 ±10"]
    assert evaluate.detail
    assert not own["Task speed"].detail


def test_times_of_older_documents_are_shown_as_they_were():
    old = timed("soap", 100.0)
    del old["conditions"]
    old["scores"] = [s for s in old["scores"] if "copies" in s["test"] and s["quantity"] != "dynamics"]
    own = tables(old)
    assert list(own) == ["Task speed: prepare, time per atom", "Task speed: evaluate, time per atom"]
    assert not own["Task speed: evaluate, time per atom"].detail


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"fingerprint": {"device": "cuda"}}, "speed's device cuda for mace, cpu for soap, gap"),
        ({"fingerprint": {"torch_threads": 8}}, "speed's torch threads 8 for mace, 2 for soap, gap"),
        ({"fingerprint": {"torch version": "2.9"}}, "speed's torch version 2.9 for mace, 2.13.0 for soap"),
        ({"rates": {"launches": 1e5}}, "launches 1e+05 launches/s beside mace, 3e+05 launches/s beside soap"),
    ],
)  # fmt: skip
def test_times_of_unequal_fingerprints_are_marked(other, words):
    documents = [timed("soap", 100.0), timed("gap", 90.0), timed("mace", 20.0, **other)]
    results = Results.from_documents(documents)
    assert words in " ".join(results.problems[0].doubts)
    (section,) = sections(results)
    for table in section.tables:
        if table.id in ("leaderboard", "cost") or table.title.startswith("Task speed"):
            rows = [[cell.text for cell in row.cells] for row in table.rows]
            marked = {text for texts in rows for text in texts[:2] if any("§" in other for other in texts)}
            assert "mace" in marked, table.title
            assert not {"soap", "gap"} & marked, table.title
    assert "§: not measured under the conditions of most others" in markdown.render(results, "suite")


def test_rates_of_a_machine_that_varies_a_little_are_no_doubt():
    documents = [timed("soap", 100.0), timed("mace", 20.0, rates={"launches": 2.5e5, "copy": 8.0})]
    assert Results.from_documents(documents).problems[0].doubts == ()


def test_a_terminal_of_80_columns_has_room():
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(terminal.render(Results.from_documents([timed("behler_parrinello", 123.456)])))
    lines = console.export_text().splitlines()
    assert any("latency  dynamics     best" in line for line in lines)
    assert max(map(len, lines)) <= 80
    assert not any("…" in line for line in lines)
