"""The best of the kept models, and those that are removed."""

from __future__ import annotations

import pytest
from example_cases import case

from mlffbench.harness.documents.kept_models import best_models, discard_models, kept_bytes, largest_model
from mlffbench.harness.documents.store import Store
from mlffbench.harness.outcome import Outcome

CASES = [case(number, cutoff=cutoff, seed=seed) for seed in (0, 1) for number, cutoff in
         (("morse", 4.0), ("morse", 5.0), ("lennard_jones", 5.0))]  # fmt: skip


def score(quantity, value):
    return {"test": "test", "quantity": quantity, "metric": "rmse", "value": value}


def stored(tmp_path, rows):
    """A store in which each case has a model of 10 bytes and these errors."""
    store = Store(tmp_path / "r")
    for wanted, scores in zip(CASES, rows, strict=True):
        file = tmp_path / "m.mlff"
        file.write_bytes(b"0123456789")
        split = {"in_domain": "test", "tests": {"test": 3, "hot": 3}}
        store.save({**Outcome(wanted).to_json(), "split": split, "scores": scores}, model=file)
    return store


FORCES = [[score("forces", v), score("energy_per_atom", e)] for v, e in
          ((0.3, 0.1), (0.2, 0.2), (0.4, 0.0), (0.1, 0.3), (0.2, 0.1), (0.3, 0.2))]  # fmt: skip
ENERGIES = [rows[1:] for rows in FORCES]


@pytest.mark.parametrize(("rows", "best"), [(FORCES, {1, 3}), (ENERGIES, {2, 4}), ([[]] * 6, set(range(6)))])
def test_the_best_model_of_each_problem_and_seed(tmp_path, rows, best):
    assert best_models(stored(tmp_path, rows), CASES) == {CASES[i].id for i in best}


def test_all_but_the_best_are_removed(tmp_path):
    store = stored(tmp_path, FORCES)
    assert discard_models(store, CASES, "small") == discard_models(store, CASES, "all") == []
    removed = discard_models(store, CASES, "best")
    assert [(one.case, one.size) for one in removed] == [(CASES[i], 10) for i in (0, 2, 4, 5)]
    assert kept_bytes(store, CASES) == [10, 10]
    assert store.missing_model(CASES[0].id) == "keep_models: best"
    assert discard_models(store, CASES, "best") == []
    assert len(discard_models(store, CASES, "none")) == 2
    assert kept_bytes(store, CASES) == []


def test_sizes_that_are_kept():
    assert [largest_model(keep) for keep in ("small", "all", "best", "none")] == [50_000_000, None, None, 0]


def test_the_best_tuned_model_stays_beside_the_best_of_the_others(tmp_path):
    store = Store(tmp_path / "r")
    search = {"model": "morse", "trials": 2}
    cases = [case("morse", cutoff=4.0), case("morse", cutoff=5.0), case("tuned", **search),
             case("tuned", **search, searcher="random")]  # fmt: skip
    for wanted, error in zip(cases, (0.4, 0.3, 0.2, 0.1), strict=True):
        file = tmp_path / "m.mlff"
        file.write_bytes(b"0123456789")
        split = {"in_domain": "test", "tests": {"test": 3}}
        document = {**Outcome(wanted).to_json(), "split": split, "scores": [score("forces", error)]}
        store.save(document, model=file)
    assert best_models(store, cases) == {cases[1].id, cases[3].id}
