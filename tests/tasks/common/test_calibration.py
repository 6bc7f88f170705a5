"""Statistics of errors and deviations whose distribution is known."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from scipy.integrate import quad
from scipy.stats import norm

from mlffbench.data import InvalidPrediction, Labels
from mlffbench.tasks.common import calibration as statistics
from mlffbench.tasks.common.calibration import Residuals


def drawn(n: int, std: float | np.ndarray = 1.0, seed: int = 0) -> Residuals:
    """Errors of N(0, σ²) with the true σ."""
    std = np.broadcast_to(std, n).astype(float)
    return Residuals(std * np.random.default_rng(seed).normal(size=n), std)


def test_the_rank_error_is_that_of_scipy_and_does_not_mind_the_scale():
    some = drawn(50, np.linspace(0.1, 2, 50))
    assert statistics.rank_error(some.scaled(3.0)) == pytest.approx(statistics.rank_error(some), abs=1e-12)
    ranked = Residuals(np.array([0.1, -0.2, 0.3]), np.array([1.0, 2.0, 3.0]))
    assert statistics.rank_error(ranked) == pytest.approx(0.0)
    assert np.isnan(statistics.rank_error(Residuals(np.ones(3), np.ones(3))))
    assert np.isnan(statistics.rank_error(Residuals(np.ones(3), np.arange(3.0))))


def test_the_area_is_the_integral():
    """One error at the median of its interval: F is a step at 1/2, ∫|F − p| = 1/4; none inside any: 1/2."""
    median = Residuals(np.array([0.6744897501960817]), np.array([1.0]))
    assert statistics.miscalibration_area(median) == pytest.approx(0.25)
    assert statistics.miscalibration_area(Residuals(np.array([50.0]), np.array([1.0]))) == pytest.approx(0.5)
    rng = np.random.default_rng(1)
    some = Residuals(rng.normal(size=50), rng.uniform(0.5, 3.0, 50))
    p = np.linspace(0, 1, 20001)
    inside = np.abs(some.error) <= some.std * norm.ppf((1 + p[:, None]) / 2)
    observed = inside.mean(axis=1)
    area = np.trapezoid(np.abs(observed - p), p)
    assert statistics.miscalibration_area(some) == pytest.approx(area, abs=1e-4)
    assert np.abs(statistics.observed_shares(some, p) - observed).max() < 1e-12


def test_the_factor_is_the_maximum_of_the_likelihood():
    some = Residuals(3 * np.random.default_rng(2).normal(size=20_000), np.ones(20_000))
    assert statistics.scale(some) == pytest.approx(3.0, rel=0.03)
    best = min(np.linspace(2.5, 3.5, 1001), key=lambda s: statistics.nll(some.scaled(s)))
    assert statistics.scale(some) == pytest.approx(best, abs=1e-3)


def test_a_deviation_of_zero_holds_no_error():
    some = Residuals(np.array([0.1, 0.2, 0.3]), np.array([0.0, 0.1, 0.1]))
    assert some.ratio.tolist() == pytest.approx([np.inf, 2.0, 3.0])
    assert statistics.scale(some) == pytest.approx(np.sqrt(6.5))
    assert statistics.miscalibration_area(Residuals(np.ones(2), np.zeros(2))) == pytest.approx(0.5)
    assert np.isnan(statistics.scale(Residuals(np.ones(2), np.zeros(2))))
    assert statistics.nll(some) == np.inf
    assert np.isnan(statistics.z_spread(some))


def test_the_likelihood_is_that_of_scipy_and_its_excess_is_what_a_wrong_scale_costs():
    some = drawn(500, np.random.default_rng(3).uniform(0.5, 2.0, 500))
    assert statistics.nll(some) == pytest.approx(-norm.logpdf(some.error, scale=some.std).mean())
    best = some.scaled(statistics.scale(some))
    assert statistics.best_nll(some) == pytest.approx(statistics.nll(best))
    factor = 2.5
    cost = (factor**-2 - 1) / 2 + np.log(factor)
    assert statistics.nll(best.scaled(factor)) - statistics.best_nll(best) == pytest.approx(cost)


def test_deviations_that_mislead_are_worse_than_a_constant():
    some = Residuals(np.array([1.0, -1.0, 1.0, -1.0]), np.array([0.3, 1.0, 2.0, 4.0]))
    assert statistics.best_nll(some) == pytest.approx(norm.entropy())  # the RMSE, 1, for all
    assert statistics.nll(some.scaled(statistics.scale(some))) > statistics.best_nll(some) + 0.1


def test_the_crps_is_the_integral_and_of_true_deviations_their_share():
    for z in (-2.0, 0.0, 0.3, 5.0):
        below = quad(lambda x: norm.cdf(x / 2) ** 2, -40, 2 * z)[0]
        above = quad(lambda x: norm.sf(x / 2) ** 2, 2 * z, 60)[0]
        one = Residuals(np.array([2 * z]), np.array([2.0]))
        assert statistics.crps(one) == pytest.approx(below + above, rel=1e-6)
    std = np.random.default_rng(4).uniform(0.5, 2.0, 100_000)
    assert statistics.crps(drawn(100_000, std)) == pytest.approx(std.mean() / np.sqrt(np.pi), rel=0.01)


def test_the_ence_of_a_wrong_scale_is_known_and_of_true_deviations_its_floor():
    std = np.random.default_rng(5).uniform(0.5, 2.0, 100_000)
    some = drawn(100_000, std)
    assert statistics.ence(some) < 3 / np.sqrt(np.pi * 10_000)
    assert statistics.ence(some.scaled(0.5)) == pytest.approx(1.0, abs=0.02)  # |½ − 1| / ½
    assert statistics.ence(some.scaled(4.0)) == pytest.approx(0.75, abs=0.01)
    wrong_way = Residuals(some.error, 2.5 - std)  # the right size on the whole, at the wrong places
    assert statistics.ence(wrong_way) > 0.3
    assert statistics.ence(Residuals(np.array([2.0, 2.0]), np.array([1.0, 1.0]))) == pytest.approx(1.0)


def test_the_deviation_of_a_frame_is_per_atom_and_its_largest():
    frames = [Atoms("Ar2", [[0, 0, 0], [4, 0, 0]]), Atoms("Ar")]
    std = (np.array([[0.1, 0.2, 0.3], [0.9, 0.0, 0.0]]), np.array([[0.5, 0.1, 0.1]]))
    found = statistics.frame_std(frames, Labels(np.zeros(2), None, None, np.array([1.0, 0.7]), std))
    assert found["energy"] == pytest.approx([0.5, 0.7])
    assert found["forces"] == pytest.approx([0.9, 0.5])


def test_deviations_of_some_frames_or_without_a_number_are_refused():
    true = Labels(np.zeros(2), [np.zeros((1, 3))] * 2)
    some = Labels(np.zeros(2), true.forces, forces_std=[np.ones((1, 3)), None])
    with pytest.raises(InvalidPrediction, match="forces_std predicted for 1 of 2 frames"):
        statistics.residuals(true, some)
    with pytest.raises(FloatingPointError, match="deviation is not finite"):
        statistics.residuals(true, Labels(np.zeros(2), energy_std=[1.0, np.nan]))
