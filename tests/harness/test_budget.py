"""Budgets: the same training part for every method, limits among keywords, and fits that take too long."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from example_cases import case

from mlffbench.data import Spec, Split
from mlffbench.harness.budget import beyond, fit_limit, training_part, within
from mlffbench.harness.run import run

SPLIT = Split(np.arange(10, 30), {"a": np.arange(5), "b": np.arange(5, 10)}, "a", {"block": 3})
NETWORK = {"mace": {"preset": "small"}}


def limited(name, budget, **params):
    return within(Spec(name, params), budget).params


# ---------------------------------------------------------------- labels
def test_a_budget_of_labels_is_a_part_of_the_training_set_drawn_by_the_seed():
    parts = {n: set(training_part(SPLIT, n, seed=3).train.tolist()) for n in (1, 5, 12)}
    assert {n: len(part) for n, part in parts.items()} == {1: 1, 5: 5, 12: 12}
    assert parts[1] < parts[5] < parts[12] < set(SPLIT.train.tolist())
    assert training_part(SPLIT, 5, seed=3).digest == training_part(SPLIT, 5, seed=3).digest
    assert training_part(SPLIT, 5, seed=3).digest != training_part(SPLIT, 5, seed=4).digest


def test_the_tests_stay_and_the_whole_split_is_named():
    part = training_part(SPLIT, 5, seed=3)
    assert (part.tests.keys(), part.in_domain) == (SPLIT.tests.keys(), "a")
    assert part.notes == {"block": 3, "part_of": SPLIT.digest}


@pytest.mark.parametrize("labels", [None, 20, 500])
def test_a_budget_of_all_labels_changes_nothing(labels):
    assert training_part(SPLIT, labels, seed=0) is SPLIT


def test_methods_of_a_seed_are_fitted_to_the_same_structures():
    budget = {"labels": 3}
    documents = [run(replace(case(name), budget=budget))[0] for name in ("morse", "atomic_reference")]
    splits = [document.split for document in documents]
    assert [split["n_train"] for split in splits] == [3, 3]
    assert splits[0]["digest"] == splits[1]["digest"]
    whole = run(case("atomic_reference"))[0].split
    assert (splits[0]["notes"]["part_of"], whole["n_train"]) == (whole["digest"], 6)


# ---------------------------------------------------------------- keywords
@pytest.mark.parametrize(
    ("name", "budget", "params", "expected"),
    [
        ("mace", {"fit_seconds": 60, "epochs": 9}, {}, {"max_seconds": 60, "max_epochs": 9}),
        ("mace", {"fit_seconds": 60}, {"max_seconds": 20}, {"max_seconds": 20}),
        ("mace", {"fit_seconds": 60}, {"max_seconds": None}, {"max_seconds": 60}),
        ("mace", {"labels": 60}, {"max_seconds": None}, {"max_seconds": None}),
        ("morse", {"fit_seconds": 60, "epochs": 9}, {"cutoff": 5.0}, {"cutoff": 5.0}),
        ("mace", None, {}, {}),
    ],
)
def test_limits_are_keywords_of_methods_that_have_them(name, budget, params, expected):
    assert limited(name, budget, **params) == expected


def test_models_inside_a_model_are_limited_too_and_share_the_time():
    inside = limited("committee", {"fit_seconds": 60, "epochs": 9}, model=NETWORK, n=3)
    keywords = {"preset": "small", "max_seconds": 20, "max_epochs": 9}
    assert inside == {"n": 3, "model": {"estimator": {"mace": keywords}}}
    assert limited("committee", {"epochs": 9}, model="morse") == {"model": "morse"}


@pytest.mark.parametrize("n", ["many", None, 0])
def test_a_wrong_number_of_members_is_left_to_those_who_refuse_it(n):
    spec = Spec("committee", {"n": n, "model": NETWORK})
    assert list(beyond(spec, None)) == list(beyond(spec, {"fit_seconds": 60})) == []


def test_keywords_beyond_the_budget_are_named_with_their_place():
    spec = Spec("committee", {"n": 2, "model": {"mace": {"max_seconds": 31, "max_epochs": 5}}})
    ((path, sentence),) = beyond(spec, {"fit_seconds": 60, "epochs": 5})
    assert path == ("committee", "model", "mace", "max_seconds")
    assert sentence.startswith("max_seconds 31 of mace is beyond the budget, fit_seconds: 30;")


@pytest.mark.parametrize(
    ("name", "params", "budget", "limit"),
    [
        ("morse", {}, {"fit_seconds": 60}, 60.0),
        ("mace", {}, {"fit_seconds": 60}, None),
        ("committee", {"model": "morse"}, {"fit_seconds": 60}, 60.0),
        ("committee", {"model": NETWORK}, {"fit_seconds": 60}, None),
        ("tuned", {"model": "morse"}, {"fit_seconds": 60}, 60.0 + 20 * 60),
        ("tuned", {"model": "morse"}, {"fit_seconds": 60, "tuning_trials": 9}, 60.0 + 9 * 60),
        ("tuned", {"model": "morse", "trials": 5}, {"fit_seconds": 60, "tuning_trials": 9}, 60.0 + 5 * 60),
        ("tuned", {"model": "morse"}, {"fit_seconds": 60, "tuning_seconds": 30}, 90.0),
        ("tuned", {"model": "morse", "seconds": 7}, {"fit_seconds": 60, "tuning_seconds": 30}, 67.0),
        ("tuned", {"model": "morse"}, {"tuning_seconds": 30}, None),
        ("tuned", {"model": "mace"}, {"fit_seconds": 60}, None),
        ("morse", {}, {"epochs": 60}, None),
        ("morse", {}, None, None),
    ],
)
def test_a_method_that_does_not_watch_the_clock_is_watched(name, params, budget, limit):
    assert fit_limit(Spec(name, params), budget) == limit


def test_a_fit_that_takes_longer_than_its_budget_is_no_measurement(tmp_path):
    slow = case("helpers:Steady", log=str(tmp_path / "log"), seconds=30.0)
    outcome, predictions = run(replace(slow, budget={"fit_seconds": 0.2}))
    assert (outcome.status, predictions, outcome.scores) == ("failed", None, ())
    assert outcome.failure["kind"] == "timed out"
    assert "the fit took longer than its budget of 0.2 s" in outcome.failure["message"]
    assert "finished" not in (tmp_path / "log").read_text()


def test_a_network_ends_with_its_budget():
    network = case("behler_parrinello", cutoff=4.5, hidden=[4])
    outcome, _ = run(replace(network, budget={"epochs": 2}))
    assert (outcome.failure, outcome.model["epochs"]) == (None, 2)
