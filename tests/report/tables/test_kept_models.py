"""Kept models in a report: those that a document names with a digest, in the order of ranks."""

from __future__ import annotations

from example_documents import outcome

from mlffbench.report.formats import html, markdown
from mlffbench.report.results import Results
from mlffbench.report.tables.kept_models import usage
from mlffbench.report.tables.sections import sections


def kept(label, force, n_bytes=1500, file=None):
    model = {"sha256": "0" * 64, "bytes": n_bytes, "file": file or f"models/{label}-0.mlff"}
    return {**outcome(label, force), "kept_model": model}


def test_the_best_comes_first_and_has_the_lines_that_use_it():
    without = {**outcome("large", 0.03), "kept_model": {"reason": "62 MB, more than 50 MB"}}
    (section,) = sections(Results.from_documents([kept("worse", 0.05), kept("better", 0.01), without]))
    (table,) = section.blocks["models"]
    assert [row.cells[0].text for row in table.rows] == ["better", "worse"]
    assert [cell.text for cell in table.rows[0].cells[2:]] == ["models/better-0.mlff", "1.50"]
    assert 'mlffbench.load("models/better-0.mlff")' in "\n".join(section.usage)


def test_documents_without_a_model_change_nothing():
    results = Results.from_documents([outcome("old"), outcome("older", 0.05)])
    (section,) = sections(results)
    assert (section.blocks["models"], section.usage, usage([])) == ([], (), ())
    assert "Kept models" not in markdown.render(results, "t")
    assert "Use a model" not in html.render(results, lambda id: None, "t")


def test_the_name_of_a_file_is_no_code():
    evil = kept("evil", 0.01, file='x"); import os\n```\n<script>alert(1)</script>')
    evil["id"] = evil["id"].replace("-0", '-0"); import os\n```\n<script>alert(1)</script>')
    results = Results.from_documents([evil])
    text = markdown.render(results, "t")
    fenced = text.split("```python\n")[1].split("\n```\n")[0]
    compile(fenced, "lines", "exec")
    assert len(fenced.splitlines()) == 4
    assert "<script>alert" not in html.render(results, lambda id: None, "t")
