"""Rows with ``search:``: their cases, labels, budgets and mistakes."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from mlffbench.data import Spec
from mlffbench.harness.planning import requirements
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


# ---------------------------------------------------------------- rows whose estimator is the search
def test_the_budget_limits_a_row_that_is_the_search_itself():
    budget = {"tuning_trials": 9, "tuning_seconds": 60.0}
    (case,) = planned({"tuned": {"model": "morse", "seconds": 5.0, "trials": None}}, budget=budget)
    assert case.estimator.params == {"model": "morse", "seconds": 5.0, "trials": 9}
    said = refusal({"tuned": {"model": "morse", "trials": 10}}, budget=budget)
    expected = "trials 10 of the search is beyond the budget, tuning_trials: 9"
    assert said == f"estimators[0].tuned.trials: {expected}"


@pytest.mark.parametrize(
    "row",
    [
        {"committee": {"model": {"tuned": {"model": "morse"}}}},
        {"committee": {"model": {"committee": {"model": {"tuned": {"model": "morse"}}}}}},
        {"delta_learning": {"model": {"tuned": {"model": "morse"}}, "baseline": {"calculator": "emt"}}},
    ],
)
def test_a_search_inside_a_model_has_no_budget_of_its_own(row):
    said = refusal(row, budget={"tuning_trials": 9})
    assert "the budget, tuning_trials: 9, does not reach the search inside" in said
    assert "\n" not in said
    assert len(planned(row, budget={"labels": 2})) == 1


@pytest.mark.parametrize(
    ("row", "place"),
    [
        (
            {"behler_parrinello": {}, "search": {"space": {"max_epochs": [9]}}},
            "search.space.max_epochs",
        ),
        (
            {"committee": {"model": "behler_parrinello"}, "search": {"space": {"model__max_epochs": [9]}}},
            "search.space.model__max_epochs",
        ),
        (
            {"tuned": {"model": "behler_parrinello", "space": {"max_epochs": [9]}}},
            "tuned.space.max_epochs",
        ),
    ],
)
def test_what_the_budget_sets_is_in_no_space(row, place):
    said = refusal(row, budget={"epochs": 60})
    key = place.rpartition(".")[2]
    assert said == f"estimators[0].{place}: {key} belongs to the budget, epochs: 60, not to the space"
    assert len(planned(row, budget={"labels": 2})) == 1


# ---------------------------------------------------------------- labels, switches, packages
def test_labels_of_tuned_rows_are_compared_too():
    other = {"buckingham": {}, "as": "morse (tuned)"}
    assert "'morse (tuned)' appears twice" in refusal("morse", other, search=True)
    assert len(planned("morse", {"buckingham": {}, "as": "morse (tuned)", "search": False})) == 2
    assert "'morse (tuned)' appears twice" in refusal("morse", {"morse": {}, "search": True}, search=True)
    both = planned("morse", {"morse": {}, "search": True})
    assert [case.label for case in both] == ["morse", "morse (tuned)"]
    assert "'morse' appears twice" in refusal("morse", "morse")


def test_a_suite_may_say_that_nothing_is_searched():
    assert [case.label for case in planned("morse", search=False)] == ["morse"]
    assert planned("morse", search=False)[0].id == planned("morse")[0].id


def test_a_missing_optuna_is_named_before_the_run(monkeypatch):
    lacking = lambda name: None if name == "optuna" else find_spec(name)
    monkeypatch.setattr(requirements, "find_spec", lacking)
    sentence = "estimator 'tuned' needs optuna, not installed here: pip install 'mlffbench[search]'"
    unmet = lambda **params: list(requirements.unmet_requirements("estimators", Spec("tuned", params)))
    assert unmet(model="morse") == unmet(model="morse", searcher="optuna") == [((), sentence)]
    assert unmet(model="morse", searcher="random") == []
    inside = requirements.unmet_requirements("estimators", Spec("committee", {"model": {"tuned": {}}}))
    assert [said for _, said in inside] == [sentence]
