"""All files of a report, of documents that lack something."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from example_documents import failed, outcome, predictions
from rich.console import Console

from mlffbench.report.dataframes.leaderboard import leaderboard
from mlffbench.report.formats import terminal
from mlffbench.report.formats.write import write
from mlffbench.report.results import Results

FILES = [
    "leaderboard.md", "leaderboard.csv", "across_problems.csv", "scores.csv", "scores.parquet", "report.html",
]  # fmt: skip


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


def test_the_same_documents_give_the_same_files(tmp_path):
    """Two processes with other hashes of texts; one line of time may differ."""
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parents[2])!r})\n"
        "from example_clusters import clustered\n"
        "from example_documents import failed, leaking, measured, outcome, predictions, timed\n"
        "from mlffbench.report.formats.write import write\n"
        "from mlffbench.report.results import Results\n"
        "documents = [clustered('soap', 0.03), clustered('mace', seed=1), measured('soft', 140.0),\n"
        "             failed('gap'), leaking(outcome('leaky'), test_300K=3), timed('fast', 3.0)]\n"
        "write(Results.from_documents(documents), predictions, sys.argv[1], 'suite')\n"
    )
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-c", code, str(tmp_path / seed)], env=environment, check=True)
    for name in FILES:
        one, two = ((tmp_path / seed / name).read_bytes() for seed in ("1", "2"))
        if name.endswith((".html", ".md")):
            pairs = zip(one.splitlines(), two.splitlines(), strict=True)
            differing = [lines for lines in pairs if lines[0] != lines[1]]
            assert len(differing) <= 1, name
            assert all(re.search(rb"\d{4}-\d\d-\d\d", line) for lines in differing for line in lines)
        else:
            assert one == two, name
