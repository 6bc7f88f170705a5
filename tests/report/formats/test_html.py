"""report.html: a page that a browser opens without a network."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest
from example_documents import failed, measured, outcome, predictions

from mlffbench.report.formats import html, markdown
from mlffbench.report.formats.write import write
from mlffbench.report.results import Results

HOSTILE = "<script>alert(1)</script>"


def rendered(documents, title="suite"):
    return html.render(Results.from_documents(documents), predictions, title)


def test_everything_is_escaped(documents):
    documents += [outcome(HOSTILE), failed("bad", message=HOSTILE)]
    documents[0]["case"]["label"] = "a\"b'c</script>"
    assert HOSTILE not in rendered(documents, HOSTILE)
    assert HOSTILE not in markdown.render(Results.from_documents(documents), HOSTILE)


def test_page_needs_no_network(documents):
    page = rendered(documents)
    assert not re.search(r"<(script|link|img|iframe)[^>]+(src|href)\s*=\s*[\"']?(https?:)?//", page)
    assert not re.search(r"@import|url\(\s*[\"']?http", page.split("<script>")[0])
    assert page.count('class="plot"') >= 8
    assert len(page) < 8e6


def test_missing_predictions_are_said(documents):
    assert "No stored predictions of bare" in rendered([*documents, outcome("bare")])


def test_blocks_tables_and_figures_are_found_by_id():
    page = rendered([outcome("a"), measured("soft", 140.0)])
    anchors = re.findall(r'<h3 id="problem-1-([^"]*)">', page)
    assert anchors == ["leaderboard", "cost", "transfer", "profiles", "tasks", "curves", "skipped",
                       "parity-1", "parity-2", "parity-3", "parity-4", "training"]  # fmt: skip
    ids = re.findall(r'data-id="([^"]*)"', page)
    assert {"leaderboard", "cost", "cost/fit_time", "transfer/forces", "training/loss"} <= set(ids)
    assert [id for id in ids if id.startswith("tasks/")] == [
        "tasks/summary",
        "tasks//speed 8 copies",
        "tasks/properties/diamond",
        "tasks/physics/Si8",
    ]


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("chromium"), reason="chromium is not installed")
def test_browser_draws_every_figure(tmp_path):
    *_, page = write(Results.from_documents([outcome(HOSTILE)]), predictions, tmp_path, "suite")
    switches = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-sync",
    ]
    switches += ["--disable-background-networking", "--disable-component-update", "--window-size=1300,9000"]
    switches += ["--virtual-time-budget=20000", f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"]
    done = subprocess.run(["chromium", *switches, page.as_uri()], capture_output=True, text=True, timeout=300)
    body = done.stdout.split("<main>")[-1]
    plots = body.count('role="img"')
    assert plots >= 8
    assert len(re.findall(r'class="plot js-plotly-plot"', body)) == plots


def test_a_name_is_no_template_of_a_hover_text():
    page = rendered([outcome("100%{x} <b>")])
    assert "100&#37;{x} &lt;b&gt;" in page.replace("\\u003c", "<")
    assert not re.search(r'"hovertemplate":"[^"]*100%\{x\}', page)


def test_the_page_of_many_methods_stays_small_and_says_what_it_leaves_out(monkeypatch):
    for name, most in (("PANELS", 8), ("METHODS", 3), ("ROWS", 8), ("FAILURES", 3), ("RUNS", 5)):
        monkeypatch.setattr(html, name, most)
    documents = [*(outcome(f"m{i}", 0.01 * (i + 1)) for i in range(10)), *(failed(f"f{i}") for i in range(6))]
    results = Results.from_documents(documents)
    page = html.render(results, predictions, "suite")
    figures = [json.loads(f) for f in re.findall(r'<script type="application/json">(.*?)</script>', page)]
    names = {trace["name"] for figure in figures for trace in figure["data"] if "name" in trace}
    assert names == {"m0", "m1", "m2", "reference"}
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
