"""The verdict on each committed report is true when read against its tables."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from mlffbench.harness.documents.store import Store
from mlffbench.report.dataframes.leaderboard import leaderboard
from mlffbench.report.families import family
from mlffbench.report.formats import markdown
from mlffbench.report.suite_order import in_suite_order
from mlffbench.report.tables.sections import sections

RESULTS = Path(__file__).parents[3] / "results"
FOLDERS = sorted(folder.parent.name for folder in RESULTS.glob("*/leaderboard.md"))
NUMBER = r"[\d.]+(?:e[−\d]+)?(?: ±[\d.]+| \[[^\]]+\])?"
CHEAPEST = rf"(?:Cheapest within twice its error on \S+: (.+?) \({NUMBER} meV)|(It is also the cheapest)"


@pytest.fixture(scope="module", params=FOLDERS)
def content(request):
    store = Store(RESULTS / request.param)
    with np.errstate(all="ignore"):
        results = in_suite_order(store.documents(), [store.folder])
        return results, sections(results), markdown.render(results, "suite")


def number(text):
    """Value of a cell, NaN for words."""
    shown = re.match(r"−?[\d.]+(?:e−?\+?\d+)?", text)
    return float(shown[0].replace("−", "-")) if shown else np.nan


def ranked(section):
    """Rows of the first leaderboard that have a rank: name, rank text and cells by column."""
    table = section.blocks["leaderboard"][0]
    names = [column.name for column in table.columns]
    labels = sorted((m.label for m in section.problem.methods), key=len, reverse=True)
    rows = [
        dict(zip(names, (c.text for c in row.cells), strict=True)) for row in table.rows if not row.failure
    ]
    for row in rows:
        shown = row["method"]
        row["label"] = next(m for m in labels if shown == m or shown.startswith(f"{m} ("))
    return [row for row in rows if row["rank"] != "–"]


def rivals(section):
    floor = {m.label for m in section.problem.methods if family(m) == "baseline"}
    return [row for row in ranked(section) if row["label"] not in floor]


def best_rank(row):
    return int(row["rank"].partition("–")[0])


def listed(text):
    """Names of ``a, b and c``, and the number of others."""
    more = re.search(r" and (\d+) others$", text)
    names = re.split(r", | and ", text.removesuffix(more[0]) if more else text)
    return set(names), int(more[1]) if more else 0


def test_the_best_is_the_first_of_the_leaderboard(content):
    for section in content[1]:
        first = rivals(section)[0]
        said = re.match(rf"Best here: (.+?), (force|energy) RMSE ({NUMBER}) meV", section.verdict)
        assert said[1] == first["label"]
        column = f"{said[2][0].upper()} RMSE"
        assert first[column].rstrip("‡") == said[3]


def test_company_and_certainty_are_the_ranks(content):
    board = leaderboard(content[0])
    for section in content[1]:
        first, *others = rivals(section)
        places = board[board["problem"] == section.problem.name].set_index("method")["beaten by"]
        alike = {row["label"] for row in others if first["label"] not in places[row["label"]]}
        assert {row["label"] for row in others if best_rank(row) == 1} <= alike
        said = re.search(r"; not told apart from (.+?)\. [A-Z]", section.verdict)
        if said:
            names, more = listed(said[1])
            assert names <= alike
            assert len(names) + more == len(alike)
        else:
            assert not alike
        if "; sure: every other" in section.verdict:
            assert first["rank"] == "1"
            assert all(best_rank(row) > 1 for row in ranked(section)[1:])


def test_least_errors_on_other_groups_are_those_of_the_tables(content):
    checked = 0
    for section in content[1]:
        tables = {t.id: t for t in section.blocks["transfer"]}
        labels = {row["label"] for row in rivals(section)}
        for group, method in re.findall(r"On (\S+): (.+?) with ", section.verdict):
            checked += _has_the_least(tables, group, method, labels)
        led = re.search(r"It also has the least error on (.+?)\. (?=[A-Z])", section.verdict)
        for group in re.findall(rf"(\S+) \({NUMBER} meV", led[1] if led else ""):
            checked += _has_the_least(tables, group, rivals(section)[0]["label"], labels)
        for group, method in re.findall(rf"(\S+) \(least {NUMBER} meV/\S+, of (.+?)[,)]", section.verdict):
            checked += _has_the_least(tables, group, method, labels)
    assert checked or not any(section.blocks["transfer"] for section in content[1])


def _has_the_least(tables, group, method, labels):
    for id in ("transfer/forces", "transfer/energy_per_atom"):
        if (table := tables.get(id)) is None:
            continue
        k = [column.name for column in table.columns].index(group)
        values = {row.cells[0].text: row.cells[k].order for row in table.rows}
        own = {label: values[label] for label in labels if np.isfinite(values[label])}
        if own:
            assert min(own, key=own.get) == method, (group, own)
            return 1
    raise AssertionError(group)


def test_the_cheapest_is_the_fastest_near_the_best_of_those_without_a_mark(content):
    for section in content[1]:
        rows = rivals(section)
        said = re.search(CHEAPEST, section.verdict)
        if not said:
            continue
        column = "F RMSE" if rows[0].get("F RMSE", "–") != "–" else "E RMSE"
        near = [row for row in rows if number(row[column]) <= 2.001 * number(rows[0][column])]
        alike = [row for row in near if "§" not in row["predict"] and row["predict"] != "–"]
        fastest = min(alike, key=lambda row: number(row["predict"]))
        assert fastest["label"] == (said[1] or rows[0]["label"])


def test_failures_and_gaps_are_all_named(content):
    for section in content[1]:
        failed = {m.label for m in section.problem.methods if not m.done} | set(section.problem.gaps)
        said = re.search(r"Not comparable or failed: (.+?)\. ?(?=[A-Z]|$)", section.verdict)
        assert bool(failed) <= bool(said)
        if said and " others" not in said[1]:
            assert all(f"{label} (" in said[1] for label in failed)


def test_the_matrix_has_the_numbers_and_ranks_of_the_leaderboards(content):
    results, parts, text = content
    if len(results.problems) < 2:
        assert "### Methods and problems" not in text
        return
    block = text.replace("\\[", "[").split("### Methods and problems")[1].split("\n\n")[1].splitlines()[2:]
    cells = {row.split(" | ")[0].strip("| "): row.strip("| ").split(" | ")[2:] for row in block}
    for k, section in enumerate(parts):
        for row in ranked(section):
            assert cells[row["label"]][k].strip() == f"{row.get('F RMSE', row.get('E RMSE'))} ({row['rank']})"
