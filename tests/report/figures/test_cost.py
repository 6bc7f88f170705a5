"""Accuracy against cost."""

from __future__ import annotations

from example_documents import outcome, without

from mlffbench.report.dataframes.frames import Frames
from mlffbench.report.figures.cost import cost_plots
from mlffbench.report.figures.style import palette_of
from mlffbench.report.results import Results


def drawn(documents):
    results = Results.from_documents(documents)
    (problem,) = results.problems
    frames = Frames.from_results(results)
    plots = cost_plots(problem, frames, palette_of(frames.leaderboard["method"]))
    return {trace.name for plot in plots for trace in plot.figure.data if trace.name}


def test_a_method_that_left_out_a_group_is_no_point_of_the_front():
    documents = [outcome("soap", 0.02), outcome("gap", 0.01), outcome("morse", 0.5)]
    assert drawn(documents) == {"soap", "gap", "morse"}
    without(documents, "gap", "test_1200K")
    assert drawn(documents) == {"soap", "morse"}
