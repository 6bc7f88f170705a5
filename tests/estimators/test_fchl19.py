"""FCHL19 against qmllib's own kernels, exact interpolation, and what its forces must reach."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from example_kernels import stacked
from sklearn.base import clone

pytest.importorskip("qmllib")

from mlffbench.data import Labels
from mlffbench.datasets.malonaldehyde import malonaldehyde
from mlffbench.estimators.fchl19 import FCHL19
from mlffbench.potentials.fchl19 import describe, predict

ELEMENTS = [1, 6, 8]


def rmse(one, two):
    return np.sqrt(np.mean((np.concatenate(one) - np.concatenate(two)) ** 2))


@pytest.fixture(scope="module")
def data():
    found = malonaldehyde()
    train = np.flatnonzero(found.columns["group"] == "train_300K")[:60]
    test = np.flatnonzero(found.columns["group"] == "test_300K")[:20]
    return [([found.frames[i] for i in part], found.labels[part]) for part in (train, test)]


@pytest.fixture(scope="module", params=["operator", "gpr"])
def model(request, data):
    frames, labels = data[0]
    return FCHL19(solver=request.param, n_representers=500).fit(frames, labels)


def test_predictions_of_gpr_are_those_of_qmllib(data):
    from qmllib.kernels.gradient_kernels import get_gp_kernel, get_symmetric_gp_kernel

    frames, labels = data[0][0][:4], data[0][1][:4]
    model = FCHL19(solver="gpr", n_representers=1000, noise=1e-3).fit(frames, labels)
    train, test = ([describe(a, ELEMENTS, 8.0) for a in part] for part in (frames, data[1][0][:2]))
    (x, dx), (t, dt) = stacked(train), stacked(test)
    charges = [[d.numbers for d in part] for part in (train, test)]
    target = np.concatenate([labels.energy - labels.energy.mean(), *(f.ravel() for f in labels.forces)])
    kernel = np.array(get_symmetric_gp_kernel(x, dx, charges[0], 5.0)) + 1e-6 * np.eye(len(target))
    rows = np.array(get_gp_kernel(t, x, dt, dx, charges[1], charges[0], 5.0)).T
    expected = rows @ np.linalg.solve(kernel, target)
    found = model.predict(data[1][0][:2])
    np.testing.assert_allclose(found.energy - labels.energy.mean(), expected[:2], atol=1e-6)
    np.testing.assert_allclose(np.concatenate(found.forces).ravel(), expected[2:], atol=1e-5)


def test_forces_are_minus_the_gradient(model, data):
    atoms = data[1][0][0]
    direction = np.random.default_rng(0).normal(size=atoms.positions.shape)
    ends = [atoms.copy() for _ in range(2)]
    for end, sign in zip(ends, (1, -1), strict=True):
        end.positions += sign * 1e-4 * direction
    up, down = model.predict(ends).energy
    slope = -np.sum(model.predict([atoms]).forces[0] * direction)
    assert slope == pytest.approx((up - down) / 2e-4, abs=1e-4)


def test_learns_forces_and_energies(model, data):
    frames, labels = data[1]
    found = model.predict(frames)
    assert rmse(found.forces, labels.forces) < 0.2 * rmse([0 * f for f in labels.forces], labels.forces)
    assert np.std(found.energy - labels.energy) < 0.3 * np.std(labels.energy)


def test_more_representers_learn_more(data):
    errors = []
    for n in (30, 300):
        found = FCHL19(n_representers=n).fit(*data[0])
        assert found.n_columns_ == pytest.approx(n, abs=2)
        assert found.n_used_ == 60
        errors.append(rmse(found.predict(data[1][0]).forces, data[1][1].forces))
    assert errors[1] < 0.5 * errors[0]


def test_gpr_says_how_many_frames_it_took(data):
    found = FCHL19(solver="gpr", n_representers=280).fit(*data[0])  # 28 rows a molecule of nine atoms
    assert (found.n_used_, found.n_columns_) == (10, 280)


def test_gpr_passes_through_its_data(data):
    frames, labels = data[0][0][:6], data[0][1][:6]
    found = FCHL19(solver="gpr", noise=1e-5).fit(frames, labels).predict(frames)
    np.testing.assert_allclose(found.energy, labels.energy, atol=1e-3)
    np.testing.assert_allclose(np.concatenate(found.forces), np.concatenate(labels.forces), atol=0.02)


def test_one_fit_of_molecules_of_different_sizes():
    names = ["CH4", "CH3OH", "H2O", "C2H6"]
    rng, frames = np.random.default_rng(0), []
    for name in names * 4:
        atoms = molecule(name)
        atoms.positions += rng.normal(scale=0.03, size=atoms.positions.shape)
        frames.append(atoms)
    forces = tuple(-0.5 * a.positions if k % 2 else None for k, a in enumerate(frames))
    labels = Labels(rng.normal(size=len(frames)), forces)
    for solver in ("operator", "gpr"):
        found = FCHL19(solver=solver, n_representers=300).fit(frames, labels).predict(frames)
        assert [f.shape for f in found.forces] == [a.positions.shape for a in frames]
        assert np.isfinite(found.energy).all()


def test_energies_alone_are_enough_for_the_operator(data):
    frames, labels = data[0]
    found = FCHL19(n_representers=300).fit(frames, Labels(labels.energy)).predict(frames)
    assert np.std(found.energy - labels.energy) < 0.05 * np.std(labels.energy)
    with pytest.raises(ValueError, match="needs forces"):
        FCHL19(solver="gpr").fit(frames, Labels(labels.energy))


def test_the_draw_is_reproducible_and_pickles(data):
    frames, labels = data[0][0][:20], data[0][1][:20]
    model = FCHL19(n_representers=100, random_state=3)
    one, two = (clone(model).fit(frames, labels) for _ in range(2))
    other = FCHL19(n_representers=100, random_state=4).fit(frames, labels)
    energies = [m.predict(frames).energy for m in (one, two, other, pickle.loads(pickle.dumps(one)))]
    np.testing.assert_array_equal(energies[0], energies[1])
    np.testing.assert_array_equal(energies[0], energies[3])
    assert np.abs(energies[0] - energies[2]).max() > 0


def test_a_lone_atom_feels_nothing(model):
    energy, forces = predict(describe(Atoms("O"), ELEMENTS, 8.0), model.points_, model.sigma)
    assert np.isfinite(energy)
    np.testing.assert_allclose(forces, 0.0, atol=1e-12)


def test_periodic_cells_and_unknown_solvers_are_refused(data):
    frames, labels = data[0][0][:3], data[0][1][:3]
    with pytest.raises(ValueError, match="solver must be one of 'operator', 'gpr', not the text 'svd'"):
        FCHL19(solver="svd").fit(frames, labels)
    with pytest.raises(ValueError, match="describes molecules"):
        FCHL19().fit([Atoms("O", cell=[5, 5, 5], pbc=True)], [0.0])
