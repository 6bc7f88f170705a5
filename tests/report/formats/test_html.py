"""report.html: a page that a browser opens without a network."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from ase import Atoms
from example_documents import failed, measured, outcome, predictions
from example_pages import figures, packs

from mlffbench.report.formats import html, markdown
from mlffbench.report.results import Results
from mlffbench.report.unfinished import UnfinishedCase

HOSTILE = "<script>alert(1)</script>"


def rendered(documents, title="suite"):
    return html.render(Results.from_documents(documents), predictions, title)


def test_everything_is_escaped(documents):
    documents += [outcome(HOSTILE), failed("bad", message=HOSTILE)]
    documents[0]["case"]["label"] = "a\"b'c</script>"
    page = rendered(documents, HOSTILE)
    assert HOSTILE not in page
    assert "a\"b'c</script>" not in page
    assert HOSTILE not in markdown.render(Results.from_documents(documents), HOSTILE)


def test_page_needs_no_network(documents):
    page = rendered(documents)
    assert not re.search(r"<(script|link|img|iframe)[^>]+(src|href)\s*=\s*[\"']?(https?:)?//", page)
    assert not re.search(r"@import|url\(\s*[\"']?http", page.split("<script>")[0])
    assert page.count('class="plot"') >= 8
    assert len(page) < 2e6


def test_missing_predictions_are_said(documents):
    assert "No stored predictions of bare" in rendered([*documents, outcome("bare")])


def test_blocks_tables_and_figures_are_found_by_id():
    page = rendered([outcome("a"), measured("soft", 140.0)])
    anchors = re.findall(r'<h3 id="problem-1-([^"]*)">', page)
    assert anchors == ["leaderboard", "merit", "cost", "transfer", "profiles", "passed", "tasks",
                       "task-properties", "task-physics", "skipped", "parity", "training"]  # fmt: skip
    ids = re.findall(r'data-id="([^"]*)"', page)
    assert {"leaderboard", "cost", "cost/fit_time", "transfer/forces", "training/loss"} <= set(ids)
    assert [id for id in ids if id.startswith("tasks/")] == [
        "tasks/summary",
        "tasks//speed 8 copies",
        "tasks/properties/diamond",
        "tasks/physics/Si8",
    ]


def test_a_name_is_no_template_of_a_hover_text():
    traces = [trace for figure in figures(rendered([outcome("100%{x} <b>")])) for trace in figure["data"]]
    texts = [trace["hovertemplate"] for trace in traces if "hovertemplate" in trace]
    assert any("100&#37;{x} &lt;b&gt;" in text for text in texts)
    assert not any("100%{x}" in text for text in texts)


def test_the_page_of_many_methods_stays_small_and_says_what_it_leaves_out(monkeypatch):
    for name, most in (("PANELS", 8), ("METHODS", 3), ("ROWS", 8), ("FAILURES", 3), ("RUNS", 5)):
        monkeypatch.setattr(html, name, most)
    documents = [*(outcome(f"m{i}", 0.01 * (i + 1)) for i in range(10)), *(failed(f"f{i}") for i in range(6))]
    results = Results.from_documents(documents)
    page = html.render(results, predictions, "suite")
    names = {trace["name"] for figure in figures(page) for trace in figure["data"] if "name" in trace}
    assert names == {"m0", "m1", "m2", "reference"}
    (errors,) = packs(page)["board"]["measures"][0]["values"]
    assert sum(entry is not None for entry in errors) == 10, "the matrix has all of them"
    assert "8 of 16 rows; the other tables and figures show the first 3 methods" in page
    assert "The first 2 of 3 methods." in page
    assert "And 3 other failures." in page
    assert "And 11 other runs." in page
    assert "m7</td>" in page
    assert "m8</td>" not in page


def test_the_page_of_few_methods_is_whole(documents):
    page = html.render(Results.from_documents(documents), predictions, "suite")
    for word in ("other failures", "other runs", " rows; the other", r"The first \d+ of"):
        assert not re.search(word, page)


def test_figures_are_those_of_plotly(documents):
    go = pytest.importorskip("plotly.graph_objects")
    drawn = figures(rendered([*documents, measured("soft", 140.0)]))
    assert len(drawn) > 20
    for figure in drawn:
        go.Figure(figure)  # refuses a property that plotly.js does not have


def test_every_number_has_the_case_behind_it():
    page = rendered([*(outcome("a", params={"cutoff": 5.0}, seed=seed) for seed in (0, 1)), failed("b")])
    sheets = packs(page)["cases"]
    assert set(sheets) == {"0.0", "0.1"}
    assert [sheet["title"] for sheet in sheets["0.0"]] == ["seed 0", "seed 1"]
    facts = dict(sheets["0.0"][1]["facts"])
    assert facts["case"] == "a-1"
    assert facts["estimator"] == "a(cutoff=5.0)"
    assert facts["fit"] == "11.0 s"
    assert facts["split digest"] == "s1"
    assert facts["log"] == "logs/a-1.log"
    assert dict(sheets["0.1"][0]["facts"])["failed"] == "out of memory: 17 GiB were asked for\nmore"
    assert re.search(r'<tr data-m="0"><td[^>]*>1</td><td class="method">a', page)


def test_points_of_a_parity_plot_name_frame_and_atom():
    page = rendered([outcome("a")])
    forces = packs(page)["figures-0"]["parity/force/test_300K/a"]["data"][1]
    assert forces["customdata"] == [[0, k] for k in (1, 1, 1, 2, 2, 2)] + [
        [1, k] for k in (0, 0, 0, 1, 1, 1, 2, 2, 2)
    ]
    assert packs(page)["figures-0"]["parity/energy/test_300K/a"]["data"][1]["customdata"] == [0, 1]


def test_frames_at_hand_are_in_the_page_and_only_those_that_fit():
    water = Atoms("OH2", [[0, 0, 0], [0.9571, 0, 0], [0, 1, 0]], cell=[5, 6, 7], pbc=True)
    asked = lambda id, group, numbers: [water] * len(numbers) if group == "test_300K" else None
    page = html.render(Results.from_documents([outcome("a")]), predictions, "suite", asked)
    frames = packs(page)["frames-0"]
    assert set(frames) == {"test_300K"}
    assert frames["test_300K"]["1"] == {
        "symbols": ["O", "H", "H"],
        "positions": [0, 0, 0, 0.957, 0, 0, 0, 1, 0],
        "cell": [5, 0, 0, 0, 6, 0, 0, 0, 7],
    }
    other = lambda id, group, numbers: [water + water] * len(numbers)  # of another number of atoms
    assert "frames-0" not in packs(
        html.render(Results.from_documents([outcome("a")]), predictions, "s", other)
    )


def test_a_method_that_waits_everywhere_is_a_row_of_the_matrix():
    results = Results.from_documents([outcome("a")])
    waiting = UnfinishedCase(results.problems[0].name, "later", 0, "waiting")
    page = html.render(replace(results, unfinished=(waiting,)), predictions, "suite")
    row = page.split('aria-label="Choose later"')[1].partition("</tr>")[0]
    assert re.findall(r'<td class="value"[^>]*>([^<]*)</td>', row) == ["waiting"]
    assert packs(page)["board"]["words"] == [["", "waiting"]]
    assert packs(page)["board"]["measures"][0]["values"][0][1] is None


def test_the_pairs_of_a_page_are_limited(monkeypatch):
    documents = [outcome(f"m{i}", 0.01 * (i + 1)) for i in range(6)]
    counts = []
    for most in (15, 9):
        monkeypatch.setattr(html, "PAIRS", most)
        ((ranking,),) = packs(rendered(documents))["pairs"]["problems"]
        counts.append(sum(map(len, ranking["rows"])))
    assert counts == [15, 9]


def test_identical_input_is_an_identical_page(documents):
    assert rendered(documents) == rendered(documents)
