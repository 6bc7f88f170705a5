"""scikit-learn's own tools on lists of Atoms with Labels."""

from __future__ import annotations

import numpy as np
import pytest
from ase.calculators.singlepoint import SinglePointCalculator
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import AdaBoostRegressor, BaggingRegressor, StackingRegressor, VotingRegressor
from sklearn.feature_selection import RFE
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import RANSACRegressor
from sklearn.metrics import r2_score
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    cross_val_predict,
    cross_val_score,
    cross_validate,
    learning_curve,
    permutation_test_score,
    train_test_split,
    validation_curve,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import resample, shuffle

from mlffbench.data import Labels
from mlffbench.datasets.lennard_jones import lennard_jones
from mlffbench.descriptors.soap import SOAP
from mlffbench.estimators import AtomicReference, Morse
from mlffbench.metrics import neg_forces_mae, neg_forces_rmse


@pytest.fixture(scope="module")
def data():
    dataset = lennard_jones(n_train=12, n_test=1)
    return dataset.frames[:12], dataset.labels[:12]


@pytest.fixture
def morse():
    return Morse(**Morse.test_params())


def test_train_test_split_keeps_frames_and_labels_together(data):
    frames, labels = data
    train, test, y_train, y_test = train_test_split(frames, labels, test_size=4, random_state=0)
    assert isinstance(y_train, Labels)
    assert len(train) == len(y_train) == 8
    index = {id(a): i for i, a in enumerate(frames)}
    for atoms, energy, forces in zip(test, y_test.energy, y_test.forces, strict=True):
        assert energy == labels.energy[index[id(atoms)]]
        assert np.array_equal(forces, labels.forces[index[id(atoms)]])


def test_cross_val_score_with_sklearns_own_scorer(data, morse):
    scores = cross_val_score(morse, *data, cv=3, scoring="neg_root_mean_squared_error")
    frames, labels = data
    expected = []
    for train, test in KFold(3).split(frames):
        model = clone(morse).fit([frames[i] for i in train], labels[train])
        error = model.predict([frames[i] for i in test]).energy - labels.energy[test]
        expected.append(-np.sqrt(np.mean(error**2)))
    assert scores == pytest.approx(expected)


def test_cross_validate_with_force_scorers(data, morse):
    found = cross_validate(morse, *data, cv=2, scoring={"rmse": neg_forces_rmse, "mae": neg_forces_mae})
    floor = cross_validate(AtomicReference(), *data, cv=2, scoring={"rmse": neg_forces_rmse})
    assert (found["test_rmse"] > floor["test_rmse"]).all()
    assert (found["test_mae"] >= found["test_rmse"]).all()


def test_grid_search_refits_the_best(data, morse):
    search = GridSearchCV(morse, {"cutoff": [4.0, 8.0]}, scoring=neg_forces_rmse, cv=2).fit(*data)
    assert search.best_params_ == {"cutoff": 8.0}
    assert len(search.predict(data[0])) == 12


def test_learning_curve(data, morse):
    sizes, train_scores, test_scores = learning_curve(morse, *data, train_sizes=[3, 6], cv=2)
    assert sizes.tolist() == [3, 6]
    assert np.isfinite(train_scores).all()
    assert np.isfinite(test_scores).all()


def test_cross_val_predict_and_score(data, morse):
    assert cross_val_predict(morse, *data, cv=3).shape == (12,)
    model = clone(morse).fit(*data)
    assert model.score(*data) == pytest.approx(r2_score(data[1].energy, model.predict(data[0]).energy))


def test_energies_alone_are_enough(data, morse):
    frames, labels = data
    scores = cross_val_score(morse, frames, Labels(labels.energy), cv=2)
    assert np.isfinite(scores).all()
    with pytest.warns(UserWarning, match="Morse learns energies alone"):
        assert np.array_equal(cross_val_score(morse, frames, labels.energy, cv=2), scores)


def test_a_plain_pipeline_learns_energies(data):
    frames, labels = data
    pipeline = make_pipeline(SOAP(cutoff=5.0, n_max=3, l_max=2), KernelRidge(alpha=1e-9))
    pipeline.fit(frames, labels.energy)
    assert pipeline.score(frames, labels.energy) > 0.9
    assert len(cross_val_score(pipeline, frames, labels.energy, cv=3)) == 3


def test_a_forces_scorer_needs_forces(data, morse):
    frames, labels = data
    with pytest.raises(ValueError, match="needs Labels with forces"):
        neg_forces_rmse(morse.fit(frames, labels), frames, labels.energy)


# ---------------------------------------------------------------- labels stay whole
@pytest.fixture(scope="module")
def labelled(data):
    """Frames that carry their labels."""
    frames = [a.copy() for a in data[0]]
    labels = data[1]
    for atoms, energy, forces, stress in zip(
        frames, labels.energy, labels.forces, labels.stress, strict=True
    ):
        atoms.calc = SinglePointCalculator(atoms, energy=energy, forces=forces, stress=stress)
    return frames


def test_frames_with_labels_need_no_others(data, labelled, morse):
    expected = cross_val_score(morse, *data, cv=3)
    assert cross_val_score(morse, labelled, cv=3, error_score="raise") == pytest.approx(expected)
    forces = cross_val_score(morse, *data, cv=3, scoring=neg_forces_rmse)
    assert cross_val_score(morse, labelled, cv=3, scoring=neg_forces_rmse) == pytest.approx(forces)
    model = clone(morse).fit(labelled)
    assert model.score(labelled) == pytest.approx(model.score(*data))
    assert make_pipeline(model).score(labelled) == pytest.approx(model.score(*data))
    search = GridSearchCV(morse, {"cutoff": [4.0, 8.0]}, cv=2).fit(labelled)
    assert search.score(labelled) == pytest.approx(search.score(*data))
    train, test = validation_curve(morse, labelled, None, param_name="cutoff", param_range=[4.0, 8.0], cv=2)
    assert np.isfinite([train, test]).all()


def test_a_score_without_any_labels_says_so(data, morse):
    model = clone(morse).fit(*data)
    with pytest.raises(ValueError, match="no labels were given"):
        model.score(data[0])
    with pytest.raises(ValueError, match="12 frames but 3 labels"):
        model.score(data[0], data[1][:3])


def test_weights_of_frames_count_in_the_score(data, morse):
    model, weights = clone(morse).fit(data[0][:6], data[1][:6]), np.arange(12.0)
    expected = r2_score(data[1].energy, model.predict(data[0]).energy, sample_weight=weights)
    assert model.score(*data, sample_weight=weights) == pytest.approx(expected)


def test_shuffled_and_resampled_labels_keep_their_forces(data):
    for tool in (shuffle, resample):
        frames, labels = tool(*data, random_state=0)
        index = {id(a): i for i, a in enumerate(data[0])}
        for atoms, forces in zip(frames, labels.forces, strict=True):
            assert np.array_equal(forces, data[1].forces[index[id(atoms)]])


ALONE = "learns energies alone, as y is an array without forces"


def test_a_force_field_that_votes_says_that_it_learns_energies_alone(data, morse):
    frames, labels = data
    for y in (labels, labels.energy):
        with pytest.warns(UserWarning, match=ALONE):
            voting = VotingRegressor([("a", morse), ("b", AtomicReference())]).fit(frames, y)
    assert np.isfinite(voting.predict(frames)).all()
    with pytest.raises(ValueError, match="VotingRegressor predicts no forces"):
        neg_forces_rmse(voting, frames, labels)


@pytest.mark.parametrize("y", ["labels", "energies"])
@pytest.mark.parametrize("meta", ["stacking", "transformed target"])
@pytest.mark.filterwarnings(f"ignore:.*{ALONE}")
def test_tools_that_need_plain_predictions_are_refused(data, morse, meta, y):
    tools = {
        "stacking": StackingRegressor([("a", morse)], cv=2),
        "transformed target": TransformedTargetRegressor(morse, transformer=StandardScaler()),
    }
    frames, labels = data
    with pytest.raises(AttributeError, match="Committee and DeltaLearning combine models"):
        tools[meta].fit(frames, labels if y == "labels" else labels.energy).predict(frames)


@pytest.mark.parametrize("meta", [BaggingRegressor, AdaBoostRegressor, RANSACRegressor, RFE])
def test_tools_that_make_an_array_of_frames_are_refused(data, morse, meta):
    settings = {"min_samples": 4} if meta is RANSACRegressor else {}
    with pytest.raises(TypeError, match="Committee resamples them"):
        meta(morse, **settings).fit(*data)


def test_permuted_labels_keep_their_forces(data, morse):
    score, permuted, _ = permutation_test_score(
        morse, *data, cv=2, n_permutations=3, scoring=neg_forces_rmse, random_state=0
    )
    assert np.isfinite(permuted).all()
    assert (permuted < score).all()
