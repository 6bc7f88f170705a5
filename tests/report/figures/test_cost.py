"""Accuracy against cost."""

from __future__ import annotations

from example_documents import outcome, without

from mlffbench.report.dataframes.frames import Frames
from mlffbench.report.figures.cost import cost_plots
from mlffbench.report.figures.style import palette_of
from mlffbench.report.results import Results


def plots(documents):
    results = Results.from_documents(documents)
    (problem,) = results.problems
    frames = Frames.from_results(results)
    return cost_plots(problem, frames, palette_of(frames.leaderboard["method"]))


def drawn(documents):
    return {trace["name"] for plot in plots(documents) for trace in plot.figure.data if "name" in trace}


def test_a_method_that_left_out_a_group_is_no_point_of_the_front():
    documents = [outcome("soap", 0.02), outcome("gap", 0.01), outcome("morse", 0.5)]
    assert drawn(documents) == {"soap", "gap", "morse"}
    without(documents, "gap", "test_1200K")
    assert drawn(documents) == {"soap", "morse"}


def test_tuned_methods_have_a_front_of_their_own():
    documents = [outcome("soap", 0.04), outcome("mace", 0.02), outcome("mace (tuned)", 0.01)]
    documents[1]["timings"]["fit"]["seconds"] = 20.0
    documents[2]["case"]["estimator"] = {"name": "tuned", "params": {"model": "mace"}}
    documents[2]["timings"]["fit"]["seconds"] = 5.0  # better in both than all the others
    plot = plots(documents)[0]
    lines = [(t["x"].tolist(), t["y"].tolist()) for t in plot.figure.data if t["mode"] == "lines"]
    assert lines == [([10.0, 20.0], [40.0, 20.0]), ([5.0], [10.0])]
    assert "Tuned methods have a front of their own." in plot.caption
    assert "Tuned" not in plots(documents[:2])[0].caption


def test_only_the_front_is_named():
    documents = [outcome("soap", 0.02), outcome("mace", 0.01), outcome("slow", 0.03)]
    for document, seconds in zip(documents, (1.0, 5.0, 9.0), strict=True):
        document["timings"]["fit"]["seconds"] = seconds
    texts = {t["name"]: t.get("text") for t in plots(documents)[0].figure.data if "name" in t}
    assert texts == {"soap": ["soap"], "mace": ["mace"], "slow": None}


def test_times_measured_apart_are_on_no_front():
    documents = [outcome("soap", 0.04), outcome("mace", 0.02), outcome("gap", 0.03)]
    documents[1]["timings"]["fit"]["seconds"] = 20.0
    documents[2]["timings"]["fit"]["seconds"] = 1.0
    documents[2]["model"]["device"] = "cuda"  # faster and better than soap, on another machine
    plot = plots(documents)[0]
    (line,) = [t["x"].tolist() for t in plot.figure.data if t["mode"] == "lines"]
    assert line == [10.0, 20.0]
    assert "gap" in plot.caption
