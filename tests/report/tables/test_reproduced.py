"""Tables of published errors in the report."""

from __future__ import annotations

from example_documents import outcome, predictions
from example_published import entry, published_error, suite
from rich.console import Console

from mlffbench.report.formats import html, markdown, terminal
from mlffbench.report.results import Results
from mlffbench.report.tables.reproduced import reproduced_tables

ENTRIES = [
    entry(published_error(21), published_error("10.0"), protocol=[{"setting": "epochs", "published": 2000}]),
    entry(published_error(5), row=None, method="MTP", exempt="no such method here"),
]


def results(*entries):
    return Results.from_documents([outcome("mace", 0.02)], [suite(*entries)] if entries else [])


def texts(table):
    return [[cell.text for cell in row.cells] for row in table.rows]


def test_errors_stand_as_they_were_printed_beside_those_measured():
    errors, reasons, protocol = reproduced_tables(results(*ENTRIES))
    which = "malonaldehyde, test_300K: force RMSE, meV/Å"
    assert texts(errors) == [
        ["MACE (mace)", which, "21", "20.0 ±2.0", "−5 %", "±10 %", "reproduced"],
        ["MACE (mace)", which, "10.0", "20.0 ±2.0", "+100 %", "±10 %", "missed"],
        ["MTP", which, "5", "–", "–", "±10 %", "not run, exempt"],
    ]
    assert "MACE: Journal 1, 2 (2020), Table 3" in errors.caption
    assert texts(reasons) == [
        ["MACE (mace)", which, "missed", "2× larger than published"],
        ["MTP", which, "not run", "no such method here"],
    ]
    assert texts(protocol) == [["MACE", "epochs", "2000", "–", "unknown"]]


def test_the_report_has_them_in_every_format():
    page = html.render(results(*ENTRIES), predictions, "again")
    text = markdown.render(results(*ENTRIES), "again")
    screen = Console(width=100)
    with screen.capture() as printed:
        screen.print(terminal.render(results(*ENTRIES), 100))
    for shown in (page, text, printed.get()):
        assert "Published errors, measured again" in shown
        assert "no such method here" in shown


def test_a_report_without_published_errors_does_not_mention_them():
    assert not reproduced_tables(results())
    assert "Published errors" not in markdown.render(results(), "suite")
