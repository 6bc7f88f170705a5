"""Curves that tasks measured."""

from __future__ import annotations

import json
import re

from example_documents import predictions

from mlffbench.report.formats import html
from mlffbench.report.results import Results


def test_curves_are_drawn_with_the_reference(measured_documents):
    page = html.render(Results.from_documents(measured_documents), predictions, "suite")
    figures = [json.loads(f) for f in re.findall(r'<script type="application/json">(.*?)</script>', page)]
    (curve,) = [f for f in figures if f["layout"]["xaxis"]["title"]["text"] == "frequency (THz)"]
    assert [t["name"] for t in curve["data"]] == ["reference", "soft", "stiff"]
    assert curve["data"][0]["y"] == [0, 150]
    assert curve["data"][1]["y"] == [0, 140.0]
