"""Measures of the first screen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from example_documents import failed, measured, outcome, without

from mlffbench.report.dataframes.frames import Frames
from mlffbench.report.formats.measures import MEASURES, measures, words
from mlffbench.report.results import Results
from mlffbench.report.unfinished import UnfinishedCase
from mlffbench.report.verdict.board import Board
from mlffbench.report.verdict.orders import CHOICES, MORE, ORDERS
from mlffbench.report.wording import plain


def with_task(label, error, c11):
    """A method with errors on every group, and with the numbers of a task."""
    document = outcome(label, error)
    scores = [score for score in measured(label, c11)["scores"] if score.get("task")]
    return {**document, "scores": [*document["scores"], *scores]}


def energies(label, error):
    """A method on another dataset, whose labels are energies."""
    document = outcome(label, error)
    document["case"]["dataset"] = {"name": "energies", "params": {}}
    groups = [{**s, "quantity": "energy_per_atom", "unit": "eV/atom"} for s in document["scores"][:2]]
    return {**document, "id": f"{label}-energies", "scores": groups}


def board(documents, unfinished=()):
    results = replace(Results.from_documents(documents), unfinished=tuple(unfinished))
    frames = Frames.from_results(results)
    labels = list(dict.fromkeys(frames.leaderboard["method"]))
    boards = [Board(problem, frames.of_problem(problem.name)) for problem in results.problems]
    made = {measure.id: measure for measure in measures(results, boards, labels)}
    return made, labels, words(results, labels)


def test_errors_bring_interval_and_rank_and_failures_are_words():
    made, labels, states = board([outcome("soap", 0.02), outcome("mace", 0.05), failed("gap")])
    forces = dict(zip(labels, made["error"].values[0], strict=True))
    assert forces == {"soap": [20, 18, 22, "", "1"], "mace": [50, 45, 55, "", "2"], "gap": None}
    assert dict(zip(labels, states[0], strict=True)) == {"soap": "", "mace": "", "gap": "out of memory"}


@pytest.mark.parametrize("error", [9.415285, 63.9491, 28.15285, 42.65101])
def test_an_error_has_the_three_digits_that_tables_give_it(error):
    """Of four digits, 9.415 and 63.95, the third would be rounded another way."""
    made, labels, _ = board([outcome("soap", 1e-3 * error)])
    assert plain(made["error"].values[0][labels.index("soap")][0]) == plain(error)


def test_the_worst_group_is_absolute_and_named():
    made, labels, _ = board([outcome("soap", 0.02, hot=9.0), outcome("mace", 0.05, hot=2.0)])
    worst = dict(zip(labels, made["worst"].values[0], strict=True))
    assert worst["soap"] == [180, 162, 198, "test_1200K", "2"]
    assert worst["mace"] == [100, 90, 110, "test_1200K", "1"]


def test_the_error_that_ranks_is_of_the_energies_where_a_problem_has_no_forces():
    made, labels, _ = board([outcome("soap", 0.02), energies("soap", 0.003), energies("mace", 0.0015)])
    error = made["error"]
    assert error.units == ["meV/Å", "meV/atom"]
    assert error.unit == "meV/Å or meV/atom"
    assert error.limits == [(50, 200), (1, 10)]
    assert "of the force or, on problems without forces, of the energy on" in error.sentence
    by_problem = [dict(zip(labels, values, strict=True)) for values in error.values]
    assert by_problem == [
        {"soap": [20, 18, 22, "", "1"], "mace": None},
        {"soap": [3, 2.7, 3.3, "", "2"], "mace": [1.5, 1.35, 1.65, "", "1"]},
    ]


def test_the_worst_group_is_of_the_quantity_that_ranks():
    made, labels, _ = board([outcome("soap", 0.02), energies("soap", 0.003)])
    assert made["worst"].units == ["meV/Å", "meV/atom"]
    assert [values[labels.index("soap")] for values in made["worst"].values] == [
        [60, 54, 66, "test_1200K", "1"],
        [9, 8.1, 9.9, "test_1200K", "1"],
    ]


@pytest.mark.parametrize("measure", ["error", "worst", "fit_time", "peak_memory"])
def test_a_row_on_other_frames_is_shown_and_not_ranked(measure):
    documents = [outcome("a", 0.02), outcome("b", 0.03), outcome("other", 0.001)]
    documents[2]["split"]["digest"] = "another"
    made, labels, _ = board(documents)
    own = dict(zip(labels, made[measure].values[0], strict=True))
    assert own["other"][0] > 0
    assert own["other"][4] is None
    assert own["a"][4] == "1"


def test_cases_that_run_or_wait_say_so_where_the_method_has_no_document():
    documents = [outcome("soap"), energies("soap", 0.003), outcome("mace"), failed("gap")]
    names = [problem.name for problem in Results.from_documents(documents).problems]
    unfinished = [
        UnfinishedCase(names[0], "soap", 1, "waiting"),
        UnfinishedCase(names[0], "gap", 1, "waiting"),
        UnfinishedCase(names[1], "mace", 0, "running"),
        UnfinishedCase(names[1], "mace", 1, "waiting"),
    ]
    _, labels, states = board(documents, unfinished)
    assert [dict(zip(labels, own, strict=True)) for own in states] == [
        {"soap": "", "mace": "", "gap": "out of memory"},
        {"soap": "", "mace": "running", "gap": "not run"},
    ]


def test_a_method_that_left_out_a_group_has_no_rank_and_says_so():
    documents = [outcome("soap", 0.02), outcome("mace", 0.05)]
    without(documents, "soap", "test_1200K")
    made, labels, states = board(documents)
    place = labels.index("soap")
    assert made["error"].values[0][place][4] is None
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
