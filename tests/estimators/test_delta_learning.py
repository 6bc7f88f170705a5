"""Δ-learning: the differences that the model is fitted to, baselines of every kind, and the sum of both."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest
from ase.build import molecule
from ase.calculators.calculator import Calculator
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones
from ase.constraints import FixAtoms
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import cross_val_score

from mlffbench import testing
from mlffbench.data import Labels
from mlffbench.datasets.lennard_jones import lennard_jones
from mlffbench.estimators import AtomicReference, Morse
from mlffbench.estimators.committee import Committee
from mlffbench.estimators.delta_learning import DeltaLearning
from mlffbench.forcefield import ForceField
from mlffbench.harness.planning.plan import SuiteError, cases
from mlffbench.harness.planning.read_suite import read_suite
from mlffbench.metrics import neg_forces_rmse, rmse

QUICK = {"cutoff": 4.5, "max_iterations": 5}
EXACT = {"epsilon": 0.0104, "sigma": 3.4, "rc": 8.5, "ro": 6.8, "smooth": True}
TRUTH = {"calculator": {"ase.calculators.lj:LennardJones": EXACT}}  # the calculator of the dataset's labels
TOO_WEAK = {"calculator": {"lennard_jones": {"epsilon": 0.006}}}


class Echo(AtomicReference):
    """Keeps its training labels."""

    def __init__(self, random_state=None, atomic_energies=None):
        super().__init__(atomic_energies)
        self.random_state = random_state

    def _fit(self, frames, labels):
        super()._fit(frames, labels)
        self.places_, self.labels_ = [a.positions.tolist() for a in frames], labels

    def _partial_fit(self, frames, labels):
        self.more_ = labels


class Counting(LennardJones):
    """An ASE calculator that counts its calls and cannot be copied."""

    def __init__(self):
        super().__init__(epsilon=0.006, sigma=3.4, rc=10.2, smooth=True)
        self.count = 0

    def calculate(self, *args, **kwargs):
        self.count += 1
        super().calculate(*args, **kwargs)

    def __deepcopy__(self, memo):
        raise TypeError("cannot be copied")


@pytest.fixture(scope="module")
def argon():
    return lennard_jones(n_train=12, n_test=6)


def fitted(argon, baseline, model=None, n=8, **params):
    model = DeltaLearning(baseline, Echo() if model is None else model, **params)
    return model.fit(argon.frames[:n], argon.labels[:n])


# ---------------------------------------------------------------- the difference
def test_a_perfect_baseline_leaves_nothing(argon):
    model = fitted(argon, TRUTH, atomic_energies={"Ar": 0.0})
    given = model.model_.labels_
    np.testing.assert_allclose(given.energy, 0.0, atol=1e-9)
    np.testing.assert_allclose(given.forces, 0.0, atol=1e-9)
    np.testing.assert_allclose(given.stress, 0.0, atol=1e-9)
    labels, truth = model.predict(argon.frames), argon.labels
    np.testing.assert_allclose(labels.energy, truth.energy, atol=1e-8)
    np.testing.assert_allclose(labels.forces, truth.forces, atol=1e-8)
    np.testing.assert_allclose(labels.stress, truth.stress, atol=1e-8)


def order_of(model, argon):
    """Numbers of the training frames in the order in which a model was given them."""
    places = [a.positions.tolist() for a in argon.frames]
    return [places.index(place) for place in model.places_]


@pytest.mark.parametrize("baseline", [TOO_WEAK, Counting(), {"morse": QUICK}, Morse(**QUICK)])
def test_the_model_is_given_the_difference(argon, baseline):
    model = fitted(argon, baseline, atomic_energies={"Ar": -2.0})
    order = order_of(model.model_, argon)
    assert sorted(order) == list(range(8))
    frames, labels = [argon.frames[i] for i in order], argon.labels[order]
    base = model.baseline_.evaluate(model.baseline_.prepare(frames))
    given = model.model_.labels_
    left = given.energy - (labels.energy + 2.0 * 4 - base.energy)
    np.testing.assert_allclose(left - left.mean(), 0.0, atol=1e-9)  # but for the reference of the difference
    for k in range(8):
        np.testing.assert_allclose(given.forces[k], labels.forces[k] - base.forces[k])
        np.testing.assert_allclose(given.stress[k], labels.stress[k] - base.stress[k])


def test_two_are_better_than_one(argon):
    test = argon.columns["group"] == "test"
    frames, labels = [argon.frames[i] for i in np.flatnonzero(test)], argon.labels[test]
    error = lambda m: rmse(np.array(labels.forces), np.array(m.predict(frames).forces))
    alone = Morse(cutoff=8.0).fit(argon.frames[:12], argon.labels[:12])
    baseline = fitted(argon, TOO_WEAK, AtomicReference())
    combined = fitted(argon, TOO_WEAK, {"morse": {"cutoff": 8.0}}, n=12)
    assert error(combined) < 0.8 * min(error(alone), error(baseline))


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_extended_tight_binding_helps():
    pytest.importorskip("tblite", reason="tblite is not installed")
    data = testing.molecules(30)
    train, test = range(20), range(20, 30)
    score = {}
    for name, model in {
        "alone": Morse(cutoff=5.0, random_state=0),
        "delta": DeltaLearning("tblite", {"morse": {"cutoff": 5.0}}, random_state=0),
    }.items():
        model.fit([data.frames[i] for i in train], data.labels[train])
        predicted = model.predict([data.frames[i] for i in test])
        score[name] = rmse(np.concatenate(data.labels[test].forces), np.concatenate(predicted.forces))
    assert score["delta"] < 0.5 * score["alone"]


# ---------------------------------------------------------------- atomic energies
def test_without_its_atoms_the_difference_has_a_reference_of_its_own():
    frames = [molecule(n) for n in ("H2", "O2", "H2O", "CH4", "CO2", "CO")]
    base = AtomicReference().fit(frames, [-5.0, -7.0, -9.0, -11.0, -12.0, -9.5])
    labels = Labels(
        base.predict(frames).energy + [sum({"H": 1, "C": 6, "O": 8}[s] for s in a.symbols) for a in frames]
    )
    model = DeltaLearning(FrozenEstimator(base), Echo()).fit(frames, Labels(labels.energy))
    np.testing.assert_allclose(model.model_.labels_.energy, 0.0, atol=1e-9)
    np.testing.assert_allclose(model.predict(frames).energy, labels.energy)


def test_with_its_atoms_separated_atoms_keep_their_energies(argon):
    from ase import Atoms

    model = DeltaLearning(TOO_WEAK, Echo(), {"Ar": 0.5}, atomic_energies={"Ar": -2.0})
    model.fit(argon.frames[:8], argon.labels[:8])
    lone = Atoms("Ar")
    base = model.baseline_.evaluate([lone]).energy[0] - 0.5
    expected = -2.0 + base + model.model_.energy_per_atom_
    assert model.predict([lone]).energy == pytest.approx([expected])
    assert model.model_.atomic_energies_ == {"Ar": 0.0}
    with pytest.raises(ValueError, match=r"baseline_atomic_energies lacks \['Ar'\]"):
        DeltaLearning(TOO_WEAK, Echo(), {"Xe": 0.5}).fit(argon.frames[:3], argon.labels[:3])
    with pytest.raises(ValueError, match="fitted here has no baseline_atomic_energies"):
        DeltaLearning("morse", Echo(), {"Ar": 0.5}).fit(argon.frames[:3], argon.labels[:3])


def test_a_baseline_that_is_fitted_here_sees_what_any_model_sees(argon):
    model = fitted(argon, Echo(), atomic_energies={"Ar": -2.0})
    expected = argon.labels.energy[order_of(model.baseline_, argon)] + 2.0 * 4
    np.testing.assert_allclose(model.baseline_.labels_.energy, expected)
    assert model.baseline_.atomic_energies_ == model.model_.atomic_energies_ == {"Ar": 0.0}


# ---------------------------------------------------------------- cost
def test_a_frame_is_computed_once(argon):
    calculator = Counting()
    model = DeltaLearning(calculator, Committee(AtomicReference(), n=3))
    frames = [*argon.frames[:5], argon.frames[0].copy(), argon.frames[1]]
    labels = argon.labels[[0, 1, 2, 3, 4, 0, 1]]
    model.fit(frames, labels)
    assert calculator.count == 5
    model.predict(frames[:2])
    assert calculator.count == 7
    model.prepare(frames)
    assert calculator.count == 7, "the baseline's cost is one of evaluation"


# ---------------------------------------------------------------- what the baseline lacks
def test_without_stress_there_is_none(argon):
    class NoStress(Counting):
        implemented_properties = ["energy", "free_energy", "forces"]  # noqa: RUF012

    model = fitted(argon, NoStress())
    assert model.model_.labels_.stress is None
    assert model.predict(argon.frames[:2]).stress is None
    assert model.properties == ("energy", "forces")


def test_without_forces_there_are_none():
    class EnergyOnly(Calculator):
        implemented_properties = ["energy"]  # noqa: RUF012

        def calculate(self, atoms=None, properties=None, system_changes=None):
            super().calculate(atoms, properties, system_changes)
            self.results["energy"] = 2.0 * len(atoms)

    data = testing.molecules(4)
    model = DeltaLearning(EnergyOnly(), Echo()).fit(data.frames, data.labels)
    assert model.model_.labels_.forces is None
    assert model.predict(data.frames).forces is None
    np.testing.assert_allclose(model.predict(data.frames).energy, data.labels.energy.mean())


def test_missing_labels_stay_missing(argon):
    labels = argon.labels[:4]
    some = replace(labels, forces=(None, *labels.forces[1:]), stress=(*labels.stress[:3], None))
    model = DeltaLearning(TOO_WEAK, Echo()).fit(argon.frames[:4], some).model_
    order = order_of(model, argon)
    assert [f is None for f in model.labels_.forces] == [i == 0 for i in order]
    assert [s is None for s in model.labels_.stress] == [i == 3 for i in order]


def test_constraints_do_not_hide_forces(argon):
    frames = [a.copy() for a in argon.frames[:4]]
    model = fitted(argon, TRUTH)
    free = model.predict(frames[:1]).forces[0]
    frames[0].set_constraint(FixAtoms([0]))
    np.testing.assert_allclose(model.predict(frames[:1]).forces[0], free)


def test_a_baseline_that_fails_is_a_sentence(argon):
    class Fails(Counting):
        def calculate(self, *args, **kwargs):
            super().calculate(*args, **kwargs)
            self.results["free_energy"] = np.nan

    with pytest.raises(ValueError, match=r"the baseline's energy of a frame of Ar\d* is nan"):
        fitted(argon, Fails())


# ---------------------------------------------------------------- baselines of every kind
def test_an_unfitted_baseline_is_cloned_and_a_frozen_one_is_kept(argon):
    inside = Morse(**QUICK)
    fitted(argon, inside)
    assert not inside.__sklearn_is_fitted__()
    inside.fit(argon.frames[:3], argon.labels[:3])
    before = inside.predict(argon.frames[:2]).energy
    model = clone(DeltaLearning(FrozenEstimator(inside), Echo())).fit(argon.frames[:8], argon.labels[:8])
    np.testing.assert_allclose(model.baseline_.predict(argon.frames[:2]).energy, before)


def test_clones_share_a_calculator(argon):
    calculator = Counting()
    model = DeltaLearning(calculator, "atomic_reference")
    assert clone(model).baseline is calculator
    scores = cross_val_score(model, argon.frames[:6], argon.labels[:6], cv=2, scoring=neg_forces_rmse)
    assert (scores < 0).all()


def test_a_spec_is_pickled_as_words(argon):
    model = fitted(argon, TOO_WEAK)
    model.predict(argon.frames[:1])
    text = pickle.dumps(model)
    assert b"ase.calculators" not in text
    np.testing.assert_allclose(
        pickle.loads(text).predict(argon.frames[:2]).energy, model.predict(argon.frames[:2]).energy
    )


def test_a_calculator_instance_is_not_saved(argon, tmp_path):
    with pytest.raises(
        TypeError, match=r"DeltaLearning\.baseline cannot be saved: it is a ase\.calculators\.emt\.EMT"
    ):
        DeltaLearning(EMT(), "morse").save(tmp_path / "a.model")
    model = fitted(argon, TOO_WEAK)
    model.save(tmp_path / "a.model")
    back = ForceField.load(tmp_path / "a.model", trust=[__name__])
    np.testing.assert_allclose(back.predict(argon.frames[:2]).energy, model.predict(argon.frames[:2]).energy)


@pytest.mark.parametrize(
    ("baseline", "words"),
    [
        (
            "lennard_jones",
            "'lennard_jones' can be calculator or estimator; write '{calculator: lennard_jones}' or",
        ),
        ("my.module:Thing", "write '{calculator: my.module:Thing}' or '{estimator: my.module:Thing}'"),
        ("tblight", "no calculator or estimator 'tblight'.*did you mean 'tblite'"),
        ({"tblite": {"metod": "x"}}, "calculator 'tblite' has no parameter 'metod'.*did you mean 'method'"),
        ({"estimator": "tblite"}, "no estimator 'tblite'"),
        ({"calculator": {"emt": {}, "tblite": {}}}, "write one name here, not 2"),
    ],
)
def test_mistakes_are_sentences(argon, baseline, words):
    with pytest.raises(LookupError, match=words):
        fitted(argon, baseline)


def test_something_else_is_no_baseline(argon):
    with pytest.raises(TypeError, match="baseline of DeltaLearning must be an estimator of this package"):
        fitted(argon, 3.0)


def test_outside_things_are_named_with_their_kind(argon):
    model = fitted(argon, {"calculator": "ase.calculators.lj:LennardJones"})
    assert isinstance(model.baseline_.calculator, LennardJones)


# ---------------------------------------------------------------- scikit-learn and suites
def test_the_seed_goes_to_both_unless_they_have_their_own(argon):
    seeds = lambda m: (m.baseline_.random_state, m.model_.random_state)
    assert seeds(fitted(argon, Echo(3), Echo(4))) == (3, 4)
    assert seeds(fitted(argon, Echo(3), Echo(4), random_state=1)) == (1, 1)
    own = {"morse": {**QUICK, "random_state": 9}}
    assert seeds(fitted(argon, own, {"morse": QUICK}, random_state=1)) == (9, 1)


def test_parameters_inside_are_seen_and_set():
    model = DeltaLearning({"morse": QUICK}, "morse")
    assert model.get_params()["baseline__cutoff"] == 4.5
    assert model.set_params(model__cutoff=7.0).model.cutoff == 7.0
    calculator = DeltaLearning({"calculator": "emt"}, "morse")
    assert not [k for k in calculator.get_params() if k.startswith("baseline__")]
    with pytest.raises(ValueError, match="baseline is a calculator: set it as a whole"):
        calculator.set_params(baseline__asap_cutoff=True)


def test_a_partial_fit_keeps_the_baseline(argon):
    model = fitted(argon, TRUTH, atomic_energies={"Ar": -1.0})
    model.partial_fit(argon.frames[8:10], argon.labels[8:10])
    np.testing.assert_allclose(model.model_.more_.forces, 0.0, atol=1e-9)
    np.testing.assert_allclose(model.model_.more_.energy, 0.0, atol=1e-9)


SUITE = """\
name: demo
problems:
  - dataset: {lennard_jones: {n_train: 6, n_test: 3}}
estimators:
  - delta_learning: {baseline: {tblite: {method: GFN2-xTB}}, model: morse}
"""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("tblite: {method: GFN2-xTB}", "tblite: {metod: GFN2-xTB}", "did you mean 'method'"),
        ("tblite: {method: GFN2-xTB}", "stillinger_weber: {}", "write '{calculator: stillinger_weber}'"),
        ("model: morse", "model: tblite", "in 'model' of estimator 'delta_learning': no estimator 'tblite'"),
        ("baseline: {tblite: {method: GFN2-xTB}}, ", "", "needs 'baseline'"),
    ],
)
def test_suites_are_checked_inside(tmp_path, old, new, words):
    file = tmp_path / "suite.yaml"
    file.write_text(SUITE)
    read_suite(file)
    file.write_text(SUITE.replace(old, new))
    with pytest.raises(SuiteError, match=words):
        read_suite(file)


def test_the_device_goes_to_what_has_one(tmp_path):
    (tmp_path / "suite.yaml").write_text(SUITE)
    (case,) = cases(read_suite(tmp_path / "suite.yaml"), lambda spec: "0" * 64, device="cuda")
    assert case.estimator.params == {
        "baseline": {"tblite": {"method": "GFN2-xTB"}},
        "model": {"estimator": {"morse": {"device": "cuda"}}},
    }
