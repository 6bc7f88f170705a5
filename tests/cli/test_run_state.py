"""Counts of a run and the time left, against a clock that the test sets."""

from __future__ import annotations

import pytest
from example_runs import FAILED, OK, Clock, example

from mlffbench.cli.run_state import RunState, clock
from mlffbench.harness.execution.durations import Durations


def test_cases_are_counted_once_and_failures_among_them():
    one, two, three = (example(seed=k) for k in range(3))
    state = RunState([one, two, three], n_before=4)
    state.started(one)
    state.finished(one, OK)
    state.started(two)
    state.finished(two, FAILED)
    assert state.counts == "6 of 7 cases done, 1 failed"
    state.finished(three, OK)  # by another run
    assert (state.done, state.failed, state.running) == (7, 1, {})


def test_a_budget_says_when_a_running_case_ends():
    now = Clock()
    case = example(max_seconds=100)
    state = RunState([case], now=now)
    state.started(case)
    now.time = 30.0
    assert state.left(state.running[case.id]) == pytest.approx(100.0), "the budget begins with the fit"
    state.progressed(case, "epoch", 0, 50, {})
    now.time = 40.0
    state.progressed(case, "epoch", 25, 50, {})
    assert state.left(state.running[case.id]) == pytest.approx(10.0), "half of the epochs took 10 s"
    state.progressed(case, "epoch", 2, 50, {})
    assert state.left(state.running[case.id]) == pytest.approx(90.0), "the budget ends before the epochs do"


def test_the_time_left_weighs_cases_by_their_own_durations():
    now = Clock()
    cheap, dear = example("atomic_reference"), example("mace", max_seconds=1000)
    state = RunState([cheap, example("atomic_reference", seed=1), dear], now=now)
    assert state.left_in_all() == (1000.0, False)
    assert state.left_words == ["more than 16:40 left"]
    state.started(cheap)
    now.time = 2.0
    state.finished(cheap, OK)
    assert state.left_in_all() == (1002.0, True)
    assert RunState([cheap]).left_words == []


def test_tasks_added_to_a_finished_case_say_nothing_of_fits_nor_fits_of_them():
    now = Clock()
    added, fitted = example(), example(seed=1)
    state = RunState([added, fitted], now=now, added_to={added.id})
    state.started(added)
    now.time = 2.0
    state.finished(added, OK)
    assert state.left_words == [], "the tasks took 2 s, the fit is another thing"
    known = Durations()
    known.add(fitted, 600.0)
    state = RunState([added, fitted], durations=known, now=now, added_to={added.id})
    assert state.left_in_all() == (600.0, False)


def test_the_time_left_is_shared_by_jobs_but_no_shorter_than_the_longest_case():
    cases = [example("mace", seed=k, max_seconds=100) for k in range(4)]
    assert RunState(cases, jobs=2).left_in_all() == (200.0, True)
    assert RunState(cases[:1], jobs=2).left_in_all() == (100.0, True)


def test_a_case_that_outlasts_what_was_expected_has_no_estimate():
    now = Clock()
    case = example(max_seconds=10)
    state = RunState([case], durations=Durations(), now=now)
    state.started(case)
    state.progressed(case, "fit", 0, None, {})
    now.time = 20.0
    assert state.left(state.running[case.id]) is None
    assert state.left_in_all() == (0.0, False)


def test_words_for_people():
    assert [clock(seconds) for seconds in (0.4, 59.9, 60, 3600)] == ["0:00", "0:59", "1:00", "1:00:00"]
