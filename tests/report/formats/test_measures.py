"""Measures of the first screen."""

from __future__ import annotations

from example_documents import failed, outcome, without

from mlffbench.report.dataframes.frames import Frames
from mlffbench.report.formats.measures import measures, words
from mlffbench.report.results import Results


def board(documents):
    results = Results.from_documents(documents)
    frames = Frames.from_results(results)
    labels = list(dict.fromkeys(frames.leaderboard["method"]))
    content = [(problem, frames.of_problem(problem.name)) for problem in results.problems]
    made = {measure.id: measure for measure in measures(results, content, labels)}
    return made, labels, words(results.problems, labels)


def test_errors_bring_interval_and_rank_and_failures_are_words():
    made, labels, states = board([outcome("soap", 0.02), outcome("mace", 0.05), failed("gap")])
    forces = dict(zip(labels, made["forces"].values[0], strict=True))
    assert forces == {"soap": [20, 18, 22, "", "1"], "mace": [50, 45, 55, "", "2"], "gap": None}
    assert dict(zip(labels, states[0], strict=True)) == {"soap": "", "mace": "", "gap": "out of memory"}


def test_the_worst_group_is_absolute_and_named():
    made, labels, _ = board([outcome("soap", 0.02, hot=9.0), outcome("mace", 0.05, hot=2.0)])
    worst = dict(zip(labels, made["worst"].values[0], strict=True))
    assert worst["soap"] == [180, 162, 198, "test_1200K", "2"]
    assert worst["mace"] == [100, 90, 110, "test_1200K", "1"]


def test_a_method_that_left_out_a_group_has_no_rank_and_says_so():
    documents = [outcome("soap", 0.02), outcome("mace", 0.05)]
    without(documents, "soap", "test_1200K")
    made, labels, states = board(documents)
    place = labels.index("soap")
    assert made["forces"].values[0][place][4] is None
    assert made["worst"].values[0][place] is None
    assert states[0][place] == "without test_1200K"


def test_times_of_other_conditions_and_of_tuned_methods_have_no_rank():
    documents = [outcome(label) for label in ("a", "b", "c", "tuned one")]
    documents[3]["case"]["estimator"] = {"name": "tuned", "params": {"model": "a"}}
    documents[2]["provenance"]["machine"] = {"cpu": "other", "cores": 64}
    made, labels, _ = board(documents)
    ranks = {label: entry[3:] for label, entry in zip(labels, made["fit_time"].values[0], strict=True)}
    assert ranks == {"a": ["", "1"], "b": ["", "1"], "c": ["§", None], "tuned one": ["", None]}
