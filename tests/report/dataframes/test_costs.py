"""Costs by hand."""

from __future__ import annotations

import numpy as np
import pytest
from example_documents import row

from mlffbench.report.dataframes.costs import costs
from mlffbench.report.formats import csv_file, markdown
from mlffbench.report.results import Results


def test_costs_by_hand(documents):
    best = row(costs(Results.from_documents(documents)), "best")
    assert best["prepare_time"] == pytest.approx(20)  # 2 · 0.009 s over 900 atoms
    assert best["prediction_time"] == pytest.approx(100)
    assert best["peak_memory"] == 800
    assert np.isnan(best["peak_gpu_memory"])
    assert np.isnan(best["n_parameters"])
    assert best["stopped_by"] == ""


def test_parameters_and_ends_of_fits_in_every_format(documents):
    told = [
        d
        if d["status"] != "ok"
        else {**d, "model": {**d["model"], "n_parameters": 1234, "stopped_by": "time"}}
        for d in documents
    ]
    results = Results.from_documents(told)
    best = row(costs(results), "best")
    assert (best["n_parameters"], best["stopped_by"]) == (1234, "time")
    header = csv_file.render(results).splitlines()[0].split(",")
    assert {"parameters", "stopped by"} <= set(header)
    assert not {"parameters", "stopped by"} & set(
        csv_file.render(Results.from_documents(documents)).splitlines()[0].split(",")
    )
    text = markdown.render(results, "s")
    assert "stopped by" in text
    assert "1234" in text
