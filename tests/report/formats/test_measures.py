"""Measures of the first screen."""

from __future__ import annotations

from example_documents import failed, measured, outcome, without

from mlffbench.report.dataframes.frames import Frames
from mlffbench.report.formats.measures import MEASURES, measures, words
from mlffbench.report.results import Results
from mlffbench.report.verdict.orders import CHOICES, MORE, ORDERS


def with_task(label, error, c11):
    """A method with errors on every group, and with the numbers of a task."""
    document = outcome(label, error)
    scores = [score for score in measured(label, c11)["scores"] if score.get("task")]
    return {**document, "scores": [*document["scores"], *scores]}


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


def test_tasks_passed_and_cost_at_equal_error_are_orders_of_the_matrix():
    documents = [with_task("good", 0.02, 151.0), with_task("bad", 0.03, 300.0), outcome("far", 0.5)]
    made, labels, _ = board(documents)
    passed = made["tasks_passed"]
    assert passed.more_is_better
    own = dict(zip(labels, passed.values[0], strict=True))
    assert own["good"][0] > own["bad"][0]
    assert own["good"][4] == "1"
    assert own["far"] == [0, None, None, "", "2"]
    costs = dict(zip(labels, made["cost_at_error"].values[0], strict=True))
    assert costs["good"] == [100, None, None, "", "1"]
    assert costs["far"] == [None, None, None, "more than twice the least error", None]


def test_every_order_of_merit_is_a_measure_and_a_word_of_the_command_line():
    assert set(MEASURES) == {*ORDERS, *MORE} == set(CHOICES.values())
    made, _, _ = board([with_task("good", 0.02, 151.0), outcome("a")])
    assert set(made) == set(MEASURES.values())
