"""Curves that tasks measured."""

from __future__ import annotations

import json
import re

from example_documents import predictions, timed

from mlffbench.report.formats import html
from mlffbench.report.results import Results


def test_curves_are_drawn_with_the_reference(measured_documents):
    page = html.render(Results.from_documents(measured_documents), predictions, "suite")
    figures = [json.loads(f) for f in re.findall(r'<script type="application/json">(.*?)</script>', page)]
    (curve,) = [f for f in figures if f["layout"]["xaxis"]["title"]["text"] == "frequency (THz)"]
    assert [t["name"] for t in curve["data"]] == ["reference", "soft", "stiff"]
    assert curve["data"][0]["y"] == [0, 150]
    assert curve["data"][1]["y"] == [0, 140.0]


def test_times_are_medians_between_quartiles_on_logarithmic_axes():
    documents = [timed("soap", 1.0), timed("mace", 2.0, {"torch_threads": 8})]
    page = html.render(Results.from_documents(documents), predictions, "suite")
    figures = [json.loads(f) for f in re.findall(r'<script type="application/json">(.*?)</script>', page)]
    (curve,) = [f for f in figures if f["layout"]["xaxis"]["title"]["text"] == "atoms of the system"]
    soap = next(trace for trace in curve["data"] if trace["name"] == "soap")
    assert list(soap["x"]) == [9.0, 576.0]
    assert list(soap["y"]) == [2.0, 60.0]
    assert soap["error_y"]["array"] == [3.5, 5.0]
    assert {curve["layout"][axis]["type"] for axis in ("xaxis", "yaxis")} == {"log"}
    assert "Not measured under the conditions of most others: mace." in page
