"""Search, final fit, resuming and failures of tuned models."""

from __future__ import annotations

import builtins

import numpy as np
import pytest
from example_tunable import Tunable, argon
from scipy.stats import uniform
from sklearn.base import clone
from sklearn.model_selection import cross_val_score

from mlffbench.estimators import Committee, Tuned
from mlffbench.estimators.tuning.trials import Trials
from mlffbench.harness.planning.planned_run import plan_run
from mlffbench.harness.run import run
from mlffbench.system import checkpoint, earlier_work, progress

SHORT = {"trials": 8, "random_state": 0}


@pytest.fixture(autouse=True)
def count():
    Tunable.fits.clear()
    return Tunable.fits


@pytest.mark.parametrize(
    "searcher",
    [
        "optuna",
        "random",
        "grid",
        "sklearn.model_selection:RandomizedSearchCV",
        "sklearn.model_selection:HalvingRandomSearchCV",
        "sklearn.model_selection:HalvingGridSearchCV",
    ],
)
def test_the_best_setting_is_fitted_to_all_frames(searcher, count):
    frames, labels = argon()
    model = Tuned(Tunable(), searcher, **SHORT).fit(frames, labels)
    first, *others = model.history_
    assert first["params"] == {}
    assert len(others) >= 2
    complete = [row for row in model.history_ if row["n_train"] == 16]
    best = min(complete, key=lambda row: row["error"])
    assert model.best_params_ == best["params"]
    assert model.model_.factor == pytest.approx(best["params"]["factor"])
    assert model.best_error_ < model.default_error_
    assert model.quantity_ == "forces"
    assert len(count) == len(model.history_) + 1  # and the final fit
    assert len(model.history_) <= 8
    assert {row["state"] for row in model.history_} == {"complete"}
    assert model.tuning_["trials"] == model.tuning_["complete"] == len(model.history_)
    scale = model.predict(frames).forces[3] / labels.forces[3]
    assert scale == pytest.approx(model.model_.factor)


@pytest.mark.parametrize("trials", [4, 7, 15])
def test_halving_keeps_to_its_trials_and_ends_with_all_frames(trials):
    halving = "sklearn.model_selection:HalvingRandomSearchCV"
    model = Tuned(Tunable(), halving, trials=trials, random_state=0).fit(*argon())
    assert len(model.history_) <= trials
    assert (model.history_[-1]["n_train"], model.history_[-1]["state"]) == (16, "complete")


def test_halving_starts_no_trial_after_the_time(monkeypatch):
    monkeypatch.setattr(Trials, "_left", lambda self: 3 - len(self.rows))
    halving = "sklearn.model_selection:HalvingRandomSearchCV"
    model = Tuned(Tunable(), halving, trials=15, random_state=0).fit(*argon())
    assert len(model.history_) == 3


def test_the_defaults_win_where_nothing_is_better():
    model = Tuned(Tunable(1.0), "optuna", space={"factor": [2.0, 3.0]}, **SHORT).fit(*argon())
    assert model.best_params_ == {}
    assert model.model_.factor == 1.0
    assert model.best_error_ == model.default_error_ < 1e-6


def test_the_same_seed_gives_the_same_trials():
    frames, labels = argon()
    drop = lambda model: [{k: v for k, v in row.items() if k != "seconds"} for row in model.history_]
    runs = [Tuned(Tunable(), **SHORT, space={"factor": uniform(0, 2)}) for _ in range(2)]
    one, other = (drop(model.fit(frames, labels)) for model in runs)
    assert one == other
    assert one != drop(Tuned(Tunable(), trials=8, random_state=1).fit(frames, labels))


def test_tpe_comes_nearer_than_chance():
    frames, labels = argon(8)
    errors = {
        searcher: np.mean([
            Tuned(Tunable(), searcher, trials=30, random_state=seed).fit(frames, labels).best_error_
            for seed in range(3)
        ])
        for searcher in ("optuna", "random")
    }  # fmt: skip
    assert errors["optuna"] < errors["random"]


# ---------------------------------------------------------------- trials that do not end well
def test_failed_trials_are_counted_and_lose():
    model = Tuned(Tunable(), "grid", space={"factor": [-1.0, 2.0]}, **SHORT).fit(*argon())
    states = [row["state"] for row in model.history_]
    assert states == ["complete", "failed", "complete"]
    assert model.history_[1]["failure"]["kind"] == "diverged"
    assert model.best_params_ == {"factor": 2.0}
    assert model.tuning_["failed"] == 1


def test_the_search_fails_as_its_first_trial_if_all_fail():
    model = Tuned(Tunable(-1.0), "grid", space={"factor": [-2.0]}, **SHORT)
    with pytest.raises(FloatingPointError, match=r"all 2 trials failed; .* own parameters: .*diverged"):
        model.fit(*argon())


def test_a_network_that_is_worse_than_the_median_ends_early():
    frames, labels = argon()
    space = {"factor": uniform(0.0, 4.0)}
    model = Tuned(Tunable(1.5, epochs=40), space=space, trials=20, random_state=0).fit(frames, labels)
    assert model.tuning_["pruned"] > 2
    ended = [row for row in model.history_ if row["state"] == "pruned"]
    assert all("error" not in row for row in ended)
    best = min(abs(row["params"].get("factor", 1.5) - 1) for row in model.history_)
    assert all(abs(row["params"]["factor"] - 1) > best for row in ended)
    assert abs(model.model_.factor - 1) == best


def test_losses_of_several_scales_are_not_compared():
    space = {"factor": uniform(0.0, 4.0), "forces_weight": [1.0, 10.0]}
    model = Tuned(Tunable(1.5, epochs=40), space=space, trials=20, random_state=0).fit(*argon())
    assert model.tuning_["pruned"] == 0


def test_no_trial_starts_after_the_time():
    model = Tuned(Tunable(), seconds=1e-9, random_state=0).fit(*argon())
    assert len(model.history_) == 1
    assert model.best_params_ == {}


def test_a_network_stops_when_the_time_is_over():
    model = Tuned(Tunable(epochs=5), seconds=1e-9, random_state=0).fit(*argon())
    assert [row["state"] for row in model.history_] == ["out of time"]
    assert model.best_error_ is None
    assert model.model_.factor == 3.0


# ---------------------------------------------------------------- killed and continued
class Killed(BaseException):
    pass


@pytest.mark.parametrize("searcher", ["optuna", "random"])
def test_a_killed_search_goes_on_with_the_same_trials(searcher, tmp_path, count):
    frames, labels = argon()
    space = {"factor": {"uniform": [0.0, 4.0]}}
    model = Tuned(Tunable(1.5, epochs=30), searcher, trials=16, space=space, random_state=0)
    whole = clone(model).fit(frames, labels)
    n_fits = len(count)

    def kill(stage, step, total, values):
        if stage == "trial" and step == 9:
            raise Killed

    with checkpoint.keep_in(tmp_path):
        with pytest.raises(Killed), progress.listen(kill):
            clone(model).fit(frames, labels)
        count.clear()
        resumed = clone(model).fit(frames, labels)
    params = lambda model: [(row["params"], row["state"], row.get("error")) for row in model.history_]
    assert params(resumed) == params(whole)
    assert resumed.best_params_ == whole.best_params_
    assert len(count) == n_fits - 9
    kept = sum(row["seconds"] for row in resumed.history_)
    assert resumed.tuning_seconds_ == pytest.approx(kept)


def test_a_killed_case_goes_on_and_charges_the_time_before(tmp_path, monkeypatch):
    data = {"dataset": {"lennard_jones": {"n_train": 10, "n_test": 1}}}
    search = {"searcher": "grid", "space": {"cutoff": [4.0, 5.0, 6.0]}}
    row = {"morse": {"max_iterations": 1, "n_starts": 1}, "search": search}
    (case,) = plan_run({"name": "s", "problems": [data], "estimators": [row]}).cases

    def kill(stage, step, total, values):
        if stage == "trial" and step == 3:
            raise Killed

    with checkpoint.keep_in(tmp_path):
        with monkeypatch.context() as another_process, progress.listen(kill):
            another_process.setattr(earlier_work, "process", lambda: {"pid": 0})
            with pytest.raises(Killed):
                run(case)
        outcome, _ = run(case)
    assert outcome.failure is None
    tuning, fit = outcome.model["tuning"], outcome.timings["fit"]
    assert (tuning["trials"], tuning["complete"], tuning["searcher"]) == (4, 4, "grid")
    assert fit["resumed"] == 1
    assert fit["seconds"] > tuning["seconds"] > 0
    assert [row["trial"] for row in outcome.history] == [0, 1, 2, 3]


# ---------------------------------------------------------------- groups, scikit-learn, other models
def test_groups_judge_as_wholes():
    frames, labels = argon()
    groups = np.repeat(["a", "b", "c", "d"], 5)
    model = Tuned(Tunable(), "grid", space={"factor": [1.0, 2.0]}, random_state=0)
    model.fit(frames, labels, groups=groups)
    assert [row["n_train"] for row in model.history_] == [15, 15, 15]
    with pytest.raises(ValueError, match="groups has 3 values for 20 frames"):
        model.fit(frames, labels, groups=["a", "b", "c"])


def test_scikit_learn_takes_it():
    frames, labels = argon()
    model = Tuned(Tunable(), "random", trials=3, random_state=0)
    assert len(cross_val_score(model, frames, labels, cv=2, scoring=lambda m, X, y: m.best_error_)) == 2
    assert clone(model).set_params(model__factor=2.0).model.factor == 2.0


def test_the_models_inside_a_model_are_searched():
    model = Tuned(Committee(Tunable(), n=2), "random", trials=4, random_state=0).fit(*argon(6))
    assert set(model.history_[1]["params"]) == {"fraction", "model__factor"}
    assert model.model_.members_[1].factor == model.best_params_["model__factor"]


def test_too_few_frames_to_hold_one_out_are_fitted_with_the_defaults():
    frames, labels = argon(2)
    assert Tuned(Tunable(), random_state=0).fit(frames[:1], labels[:1]).history_ == []


# ---------------------------------------------------------------- refusals
@pytest.mark.parametrize(
    ("model", "settings", "sentence"),
    [
        ("atomic_reference", {}, "AtomicReference has nothing to tune; name parameters in 'space'"),
        (Tunable(2.0), {}, "Tunable has nothing to tune"),
        ("morse", {"space": {"cutof": [3.0]}}, "Morse has no 'cutof'; did you mean 'cutoff'"),
        ("morse", {"space": {"cutoff": [3.0, -1.0]}}, "space: cutoff must be a number above 0"),
        ("morse", {"space": {"cutoff": uniform(-1, 3)}}, "space: cutoff must be a number above 0"),
        ("morse", {"space": {"n_starts": {"uniform": [1, 3]}}}, "space: n_starts must be a whole number"),
        ("morse", {"space": {"cutoff": 5.0}}, "space: cutoff must be a list of values or one of"),
        ("morse", {"searcher": "best"}, "searcher must be optuna, random, grid"),
        ("morse", {"searcher": "os:system"}, "searcher must be optuna, random, grid"),
        (Tunable(), {"searcher": "grid", "trials": 2}, r"grid of factor has 3 points, .* trials=2"),
        (
            Tunable(), {"searcher": "sklearn.model_selection:HalvingRandomSearchCV", "trials": 3},
            "HalvingRandomSearchCV needs trials=4 or more, not 3",
        ),
        (Tunable(), {"validation": 20}, "validation=20 leaves no frame of 20 to fit"),
        (Tunable(), {"searcher": "sklearn.model_selection:NoSearchCV"}, "no searcher 'NoSearchCV'"),
    ],
)  # fmt: skip
def test_what_cannot_be_searched_is_refused_in_a_sentence(model, settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        Tuned(model, **settings).fit(*argon())


def test_a_missing_optuna_is_named_with_its_extra(monkeypatch):
    original = builtins.__import__

    def without(name, *place):
        if name.partition(".")[0] == "optuna":
            raise ImportError(name)
        return original(name, *place)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"needs optuna: pip install 'mlffbench\[search\]'"):
        Tuned(Tunable()).import_libraries()
    Tuned(Tunable(), "random").import_libraries()
