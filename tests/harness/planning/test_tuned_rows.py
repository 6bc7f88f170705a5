"""Rows with ``search:``: their cases, labels, budgets and mistakes."""

from __future__ import annotations

import pytest

from mlffbench.harness.planning.plan import SuiteError
from mlffbench.harness.planning.planned_run import plan_run

DATA = {"dataset": {"lennard_jones": {"n_train": 2, "n_test": 1}}}


def planned(*estimators, **more):
    return plan_run({"name": "s", "problems": [DATA], "estimators": list(estimators), **more}).cases


def refusal(*estimators, **more):
    with pytest.raises(SuiteError) as caught:
        planned(*estimators, **more)
    return str(caught.value)


def test_a_row_with_a_search_is_tuned():
    (case,) = planned({"morse": {"n_starts": 1}, "as": "m", "search": {"trials": 5, "searcher": "random"}})
    assert case.label == "m (tuned)"
    assert case.estimator.name == "tuned"
    assert case.estimator.params == {"model": {"morse": {"n_starts": 1}}, "trials": 5, "searcher": "random"}
    (case,) = planned({"morse": None, "search": True})
    assert case.estimator.params == {"model": {"morse": {}}}
    assert case.id != planned("morse")[0].id


def test_a_search_of_the_suite_puts_a_tuned_row_beside_every_other_that_has_something_to_tune():
    rows = ["atomic_reference", "morse", {"bonded": {}, "search": False},
            {"stillinger_weber": {}, "search": {"trials": 3}}, {"tuned": {"model": "morse"}}]  # fmt: skip
    cases = planned(*rows, search={"trials": 4})
    assert [case.label for case in cases] == [
        "atomic_reference", "morse", "morse (tuned)", "bonded", "stillinger_weber (tuned)", "tuned",
    ]  # fmt: skip
    assert [case.estimator.params.get("trials") for case in cases] == [None, None, 4, None, 3, None]
    assert len(planned("morse", search=True)) == 2


def test_ids_of_rows_that_are_not_tuned_do_not_depend_on_searches():
    budget = {"tuning_trials": 9}
    assert planned("morse")[0].id == planned("morse", search=True, budget=budget)[0].id


def test_the_budget_limits_the_search():
    budget = {"tuning_trials": 9, "tuning_seconds": 60.0}
    (case,) = planned({"morse": {}, "search": {"trials": 5}}, budget=budget)
    assert case.estimator.params == {"model": {"morse": {}}, "trials": 5, "seconds": 60.0}
    assert case.budget == budget
    said = refusal({"morse": {}, "search": {"trials": 10}}, budget=budget)
    assert (
        said == "estimators[0].search.trials: trials 10 of the search is beyond the budget, tuning_trials: 9"
    )
    assert "search.seconds: seconds 61" in refusal("morse", search={"seconds": 61}, budget=budget)


def test_the_device_reaches_the_model_that_is_tuned():
    suite = {"name": "s", "problems": [DATA], "estimators": [{"morse": {}, "search": True}]}
    (case,) = plan_run(suite, device="cpu").cases
    assert case.estimator.params["model"] == {"morse": {"device": "cpu"}}


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"search": {"trals": 5}}, "unknown key 'trals'; did you mean 'trials'"),
        ({"search": {"trials": 0}}, "estimators[0].search.trials: trials must be a whole number"),
        ({"search": {"searcher": "best"}}, "search.searcher: searcher must be optuna, random, grid"),
        ({"search": {"validation": 1.5}}, "search.validation: validation must be a share"),
        ({"search": {"space": {"cutof": [1]}}}, "Morse has no 'cutof'; did you mean 'cutoff'"),
        ({"search": {"space": {"cutoff": [-1]}}}, "space: cutoff must be a number above 0"),
        ({"search": 5}, "must be true, false or a mapping with searcher, trials"),
    ],
)
def test_mistakes_in_a_search_are_one_line_each(row, sentence):
    said = refusal({"morse": {}, **row})
    assert sentence in said
    assert "\n" not in said


def test_there_must_be_something_to_search():
    assert "AtomicReference has nothing to tune" in refusal({"atomic_reference": {}, "search": True})
    assert "nothing to tune" in refusal({"morse": {"cutoff": 5.0}, "search": True})
    assert "tuned already" in refusal({"tuned": {"model": "morse"}, "search": True})
    assert "name the row's own space" in refusal("morse", search={"space": {"cutoff": [5]}})
