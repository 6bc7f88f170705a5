"""SGDML against the published formula, finite differences, known symmetries and its own two solvers."""

from __future__ import annotations

import pickle
import zipfile

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import molecule
from ase.calculators.emt import EMT

from mlffbench.data import Labels
from mlffbench.datasets.malonaldehyde import malonaldehyde
from mlffbench.estimators.sgdml import SGDML
from mlffbench.potentials.sgdml.inverse_distances import Points

SIGMA, LAM = 10.0, 1e-10


@pytest.fixture(scope="module")
def data():
    return malonaldehyde()


@pytest.fixture(scope="module")
def model(data):
    return SGDML(sigma=SIGMA, lam=LAM).fit(data.frames[:30], data.labels[:30])


def test_weights_give_energies_whose_gradient_the_forces_are(model, data):
    atoms = data.frames[40].copy()
    direction = np.random.default_rng(0).normal(size=atoms.positions.shape)
    step = 1e-4
    up, down = atoms.copy(), atoms.copy()
    up.positions += step * direction
    down.positions -= step * direction
    energy = model.predict([up, down]).energy
    along = np.sum(model.predict([atoms]).forces[0] * direction)
    assert along == pytest.approx(-(energy[0] - energy[1]) / (2 * step), abs=1e-5)


# ---------------------------------------------------------------- permutations


def test_the_permutations_are_a_group_of_like_atoms(model, data):
    group = {tuple(p) for p in model.permutations_.tolist()}
    assert tuple(range(9)) == tuple(model.permutations_[0])
    assert all(tuple(np.array(p)[list(q)]) in group for p in group for q in group)
    numbers = data.frames[0].numbers
    assert all((numbers[list(p)] == numbers).all() for p in group)


def test_malonaldehyde_is_symmetric_in_its_two_halves(data):
    model = SGDML(sigma=SIGMA, lam=LAM).fit(data.frames[::4][:100], data.labels[::4][:100])
    assert len(model.permutations_) == 2


def test_energies_do_not_change_under_the_permutations_found(data):
    frames = data.frames[::4][:60]
    model = SGDML(sigma=SIGMA, lam=LAM).fit(frames, data.labels[::4][:60])
    assert len(model.permutations_) > 1
    x = Points.of(torch.from_numpy(np.array([frames[0].positions[p] for p in model.permutations_]))).x
    energy, _ = model.field_(x - model.origin_)
    assert float(energy.max() - energy.min()) < 1e-9


# ---------------------------------------------------------------- fits
def test_training_forces_are_interpolated(model, data):
    forces = np.array(model.predict(data.frames[:30]).forces)
    assert abs(forces - np.array(data.labels.forces[:30])).max() < 5e-3
    assert model.residual_ < 1e-6


def test_energies_are_right_up_to_a_constant_that_training_gives(model, data):
    error = model.predict(data.frames[:30]).energy - data.labels.energy[:30]
    assert abs(error.mean()) < 1e-9
    assert error.std() < 0.1 * data.labels.energy[:30].std()


def test_a_small_memory_gives_the_same_predictions(data):
    frames, labels = data.frames[:30], data.labels[:30]
    closed = SGDML(sigma=SIGMA, lam=1e-8).fit(frames, labels)
    small = SGDML(
        sigma=SIGMA,
        lam=1e-8,
        max_memory_gb=0.0,
        rank=400,
        tolerance=1e-9,
        max_iterations=3000,
        random_state=0,
    ).fit(frames, labels)
    assert closed.iterations_ == 0
    assert small.iterations_ > 0
    new = data.frames[40:50]
    expected, got = closed.predict(new), small.predict(new)
    np.testing.assert_allclose(got.energy, expected.energy, atol=1e-6)
    np.testing.assert_allclose(np.array(got.forces), np.array(expected.forces), atol=1e-6)


def test_lam_grows_where_rounding_needs_it(data):
    twice = [*data.frames[:20], *data.frames[:20]]  # a singular matrix
    labels = data.labels[[*range(20), *range(20)]]
    model = SGDML(sigma=200.0, lam=0.0).fit(twice, labels)
    assert 0 < model.lam_ < 1e-8


def test_sigma_and_lam_are_chosen_by_recorded_trials(data):
    model = SGDML(random_state=0).fit(data.frames[:20], data.labels[:20])
    assert (model.sigma_, model.lam_) in {(t.sigma, t.lam) for t in model.trials_}
    assert len(model.trials_) == 8
    chosen = next(t for t in model.trials_ if (t.sigma, t.lam) == (model.sigma_, model.lam_))
    assert chosen.score <= 1.02 * min(t.score for t in model.trials_)
    again = SGDML(random_state=0).fit(data.frames[:20], data.labels[:20])
    assert again.trials_ == model.trials_


def test_frames_without_forces_only_set_the_constant(data):
    frames, labels = data.frames[:30], data.labels[:30]
    some = Labels(labels.energy, tuple(f if i < 20 else None for i, f in enumerate(labels.forces)))
    fewer = SGDML(sigma=SIGMA, lam=LAM, symmetric=False).fit(frames[:20], labels[:20])
    more = SGDML(sigma=SIGMA, lam=LAM, symmetric=False).fit(frames, some)
    shift = more.predict(frames).energy - fewer.predict(frames).energy
    np.testing.assert_allclose(shift, shift[0], atol=1e-7)


# ---------------------------------------------------------------- what it takes and refuses
def test_atoms_in_another_order_are_recognised(model, data):
    rng = np.random.default_rng(3)
    frames = data.frames[:60]
    orders = [rng.permutation(9) for _ in frames]
    straight, mixed = (
        model.predict(frames),
        model.predict([a[o] for a, o in zip(frames, orders, strict=True)]),
    )
    np.testing.assert_allclose(mixed.energy, straight.energy, atol=1e-7)
    expected = [f[o] for f, o in zip(straight.forces, orders, strict=True)]
    np.testing.assert_allclose(np.array(mixed.forces), np.array(expected), atol=1e-6)


def test_training_frames_may_stand_in_different_orders(model, data):
    rng = np.random.default_rng(4)
    orders = [np.arange(9), *(rng.permutation(9) for _ in range(29))]
    frames = [a[o] for a, o in zip(data.frames[:30], orders, strict=True)]
    forces = tuple(f[o] for f, o in zip(data.labels.forces[:30], orders, strict=True))
    mixed = SGDML(sigma=SIGMA, lam=LAM).fit(frames, Labels(data.labels.energy[:30], forces))
    error = np.array(mixed.predict(frames).forces) - np.array(forces)
    assert abs(error).max() < 5e-3


def test_other_molecules_are_refused(model, data):
    with pytest.raises(ValueError, match=r"one molecule: C3H4O2; frame 1 is CH4"):
        model.predict([data.frames[0], molecule("CH4")])
    with pytest.raises(ValueError, match=r"one molecule: C3H4O2; frame 0 is C$"):
        model.predict([Atoms("C")])
    with pytest.raises(ValueError, match="frame 0 is periodic"):
        model.predict([Atoms(data.frames[0], cell=[9, 9, 9], pbc=True)])


def test_what_cannot_be_learnt_from_is_refused(data):
    with pytest.raises(ValueError, match="learns from forces"):
        SGDML().fit(data.frames[:5], Labels(data.labels.energy[:5]))
    with pytest.raises(ValueError, match="lone atom"):
        SGDML().fit([Atoms("C")], Labels([0.0], (np.zeros((1, 3)),)))
    with pytest.raises(ValueError, match="one molecule"):
        SGDML().fit(
            [data.frames[0], molecule("H2O")], Labels([0.0, 1.0], (np.zeros((9, 3)), np.zeros((3, 3))))
        )


def test_a_pickle_predicts_the_same(model, data):
    copy = pickle.loads(pickle.dumps(model))
    expected, got = (m.predict(data.frames[40:45]) for m in (model, copy))
    np.testing.assert_array_equal(got.energy, expected.energy)
    np.testing.assert_array_equal(np.array(got.forces), np.array(expected.forces))


def test_trials_in_a_file_of_format_1_load(data, tmp_path):
    """Trials were saved under the name of the module that held them then."""
    model = SGDML(random_state=0).fit(data.frames[:20], data.labels[:20])
    model.save(tmp_path / "now")
    with zipfile.ZipFile(tmp_path / "now") as now, zipfile.ZipFile(tmp_path / "old", "w") as old:
        for name in now.namelist():
            text = now.read(name)
            if name == "model.json":
                assert b"potentials.sgdml.hyperparameter_search:Trial" in text
                text = text.replace(b"potentials.sgdml.hyperparameter_search", b"estimators._sgdml_tuning")
            old.writestr(name, text)
    assert SGDML.load(tmp_path / "old").trials_ == model.trials_


@pytest.mark.gpu
def test_a_gpu_gives_the_same(model, data):
    there = SGDML(sigma=SIGMA, lam=LAM, device="cuda").fit(data.frames[:30], data.labels[:30])
    expected, got = (m.predict(data.frames[40:45]) for m in (model, there))
    np.testing.assert_allclose(got.energy, expected.energy, atol=1e-5)


@pytest.mark.parametrize("like", [True, False])
def test_training_frames_in_any_order_give_the_same_fit(like):
    """Like atoms, or all atoms, stand in another order in every frame."""
    errors = []
    for shuffle in (False, True):
        (frames, labels), (test, true) = (
            _ethanol(n, shuffle, like, first) for n, first in ((60, 0), (10, 900))
        )
        predicted = SGDML(sigma=20.0, lam=1e-10).fit(frames, labels).predict(test)
        squares = [(a - b) ** 2 for a, b in zip(predicted.forces, true.forces, strict=True)]
        errors.append(float(np.sqrt(np.mean(squares))))
    assert errors[1] < 1.5 * errors[0]


def _ethanol(n, shuffle, like, first):
    """Rattled ethanol with EMT's labels, each frame in an order of its own."""
    rng, frames, energies, forces = np.random.default_rng(first), [], [], []
    for seed in range(first, first + n):
        atoms = molecule("CH3CH2OH")
        atoms.rattle(0.05, seed=seed)
        order = np.arange(len(atoms))
        movable = np.flatnonzero(atoms.numbers == 1) if like else order.copy()
        if shuffle:
            order[movable] = rng.permutation(movable)
        atoms = atoms[order]
        frames.append(atoms)
        energies.append(EMT().get_potential_energy(atoms))
        forces.append(EMT().get_property("forces", atoms))
    return frames, Labels(np.array(energies), tuple(forces))
