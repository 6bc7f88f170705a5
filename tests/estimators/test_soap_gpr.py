"""The sparse Gaussian process: its variances, hyperparameters, sparse points, growth and descriptors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from ase.build import bulk
from example_kernels import NO_ATOMS, SMALL, dense_covariance, springs, water

from mlffbench.descriptors import graph
from mlffbench.estimators.soap_gpr import SOAPGPR
from mlffbench.potentials.regression.whitened_least_squares import WhitenedLeastSquares
from mlffbench.potentials.soap import training_batches
from mlffbench.potentials.soap.batch_sizes import equal_parts
from mlffbench.potentials.soap.environments import describe
from mlffbench.potentials.soap.sparse_gp import extended
from mlffbench.potentials.soap.training_batches import Batches


# ---------------------------------------------------------------- variances
def test_a_gaussian_process_without_noise_interpolates():
    frames = water()
    labels = springs(frames, forces=False)
    model = SOAPGPR(**SMALL, energy_noise=1e-5).fit(frames, labels)
    predicted = model.predict(frames)
    np.testing.assert_allclose(predicted.energy, labels.energy, atol=1e-3)
    assert predicted.energy_std.max() < 1e-2


def test_uncertainty_grows_away_from_the_data():
    frames = water()
    model = SOAPGPR(**SMALL).fit(frames, springs(frames))
    far = water(6, seed=5)
    for atoms in far:
        atoms.positions *= 1.25
    assert model.predict(far).energy_std.min() > 2 * model.predict(frames).energy_std.max()


def test_deviations_are_those_of_the_exact_gaussian_process():
    """Trained on energies with every environment a sparse point, nothing is approximate."""
    frames, test = water(8), water(3, seed=4)
    labels = replace(springs(frames), forces=None)
    model = SOAPGPR(**SMALL, energy_noise=0.02, uncertainty="forces", atomic_energies=NO_ATOMS)
    found = model.fit(frames, labels).predict(test)
    known, new = (describe(graph.build(f, model.basis_.radius), model.basis_) for f in (frames, test))
    cross = dense_covariance(model, new, known)[:, ::10]  # one energy and nine forces a molecule
    covariance = (
        dense_covariance(model, known, known)[::10, ::10] + torch.eye(8, dtype=torch.float64) * 3 * 0.02**2
    )
    prior = dense_covariance(model, new, new).diagonal()
    expected = (prior - (cross @ torch.linalg.solve(covariance, cross.T)).diagonal()).sqrt().view(3, 10)
    np.testing.assert_allclose(found.energy_std, expected[:, 0], rtol=1e-3)
    np.testing.assert_allclose(np.array(found.forces_std).reshape(3, 9), expected[:, 1:], rtol=1e-3)


def test_deviations_of_forces_grow_away_from_the_data():
    frames = water(12)
    model = SOAPGPR(**SMALL, uncertainty="forces").fit(frames, springs(frames))
    far = water(6, seed=5)
    for atoms in far:
        atoms.positions *= 1.25
    seen, unseen = (np.concatenate(model.predict(f).forces_std) for f in (frames, far))
    assert unseen.mean() > 3 * seen.mean()
    model.uncertainty = False
    assert model.predict(far).energy_std is None


# ---------------------------------------------------------------- hyperparameters


def test_planted_noise_is_found_and_the_evidence_rises():
    frames = water(40)
    labels = springs(frames, (0.08, 0.3))
    start = {"energy_noise": 0.01, "forces_noise": 0.02, "atomic_energies": NO_ATOMS, "random_state": 0}
    model = SOAPGPR(**SMALL, **start, optimize=True).fit(frames, labels)
    assert model.noise_["energy"] * 3**0.5 == pytest.approx(0.08, rel=0.4)
    assert model.noise_["forces"] == pytest.approx(0.3, rel=0.2)
    plain = SOAPGPR(**SMALL, **start).fit(frames, labels)
    assert evidence(model) > evidence(plain) + 100
    test = water(20, seed=9)
    truth = np.array(springs(test).forces)
    error = [np.abs(np.array(m.predict(test).forces) - truth).mean() for m in (model, plain)]
    assert error[0] < error[1]


def evidence(model: SOAPGPR) -> float:
    return model.process_.problem.log_evidence(model.variance_)


# ---------------------------------------------------------------- sparse points


@pytest.mark.parametrize("method", ["farthest_point", "cur"])
def test_both_methods_learn(method):
    frames, test = water(15), water(10, seed=7)
    model = SOAPGPR(**SMALL, n_sparse=12, sparse_method=method, random_state=0).fit(frames, springs(frames))
    truth = np.concatenate(springs(test).forces)
    error = np.concatenate(model.predict(test).forces) - truth
    assert np.sqrt(np.mean(error**2)) < 0.2 * truth.std()
    assert all(len(p) == 12 for p in model.kernel_.points.values())


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"sparse_method": "random"}, "sparse_method must be one of"),
        ({"uncertainty": "stress"}, "uncertainty must be true or false or one of"),
        ({"descriptor": "librascal"}, "descriptor must be"),
    ],
)
def test_unknown_words_are_refused(params, message):
    with pytest.raises(ValueError, match=message):
        SOAPGPR(**params).fit(water(2), [0.0, 1.0])


# ---------------------------------------------------------------- growth
def test_frames_added_later_count_as_if_they_had_come_first(tmp_path):
    frames = water(12)
    labels = springs(frames)
    params = SMALL | {"atomic_energies": NO_ATOMS, "uncertainty": "forces"}
    grown = SOAPGPR(**params).fit(frames[:4], labels[:4])
    grown.save(tmp_path / "model")
    grown = (
        SOAPGPR.load(tmp_path / "model")
        .partial_fit(frames[4:7], labels[4:7])
        .partial_fit(frames[7:], labels[7:])
    )
    once = SOAPGPR(**params).fit(frames[:4], labels[:4])
    rest = replace(labels, energy=labels.energy - 3 * once.energy_per_atom_)
    empty = replace(once.process_, problem=WhitenedLeastSquares(once.process_.problem.factors))
    once.process_ = extended(empty, Batches(frames, rest, once.basis_, equal_parts(len(frames), 5), "cpu"))
    a, b = grown.predict(water(5, 8)), once.predict(water(5, 8))
    np.testing.assert_allclose(a.energy, b.energy, atol=1e-9)
    np.testing.assert_allclose(a.forces, b.forces, atol=1e-8)
    np.testing.assert_allclose(a.forces_std, b.forces_std, atol=1e-8)
    assert (
        np.abs(
            np.subtract(a.forces, SOAPGPR(**params).fit(frames[:4], labels[:4]).predict(water(5, 8)).forces)
        ).max()
        > 1e-3
    )


# ---------------------------------------------------------------- dscribe
def test_dscribe_gives_the_predictions_of_the_torch_basis_without_its_fade(monkeypatch):
    frames, test = water(8), water(4, seed=3)
    labels = springs(frames)
    theirs = SOAPGPR(**SMALL, descriptor="dscribe", uncertainty="forces").fit(frames, labels).predict(test)
    monkeypatch.setattr(training_batches, "checked_basis", lambda *a, smooth: _unsmoothed(a))
    ours = SOAPGPR(**SMALL, uncertainty="forces").fit(frames, labels).predict(test)
    np.testing.assert_allclose(theirs.energy, ours.energy, atol=1e-6)
    np.testing.assert_allclose(theirs.forces, ours.forces, atol=1e-6)
    np.testing.assert_allclose(theirs.energy_std, ours.energy_std, atol=1e-6)
    np.testing.assert_allclose(theirs.forces_std, ours.forces_std, atol=1e-6)


def _unsmoothed(args):
    from mlffbench.descriptors.soap import checked_basis

    return checked_basis(*args, smooth=False)


def test_dscribe_refuses_cells():
    cell = bulk("Cu")
    with pytest.raises(ValueError, match="derivatives are for molecules"):
        SOAPGPR(descriptor="dscribe").fit([cell, cell], [0.0, 1.0])
