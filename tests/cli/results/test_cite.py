"""mlffbench cite, as a user types it."""

from __future__ import annotations

from pathlib import Path

from pybtex.database import parse_file, parse_string
from typer.testing import CliRunner

from mlffbench.cli import app

FAMILIES = Path(__file__).parents[3] / "results" / "families"


def call(*words):
    return CliRunner().invoke(app, ["cite", *map(str, words)])


def test_committed_results_give_valid_bibtex(tmp_path):
    printed = call(FAMILIES)
    assert printed.exit_code == 0, printed.output
    entries = parse_string(printed.stdout, "bibtex").entries
    assert {"bartok2010", "batatia2022", "christensen2020", "mlffbench"} <= set(entries)
    assert all(entry.persons.get("author") for entry in entries.values())
    assert all("title" in e.fields or "journal" in e.fields for e in entries.values())
    written = call(FAMILIES, "--out", tmp_path / "refs.bib")
    assert f"{len(entries)} works" in written.output
    assert set(parse_file(str(tmp_path / "refs.bib")).entries) == set(entries)


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path):
    refused = call(tmp_path / "none")
    assert refused.exit_code == 2
    assert "no results folder" in " ".join(refused.output.split())
