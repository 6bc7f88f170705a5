"""README and the tables of its runs keep their word: links, picture and numbers are those of the results."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

from example_scripts import script

from mlffbench.harness.planning.read_suite import read_suite

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMPARISON = (ROOT / "docs" / "comparison.md").read_text(encoding="utf-8")


def picture_of_results():
    """Text of the picture as its script draws it now."""
    return script(ROOT / "docs" / "pareto.py").picture()


def test_the_picture_is_that_of_the_results():
    drawn = (ROOT / "docs" / "pareto.svg").read_text(encoding="utf-8")
    assert drawn == picture_of_results(), "python docs/pareto.py draws it again"
    assert drawn.count("<circle") > 40
    assert "prefers-color-scheme: dark" in drawn
    assert "](docs/pareto.svg)" in README


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
    table = re.search(r"^\| method \| malonaldehyde \|.*?(?=\n\n)", COMPARISON, flags=re.M | re.S)[
        0
    ].splitlines()
    problems = ("malonaldehyde", "acac", "'ethanol'", "'aspirin'", "mlearn")
    compared = 0
    for line in table[2:]:
        method, *cells = (c.strip() for c in line.strip("|").split("|"))
        for problem, cell in zip(problems, cells, strict=True):
            if not cell[0].isdigit():
                continue
            name = f"{method}-1000" if "1000 points" in cell else method
            (value,) = (v for (p, m), v in found.items() if problem in p and m == name)
            said = cell.split()[0]
            digits = len(said.partition(".")[2])
            assert abs(value - float(said)) <= 0.501 * 10**-digits, (method, problem, value, said)
            compared += 1
    assert compared == 98


def documents(folder, dataset):
    """Of a suite's results, by the row's label."""
    found = (json.loads(f.read_text()) for f in (ROOT / "results" / folder).glob("*.json"))
    return {d["case"]["label"]: d for d in found if d["case"]["dataset"]["name"] == dataset}


def table_after(head):
    """The cells of the table with this first line's beginning."""
    lines = COMPARISON[COMPARISON.index(head) :].partition("\n\n")[0].splitlines()
    return [[c.strip() for c in line.strip("|").split("|")] for line in lines if not line.startswith("| ---")]


def said(document, test, quantity, metric, cell, key="value", factor=1):
    """Whether a cell is the number of a score, to the digits that it has; ``failed`` where there is none."""
    wanted = (test, quantity, metric)
    found = [s for s in document["scores"] if (s["test"], s["quantity"], s["metric"]) == wanted]
    if not found:
        return cell == "failed"
    digits = len(cell.partition(".")[2])
    return abs(factor * found[0][key] - float(cell.replace("−", "-"))) <= 0.501 * 10**-digits


def test_the_table_of_silicon_says_what_the_results_say():
    (_, _, *methods), *rows = table_after("| | truth |")
    known = documents("silicon", "stillinger_weber_si")
    names = {
        "C11": ("diamond", "C11"), "C12": ("diamond", "C12"), "C44": ("diamond", "C44"),
        "highest": ("diamond", "max_frequency"), "vacancy": ("diamond", "vacancy_formation_energy"),
        "surface": ("diamond", "surface_energy_111"), "β-tin": ("beta_tin", "beta_tin_minus_diamond"),
    }  # fmt: skip
    for name, truth, *cells in rows:
        word = name.split()[0]
        for method, cell in zip(methods, cells, strict=True):
            if word in names:
                where = (*names[word], "error")
                assert said(known[method], *where, cell, "predicted"), (name, method)
                assert cell == "failed" or said(known[method], *where, truth, "reference"), name
            else:
                assert said(known[method], "diamond", "ground_state", "false_minima", cell), (name, method)
    assert len(rows) == len(names) + 1


def test_the_table_of_malonaldehyde_says_what_the_results_say():
    _, *rows = table_after("| method | barrier (meV) |")
    known = documents("malonaldehyde", "malonaldehyde")
    for method, barrier, wavenumbers, torsion, *died in rows:
        document = known[method]
        assert said(document, "reaction path", "barrier", "error", barrier, "predicted"), method
        assert said(document, "minimum", "wavenumbers", "mae", wavenumbers), method
        assert said(document, "dihedral", "profile", "rmse", torsion), method
        for temperature, cell in zip((300, 600, 1200), died, strict=True):
            assert said(document, f"{temperature} K", "failures", "share", cell, factor=4), method
    assert {row[0] for row in rows} == set(known)
