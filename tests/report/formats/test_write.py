"""All files of a report, of documents that lack something."""

from __future__ import annotations

import subprocess
import sys

import pytest
from example_documents import failed, outcome, predictions
from rich.console import Console

from mlffbench.report.dataframes.leaderboard import leaderboard
from mlffbench.report.formats import terminal
from mlffbench.report.formats.write import write
from mlffbench.report.results import Results

FILES = ["leaderboard.md", "leaderboard.csv", "scores.csv", "scores.parquet", "report.html"]


@pytest.mark.parametrize(
    "found", [[], [failed("gap"), failed("mace", "timed out")]], ids=["none", "all failed"]
)
def test_reports_of_nothing(found, tmp_path):
    results = Results.from_documents(found)
    paths = write(results, predictions, tmp_path, "suite")
    assert [p.name for p in paths] == FILES
    said = "timed out" if found else "No case has been run yet"
    assert said in paths[0].read_text()
    assert said in paths[-1].read_text()
    assert "None" not in paths[0].read_text()
    Console(width=80, quiet=True).print(terminal.render(results))


def test_no_number_breaks_a_report(tmp_path):
    documents = [
        outcome("nan", float("nan")),
        outcome("inf", float("inf")),
        outcome("zero", 0.0),
        outcome("none"),
    ]
    documents[3]["scores"] = [{**s, "value": None} for s in documents[3]["scores"]]
    documents[3]["timings"] = {"fit": None, "predict": {}}
    broken = documents[2]["profiles"]["proton_transfer"]
    broken["energy_predicted"] = [None, float("nan"), float("inf")]
    results = Results.from_documents(documents)
    write(results, lambda _: None, tmp_path, "suite")
    Console(width=80, quiet=True).print(terminal.render(results))
    assert leaderboard(results)["method"].iloc[0] == "zero"


def test_report_imports_no_framework():
    code = (
        "import sys, mlffbench.report.formats.write, mlffbench.report.formats.terminal;"
        "print({'torch', 'ase', 'sklearn'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
