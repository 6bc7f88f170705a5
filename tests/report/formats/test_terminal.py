"""The report in a terminal."""

from __future__ import annotations

import io

from example_documents import outcome
from rich.console import Console

from mlffbench.report.formats import markdown, terminal
from mlffbench.report.results import Results


def printed(results):
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(terminal.render(results))
    return console.export_text()


def test_terminal_fits_80_columns(documents):
    documents.append(outcome("a_method_with_a_rather_long_name", 0.04))
    text = printed(Results.from_documents(documents))
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    assert "gap, seed 0: out of memory. 17 GiB were asked for" in text


def test_the_terminal_says_where_the_tables_are(measured_documents):
    results = Results.from_documents(measured_documents)
    text = printed(results)
    assert "3 tables of tasks: see leaderboard.md or report.html" in text
    assert "C11" not in text
    assert "C11" in markdown.render(results, "suite")


def test_brackets_of_names_are_no_markup():
    text = printed(Results.from_documents([outcome("LJ [/fast]"), outcome("[red]floor")]))
    assert "LJ [/fast]" in text
    assert "[red]floor" in text


def test_a_long_table_is_cut_and_says_so():
    results = Results.from_documents([outcome(f"m{i:02d}", 0.01 * (i + 1)) for i in range(60)])
    text = printed(results)
    assert "m49" in text
    assert "m50" not in text
    assert "and 10 more rows: see leaderboard.md" in text
