"""Critical-difference diagram."""

from __future__ import annotations

import numpy as np
import pytest

from mlffbench.report.figures.critical_difference import critical_difference_plots
from mlffbench.report.figures.style import palette_of
from mlffbench.report.statistics.across_problems import across_problems

METHODS = ["a", "b<i>", "c", "d"]


def plot(errors):
    found = across_problems(errors, METHODS, [f"p{i}" for i in range(len(errors))])
    plots = critical_difference_plots(found, palette_of(METHODS))
    return found, plots[0].figure if plots else None


def test_methods_stand_at_their_mean_ranks_and_bars_join_those_not_told_apart():
    rng = np.random.default_rng(0)
    found, figure = plot(np.array([1.0, 1.1, 3.0, 9.0]) * rng.lognormal(0, 0.1, (12, 4)))
    points = {t["name"]: (t["x"], t["y"]) for t in figure.data if "name" in t}
    assert list(points) == ["a", "b&lt;i&gt;", "c", "d"]
    assert [x for (x,), _ in points.values()] == pytest.approx(found.mean_ranks)
    assert [y for _, (y,) in points.values()] == [0, 1, 2, 3], "the best on top"
    *bars, scale = (t for t in figure.data if "name" not in t)
    assert [tuple(bar["y"]) for bar in bars] == [(c[0], c[-1]) for c in found.cliques]
    assert bars, "a and b are not told apart"
    assert all(bar["x"][0] > 4 for bar in bars)
    assert scale["x"][1] - scale["x"][0] == pytest.approx(found.critical_difference)


def test_without_a_test_of_pairs_one_bar_joins_all_and_no_difference_is_drawn():
    """Friedman's p = 0.062, see test_across_problems."""
    ranks = np.array([[1, 2, 3, 4], [1, 2, 3, 4], [1, 3, 2, 4], [2, 1, 4, 3], [2, 4, 1, 3]])
    _, figure = plot(ranks)
    (bar,) = (t for t in figure.data if "name" not in t)
    assert bar["y"] == [0, 3]
    assert "annotations" not in figure.layout


def test_no_diagram_without_a_test():
    assert plot(np.ones((3, 4)))[1] is None


def test_plotly_knows_every_property():
    go = pytest.importorskip("plotly.graph_objects")
    go.Figure(plot(np.random.default_rng(1).random((6, 4)))[1].plain())
