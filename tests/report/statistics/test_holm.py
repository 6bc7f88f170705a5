"""Holm's correction against statsmodels and Holm's own example."""

from __future__ import annotations

import numpy as np
import pytest

from mlffbench.report.statistics.holm import holm


def test_as_statsmodels_does():
    """``multipletests(p, method="holm")[1]`` of statsmodels 0.15.0."""
    p = [0.01, 0.001, 0.2, 0.04, 0.03, 0.5, 0.049]
    assert holm(p) == pytest.approx([0.06, 0.007, 0.4, 0.16, 0.15, 0.5, 0.16])


def test_as_r_does():
    """``p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), "holm")`` of R: 0.05 0.08 0.09 0.09 0.09."""
    assert holm([0.01, 0.02, 0.03, 0.04, 0.05]) == pytest.approx([0.05, 0.08, 0.09, 0.09, 0.09])


def test_unknown_ones_do_not_count():
    assert holm([0.01, np.nan, 0.04]) == pytest.approx([0.02, np.nan, 0.04], nan_ok=True)
