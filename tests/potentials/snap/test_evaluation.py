"""LAMMPS's pair style, which is quick, against the rows that were fitted."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from mlffbench import testing
from mlffbench.potentials.regression.bayesian_ridge import NormalEquations, bayesian_ridge
from mlffbench.potentials.snap.bispectrum import Bispectrum, default_weights
from mlffbench.potentials.snap.evaluation import predict, predict_with_deviations
from mlffbench.potentials.snap.fit import add_frames

pytestmark = pytest.mark.usefixtures("lammps")


@cache
def once(data):
    return data()


@pytest.mark.parametrize("form", ["linear", "quadratic", "explicit"])
@pytest.mark.parametrize("data", [testing.molecules, testing.alloys])
def test_both_ways_to_predict_agree(data, form):
    dataset = once(data)
    elements = tuple(dataset.elements)
    bispectrum = Bispectrum(
        elements, (2.0,) * len(elements), 3, form, tuple(default_weights(elements, form).values())
    )
    equations = NormalEquations(bispectrum.n_columns)
    weights = {"energy": 1.0, "forces": 1.0, "stress": 1.0}
    add_frames(equations, bispectrum, dataset.frames[:4], dataset.labels[:4], weights)
    ridge, scales = bayesian_ridge(equations, 1e-6), {"energy": 2.0, "forces": 3.0}
    rng = np.random.default_rng(0)  # also with coefficients that no fit would give
    coefficients = ridge.coefficients.reshape(len(elements), -1) * (1 + rng.random((len(elements), 1)))
    frames = dataset.frames[:3]
    by_rows = predict_with_deviations(bispectrum, coefficients, frames, ridge, scales)
    by_pairs = predict(bispectrum, coefficients, frames, ridge, scales)
    np.testing.assert_allclose(by_pairs.energy, by_rows.energy, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(by_pairs.energy_std, by_rows.energy_std, rtol=1e-5)
    for i in range(3):
        np.testing.assert_allclose(by_pairs.forces[i], by_rows.forces[i], atol=1e-8)
        if by_rows.stress is not None and by_rows.stress[i] is not None:
            np.testing.assert_allclose(by_pairs.stress[i], by_rows.stress[i], atol=1e-10)
    assert predict(bispectrum, coefficients, frames, None, scales).energy_std is None
