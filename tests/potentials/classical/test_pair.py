"""Exact derivatives of pair terms against finite differences, and the switch at the cutoff."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.optimize import approx_fprime

from mlffbench.estimators.buckingham import Buckingham
from mlffbench.estimators.lennard_jones import LennardJones
from mlffbench.estimators.morse import Morse
from mlffbench.potentials.classical.pair import pair_terms


@pytest.mark.parametrize(
    ("cls", "theta"),
    [
        (LennardJones, [[0.3, 0.1], [1.4, 2.0]]),
        (Buckingham, [[2.0, 1.0], [0.5, 0.7], [0.2, 0.3]]),
        (Morse, [[0.5, 2.0], [1.9, 2.2], [1.6, 1.0]]),
    ],
)
def test_pair_derivatives_are_finite_differences(cls, theta):
    theta, kinds, r_min = (
        np.array(theta),
        np.array([0, 1, 0, 1]),
        torch.tensor([1.2, 1.6], dtype=torch.float64),
    )
    r = np.array([1.1, 1.7, 4.3, 4.8])  # below r_min, and inside the switch of a 5 Å cutoff
    terms = lambda t, d=r: pair_terms(cls.form, cls.physical, t, r_min, d, kinds, 5.0)
    step = 1e-6
    slope = (terms(theta, r + step)[0] - terms(theta, r - step)[0]) / (2 * step)
    np.testing.assert_allclose(terms(theta)[1], slope, rtol=1e-6, atol=1e-8)
    for value, derivative in ((0, 2), (1, 3)):
        numeric = approx_fprime(theta.ravel(), lambda t, k=value: terms(t.reshape(theta.shape))[k], 1e-7)
        own = np.array([numeric[pair, kind::2] for pair, kind in enumerate(kinds)])
        np.testing.assert_allclose(terms(theta)[derivative], own, rtol=1e-4, atol=1e-5)


def test_slope_and_jacobian_are_the_derivatives_of_the_value():
    theta = np.array([0.5, 2.0, 1.9, 2.2, 1.6, 1.0])
    kinds = np.array([0, 1, 0, 1])
    r = np.array([1.1, 1.7, 4.3, 4.8])  # below and inside the switch of a 5 Å cutoff
    r_min = torch.ones(2, dtype=torch.float64)
    terms = lambda t, d=r: pair_terms(Morse.form, Morse.physical, t.reshape(3, 2), r_min, d, kinds, 5.0)
    step = 1e-6
    slope = (terms(theta, r + step)[0] - terms(theta, r - step)[0]) / (2 * step)
    np.testing.assert_allclose(terms(theta)[1], slope, atol=1e-7)
    for value, derivative in ((0, 2), (1, 3)):
        numeric = approx_fprime(theta, lambda t, k=value: terms(t)[k], 1e-7)
        for pair, kind in enumerate(kinds):
            np.testing.assert_allclose(terms(theta)[derivative][pair], numeric[pair, kind::2], atol=1e-4)


def test_two_derivatives_vanish_at_the_cutoff():
    r = np.array([4.99, 5.0, 5.5])
    theta, r_min = np.array([[1.0], [1.0], [3.0]]), torch.ones(1, dtype=torch.float64)
    kinds = np.zeros(3, dtype=int)
    value, slope, _, _ = pair_terms(Morse.form, Morse.physical, theta, r_min, r, kinds, 5.0)
    assert abs(value[0]) < 1e-5
    assert abs(slope[0]) < 1e-3
    assert not value[1:].any()
    np.testing.assert_allclose(slope[1:], 0.0, atol=1e-12)
