"""The README keeps its word: its Python runs, its suite is valid, its commands exist."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from mlffbench.plan import read_suite

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.M | re.S)


def test_the_python_runs():
    (code,) = blocks("python")
    scope = {}
    exec(compile(code, "README.md", "exec"), scope)
    assert len(scope["prediction"]) == 10
    assert scope["prediction"].energy_std.shape == (10,)
    assert scope["atoms"].get_forces().shape == (9, 3)


def test_the_suite_is_valid(tmp_path):
    (text,) = blocks("yaml")
    file = tmp_path / "suite.yaml"
    file.write_text(text)
    assert read_suite(file).name == "my-molecule"


def test_our_suites_are_valid():
    for file in (Path(__file__).parents[1] / "benchmarks").glob("*.yaml"):
        assert read_suite(file).name == file.stem


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (Path(__file__).parents[1] / target).exists(), target


def test_the_table_of_families_says_what_the_results_say():
    with (ROOT / "results" / "families" / "leaderboard.csv").open() as file:
        rows = [r for r in csv.DictReader(file) if r["test"] in ("test", "test_300K") and r["status"] == "ok"]
    found = {(r["problem"], r["method"]): float(r["force RMSE (meV/Å)"]) for r in rows}
    table = re.search(r"^\| method \| malonaldehyde \|.*?(?=\n\n)", README, flags=re.M | re.S)[0].splitlines()
    problems = ("malonaldehyde", "acac", "'ethanol'", "'aspirin'", "mlearn")
    compared = 0
    for line in table[2:]:
        method, *cells = (c.strip() for c in line.strip("|").split("|"))
        for problem, cell in zip(problems, cells, strict=True):
            if not cell[0].isdigit():
                continue
            name = f"{method}-1000" if "1000 representers" in cell else method
            (value,) = (v for (p, m), v in found.items() if problem in p and m == name)
            said = cell.split()[0]
            digits = len(said.partition(".")[2])
            assert abs(value - float(said)) <= 0.501 * 10**-digits, (method, problem, value, said)
            compared += 1
    assert compared == 13 * 5 - 2
