"""Weights, missing labels and sizes of a SNAP's least squares."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import bulk

from mlffbench.data import Labels
from mlffbench.potentials.regression.bayesian_ridge import NormalEquations, bayesian_ridge
from mlffbench.potentials.snap.bispectrum import Bispectrum
from mlffbench.potentials.snap.fit import Block, add_frames, calibrated_scales, check_size
from mlffbench.potentials.snap.rows import rows

LINEAR = Bispectrum(("Si",), (2.0,), 2, "linear", (1.0,))


def test_too_many_coefficients_are_refused_with_a_remedy():
    elements = ("H", "C", "N", "O", "S")
    many = Bispectrum(elements, (2.5,) * len(elements), 6, "explicit", (1.0,) * 5)
    with pytest.raises(ValueError, match=r"12\d\d\d coefficients for 5 elements.*form='linear'"):
        check_size(many)
    with pytest.raises(ValueError, match=r"choose two_j_max below 14$"):
        check_size(Bispectrum(elements * 8, (2.5,) * len(elements * 8), 14, "linear", (1.0,) * 40))
    check_size(LINEAR)


def test_rows_are_weighted_and_missing_labels_have_none(lammps):
    frames = [bulk("Si"), bulk("Si") * (2, 1, 1)]
    frames[1].rattle(0.1, seed=0)
    forces = (np.ones((2, 3)), None)
    labels = Labels(np.array([1.0, 2.0]), forces, (np.arange(6.0), None))
    equations = NormalEquations(LINEAR.n_columns)
    add_frames(equations, LINEAR, frames, labels, {"energy": 10.0, "forces": 2.0, "stress": 3.0})
    first, second = (rows(LINEAR, atoms) for atoms in frames)
    design = np.vstack(
        [5 * first.energy, 2 * first.forces.reshape(6, -1), 3 * first.stress, 2.5 * second.energy]
    )
    targets = np.concatenate([[5.0], np.full(6, 2.0), 3 * np.arange(6.0), [5.0]])
    np.testing.assert_allclose(np.tril(equations.gram), np.tril(design.T @ design))
    np.testing.assert_allclose(equations.projection, design.T @ targets)
    assert equations.count == 14
    only = NormalEquations(LINEAR.n_columns)
    add_frames(only, LINEAR, frames, labels, {"energy": 10.0, "forces": 0.0, "stress": 0.0})
    assert only.count == 2


def test_scales_are_those_of_leave_one_out_errors():
    """Refits without one row each, against the closed formula of their errors and variances."""
    rng = np.random.default_rng(0)
    design = rng.normal(size=(60, 10))
    targets = np.sin(3 * design).sum(axis=1)  # which no coefficients fit
    penalty, errors, variances = 1e-3, [], []
    equations = NormalEquations(10)
    equations.add(design, targets)
    ridge = bayesian_ridge(equations, penalty)
    for i in range(60):
        inverse = np.linalg.inv(
            _without(design, i).T @ _without(design, i) + penalty * np.diag(ridge.scale**2)
        )
        errors.append(targets[i] - design[i] @ inverse @ _without(design, i).T @ _without(targets, i))
        variances.append(ridge.noise**2 * design[i] @ inverse @ design[i])
    scales = calibrated_scales(ridge, [Block("forces", design[:60], targets[:60])])
    assert scales["forces"] == pytest.approx(np.sqrt(np.mean(np.square(errors)) / np.mean(variances)))


def _without(values, i):
    return np.delete(values, i, axis=0)
