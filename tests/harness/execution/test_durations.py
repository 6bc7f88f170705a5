"""Expected durations of cases."""

from __future__ import annotations

from dataclasses import replace

import pytest
from example_cases import case

from mlffbench.harness.execution.durations import Durations, budget


def document(case, seconds, status="ok"):
    timings = {"case": {"seconds": seconds}}
    return {"case": case.to_json(), "status": status, "timings": timings}


def test_the_likest_case_counts():
    known = Durations([document(case("morse", seed=1), 10.0), document(case("mace", seed=1), 1000.0)])
    assert known.expected(case("morse", seed=2)) == 10.0
    assert known.expected(case("mace", seed=2, max_seconds=50)) == 50.0, "another setting; its budget"
    assert known.expected(case("mace", seed=2, preset="large")) == 1000.0
    assert known.expected(case("soap_gpr")) == pytest.approx(505.0)


def test_nothing_known_is_none_and_failures_teach_nothing():
    assert Durations([document(case("morse"), 10.0, "failed")]).expected(case("morse", seed=1)) is None


def test_older_documents_know_the_time_of_the_fit():
    old = {**document(case("morse"), 0.0), "timings": {"fit": {"seconds": 7.0}, "predict": {}}}
    assert Durations([old]).expected(case("morse", seed=1)) == 7.0


def test_the_limit_bounds_what_is_expected():
    known = Durations(time_limit=5.0)
    known.add(case("morse"), 10.0)
    assert known.expected(case("morse", seed=1)) == 5.0


def test_a_budget_is_a_number():
    assert [budget(case("mace", max_seconds=s)) for s in (90, 1.5, None, True, "9")] == [
        90,
        1.5,
        None,
        None,
        None,
    ]


def test_the_budget_of_a_suite_is_the_one_of_its_methods():
    assert budget(replace(case("mace"), budget={"fit_seconds": 60})) == 60
    assert budget(replace(case("morse"), budget={"fit_seconds": 60})) is None
