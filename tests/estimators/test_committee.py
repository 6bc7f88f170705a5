"""Committees: mean and spread of the members; models inside models in suites and in scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import molecule
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV

from mlffbench import testing
from mlffbench.data import Labels, Spec
from mlffbench.datasets.lennard_jones import lennard_jones
from mlffbench.estimators import AtomicReference, BehlerParrinello, Morse
from mlffbench.estimators.committee import Committee
from mlffbench.harness.case import Case
from mlffbench.harness.outcome import Outcome
from mlffbench.harness.planning.plan import SuiteError, cases
from mlffbench.harness.planning.read_suite import read_suite
from mlffbench.harness.run import run
from mlffbench.metrics import neg_forces_rmse

QUICK = {"cutoff": 4.5, "max_iterations": 5}


class Echo(AtomicReference):
    """Keeps its training frames and labels."""

    def __init__(self, random_state=None, atomic_energies=None):
        super().__init__(atomic_energies)
        self.random_state = random_state

    def _fit(self, frames, labels):
        super()._fit(frames, labels)
        self.frames_, self.labels_ = frames, labels

    def _partial_fit(self, frames, labels):
        self.more_ = labels


@pytest.fixture(scope="module")
def argon():
    return lennard_jones(n_train=12, n_test=6)


@pytest.fixture(scope="module")
def fitted(argon):
    return Committee({"morse": QUICK}, n=3, random_state=0).fit(argon.frames[:12], argon.labels[:12])


# ---------------------------------------------------------------- mean and spread
def test_mean_and_spread_are_those_of_the_members(argon, fitted):
    frames = argon.frames[12:15]
    votes = [m.predict(frames) for m in fitted.members_]
    labels = fitted.predict(frames)
    energies = np.array([v.energy for v in votes])
    reference = fitted.atomic_energies_["Ar"] * np.array([len(a) for a in frames])
    np.testing.assert_allclose(labels.energy, energies.mean(0) + reference)
    np.testing.assert_allclose(labels.energy_std, energies.std(0, ddof=1))
    for k in range(3):
        forces = np.array([v.forces[k] for v in votes])
        np.testing.assert_allclose(labels.forces[k], forces.mean(0))
        np.testing.assert_allclose(labels.forces_std[k], forces.std(0, ddof=1))
        np.testing.assert_allclose(labels.stress[k], np.mean([v.stress[k] for v in votes], axis=0))
    assert (labels.energy_std > 0).all()


def test_members_disagree_more_where_the_data_end(argon, fitted):
    groups = argon.columns["group"]
    spread = {
        g: np.mean(fitted.predict([argon.frames[i] for i in np.flatnonzero(groups == g)]).energy_std)
        for g in ("train", "test_strain")
    }
    assert spread["test_strain"] > spread["train"]


def test_the_reference_is_subtracted_once(argon):
    model = Committee(Echo(), n=2, resample="none", atomic_energies={"Ar": -3.0})
    model.fit(argon.frames[:4], argon.labels[:4])
    for member in model.members_:
        expected = argon.labels.energy[:4] + 3.0 * len(argon.frames[0])
        np.testing.assert_allclose(np.sort(member.labels_.energy), np.sort(expected))
        assert member.atomic_energies_ == {"Ar": 0.0}


# ---------------------------------------------------------------- what members see
def parts(argon, **params):
    """Indices of each member's training frames."""
    model = Committee(Echo(), n=5, random_state=0, **params).fit(argon.frames[:10], argon.labels[:10])
    index = {id(a): i for i, a in enumerate(argon.frames)}
    return [sorted(index[id(a)] for a in m.frames_) for m in model.members_]


def test_a_subsample_is_drawn_without_replacement(argon):
    samples = parts(argon, fraction=0.7)
    assert all(len(set(p)) == len(p) == 7 for p in samples)
    assert len({tuple(p) for p in samples}) > 1
    assert samples == parts(argon, fraction=0.7)


def test_a_bootstrap_is_drawn_with_replacement(argon):
    samples = parts(argon, resample="bootstrap")
    assert all(len(p) == 10 for p in samples)
    assert all(len(set(p)) < 10 for p in samples)


def test_without_resampling_only_seeds_differ(argon):
    assert parts(argon, resample="none") == [list(range(10))] * 5
    model = Committee(Echo(random_state=7), n=5, random_state=0, resample="none")
    seeds = [m.random_state for m in model.fit(argon.frames[:4], argon.labels[:4]).members_]
    assert len(set(seeds)) == 5
    assert seeds == [m.random_state for m in clone(model).fit(argon.frames[:4], argon.labels[:4]).members_]
    same = Committee({"morse": QUICK}, n=2, resample="none").fit(argon.frames[:4], argon.labels[:4])
    assert same.predict(argon.frames[:2]).energy_std == pytest.approx([0.0, 0.0], abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_every_member_sees_every_element(seed):
    cells = testing.alloys()
    model = Committee(Echo(), n=4, fraction=0.2, random_state=seed).fit(cells.frames, cells.labels)
    assert all(m.elements_ == ["Ni", "Cu", "Au"] for m in model.members_)


def test_labels_stay_with_their_frames():
    cells = testing.alloys()
    model = Committee(Echo(), n=2, resample="bootstrap", random_state=0).fit(cells.frames, cells.labels)
    index = {id(a): i for i, a in enumerate(cells.frames)}
    for member in model.members_:
        for atoms, forces in zip(member.frames_, member.labels_.forces, strict=True):
            np.testing.assert_array_equal(forces, cells.labels.forces[index[id(atoms)]])


# ---------------------------------------------------------------- what members have
def test_inputs_are_prepared_once_where_members_share_them(argon):
    class Counts(AtomicReference):
        shares_inputs = True
        prepared = 0

        def _prepare(self, frames):
            Counts.prepared += 1
            return frames

    class CountsEach(Counts):
        shares_inputs = False

    for cls, expected in ((Counts, 1), (CountsEach, 3)):
        model = Committee(cls(), n=3).fit(argon.frames[:4], argon.labels[:4])
        Counts.prepared = 0
        model.predict(argon.frames[:2])
        assert Counts.prepared == expected


def test_histories_follow_each_other(argon):
    inner = BehlerParrinello(**BehlerParrinello.test_params() | {"max_epochs": 2})
    model = Committee(inner, n=2, random_state=0).fit(argon.frames[:6], argon.labels[:6])
    assert [(r["member"], r["epoch"]) for r in model.history_] == [(0, 1), (0, 2), (1, 3), (1, 4)]
    assert np.all(np.diff([r["seconds"] for r in model.history_]) > 0)
    assert not hasattr(Committee("morse"), "history_")


def test_a_committee_supports_what_its_model_supports(argon):
    class Molecules(AtomicReference):
        properties = ("energy",)
        supports = ("extensive",)

    model = Committee(Molecules())
    assert model.supports == ("extensive",)
    assert model.properties == ("energy",)
    with pytest.raises(ValueError, match="Committee describes molecules; frame 0 is periodic"):
        model.fit(argon.frames[:4], argon.labels[:4])
    assert Committee.supports == ("periodic", "extensive")


def test_labels_that_members_lack_are_missing():
    class Energies(AtomicReference):
        def _evaluate(self, inputs):
            return Labels(super()._evaluate(inputs).energy)

    labels = Committee(Energies()).fit([molecule("H2")] * 3, [1.0, 2.0, 3.0]).predict([molecule("H2")])
    assert labels.forces is labels.forces_std is labels.stress is None


def test_a_partial_fit_reaches_every_member(argon):
    model = Committee(Echo(), n=2, atomic_energies={"Ar": -1.0}).fit(argon.frames[:4], argon.labels[:4])
    model.partial_fit(argon.frames[4:6], argon.labels[4:6])
    for member in model.members_:
        expected = argon.labels.energy[4:6] + len(argon.frames[0])
        np.testing.assert_allclose(np.sort(member.more_.energy), np.sort(expected))
    assert not hasattr(Committee("atomic_reference"), "partial_fit")


def test_the_calculator_passes_the_uncertainty_on(argon, fitted):
    atoms = argon.frames[0].copy()
    atoms.calc = fitted.calculator()
    labels = fitted.predict([atoms])
    assert atoms.calc.get_property("energy_std", atoms) == pytest.approx(labels.energy_std[0])
    np.testing.assert_allclose(atoms.calc.get_property("forces_std", atoms), labels.forces_std[0])


# ---------------------------------------------------------------- scikit-learn
@pytest.mark.parametrize("model", [{"morse": QUICK}, Morse(**QUICK)], ids=["spec", "instance"])
def test_parameters_inside_are_seen_and_set(model):
    committee = Committee(model)
    assert committee.get_params()["model__cutoff"] == 4.5
    assert "model__cutoff" not in committee.get_params(deep=False)
    assert committee.set_params(n=2, model__cutoff=5.0).get_params()["model__cutoff"] == 5.0
    assert clone(committee).get_params()["model__cutoff"] == 5.0
    assert committee.set_params(model="morse", model__cutoff=3.0).get_params()["model__cutoff"] == 3.0
    with pytest.raises(ValueError, match="Invalid parameter 'cutof'"):
        committee.set_params(model__cutof=5.0)


def test_grid_search_looks_inside(argon):
    grid = {"model__cutoff": [4.0, 8.0]}
    search = GridSearchCV(
        Committee({"morse": QUICK}, n=2, random_state=0), grid, scoring=neg_forces_rmse, cv=2
    )
    search.fit(argon.frames[:8], argon.labels[:8])
    assert search.best_params_ == {"model__cutoff": 8.0}
    assert search.best_estimator_.members_[0].cutoff == 8.0


# ---------------------------------------------------------------- mistakes
@pytest.mark.parametrize(
    ("params", "kind", "words"),
    [
        ({"n": 1}, ValueError, "n must be a whole number from 2 to 1,000, not 1"),
        ({"resample": "boostrap"}, ValueError, "resample must be one of"),
        ({"fraction": 1.5}, ValueError, "fraction must be a number above 0 and up to 1, not 1.5"),
        ({"model": "mores"}, LookupError, "did you mean 'morse'"),
        ({"model": {"morse": {"cutof": 1}}}, LookupError, "has no parameter 'cutof'.*did you mean 'cutoff'"),
        ({"model": {"morse": 5.0}}, LookupError, "keywords of 'morse' must be written as 'keyword: value'"),
        ({"model": {"calculator": "emt"}}, LookupError, "keywords of 'calculator' must be written as"),
        ({"model": Ridge()}, TypeError, "model of Committee must be an estimator of this package"),
    ],
)
def test_mistakes_are_sentences(argon, params, kind, words):
    with pytest.raises(kind, match=words):
        Committee(**{"model": "morse", **params}).fit(argon.frames[:3], argon.labels[:3])


# ---------------------------------------------------------------- suites
SUITE = """\
name: demo
problems:
  - dataset: {lennard_jones: {n_train: 6, n_test: 3}}
estimators:
  - committee: {model: {morse: {cutoff: 5.0}}, n: 2}
"""


def planned(tmp_path, text=SUITE, **kwargs):
    (tmp_path / "suite.yaml").write_text(text)
    return cases(read_suite(tmp_path / "suite.yaml"), lambda spec: "0" * 64, **kwargs)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("morse", "mores", "in 'model' of estimator 'committee': no estimator 'mores'.*mean 'morse'"),
        ("cutoff", "cutof", "estimator 'morse' has no parameter 'cutof'.*did you mean 'cutoff'"),
        ("model: {morse: {cutoff: 5.0}}, ", "", "estimator 'committee' needs 'model'"),
        ("morse: {cutoff: 5.0}", "committee: {model: mores}", "no estimator 'mores'"),
        ("n: 2", "m: 2", "has no parameter 'm'"),
    ],
)
def test_mistakes_inside_are_found_while_planning(tmp_path, old, new, words):
    with pytest.raises(SuiteError, match=rf"suite\.yaml:5:\d+: .*{words}"):
        planned(tmp_path, SUITE.replace(old, new))


def test_a_case_with_a_model_inside_is_json_with_an_id_of_its_own(tmp_path):
    (case,) = planned(tmp_path)
    assert Case.from_json(case.to_json()) == case
    (other,) = planned(tmp_path, SUITE.replace("5.0", "5.1"))
    assert other.id != case.id


def test_the_device_goes_to_the_models_inside(tmp_path):
    on = lambda text: planned(tmp_path, text, device="cuda")[0].estimator.params["model"]
    assert on(SUITE) == {"estimator": {"morse": {"cutoff": 5.0, "device": "cuda"}}}
    assert on(SUITE.replace("morse: {cutoff: 5.0}", "morse: {device: cpu}")) == {"morse": {"device": "cpu"}}
    assert on(SUITE.replace("{morse: {cutoff: 5.0}}", "atomic_reference")) == "atomic_reference"


def test_a_case_runs_and_tells_the_members_facts(argon):
    dataset = Spec("lennard_jones", {"n_train": 6, "n_test": 3})
    digest = lennard_jones(n_train=6, n_test=3).digest
    inner = {"behler_parrinello": {"hidden": [4], "max_epochs": 2, "dtype": "float32"}}
    spec = Spec("committee", {"model": inner, "n": 2})
    outcome, predictions = run(Case("demo", "row", dataset, Spec("official"), spec, 0, digest))
    assert outcome.failure is None, outcome.failure
    assert outcome.model["dtype"] == "float32"
    assert outcome.model["device"] == "cpu"
    assert outcome.model["params"]["model"] == inner
    assert [row["member"] for row in outcome.history] == [0, 0, 1, 1]
    assert (predictions["test/energy_std_predicted"] > 0).all()
    assert Outcome.from_json(outcome.to_json()).to_json() == outcome.to_json()


@pytest.mark.parametrize(("n", "fits"), [(3, 3), ("many", 1), (None, 1), (0, 1), (True, 1)])
def test_a_wrong_number_of_members_is_one_fit(n, fits):
    assert Committee.fits_of("model", {"n": n}) == fits
    assert Committee.fits_of("model", {}) == 4
