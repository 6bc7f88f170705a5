"""Summary of speed from rows of which some are missing."""

from __future__ import annotations

import math

from example_documents import row, timed

from mlffbench.report.dataframes.scores import task_scores
from mlffbench.report.dataframes.speed import speed_summary
from mlffbench.report.results import Results


def test_what_was_not_measured_is_not_zero():
    whole, part = timed("soap", 100.0), timed("sgdml", 30.0)
    part["scores"] = [s for s in part["scores"] if s["test"].startswith("batch")]
    scores = task_scores(Results.from_documents([whole, part]))
    summary = speed_summary(scores)
    assert row(summary, "soap")["ns_per_day"] == 4.0
    assert row(summary, "sgdml")["best"] == 15.0
    for name in ("latency", "ns_per_day", "exponent", "cold_start", "launches"):
        assert math.isnan(row(summary, "sgdml")[name]), name
