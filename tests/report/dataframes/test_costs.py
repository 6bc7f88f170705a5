"""Costs by hand."""

from __future__ import annotations

import numpy as np
import pytest
from example_documents import row

from mlffbench.report.dataframes.costs import costs
from mlffbench.report.results import Results


def test_costs_by_hand(documents):
    best = row(costs(Results.from_documents(documents)), "best")
    assert best["prepare_time"] == pytest.approx(20)  # 2 · 0.009 s over 900 atoms
    assert best["prediction_time"] == pytest.approx(100)
    assert best["peak_memory"] == 800
    assert np.isnan(best["peak_gpu_memory"])
