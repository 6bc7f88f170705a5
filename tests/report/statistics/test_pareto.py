"""Pareto fronts by hand."""

from __future__ import annotations

import numpy as np

from mlffbench.report.statistics.pareto import pareto_front


def test_pareto_front():
    assert pareto_front([1, 2, 2, 3, np.nan], [9, 5, 6, 5, 1]) == [True, True, False, False, False]
