"""The uncertainty task on errors whose distribution is known."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from scipy.integrate import quad
from scipy.stats import norm

from mlffbench.data import Curve, Dataset, Labels, Missing, Score, Split
from mlffbench.estimators import AtomicReference
from mlffbench.forcefield import ForceField
from mlffbench.system import checkpoint
from mlffbench.tasks.common import calibration as statistics
from mlffbench.tasks.common.calibration import Residuals
from mlffbench.tasks.uncertainty import uncertainty

N = 3000
SHIFT = 0.7


class Oracle(ForceField):
    """Zero with a deviation that the positions say, `claim` times too large."""

    properties = ("energy", "forces")
    fits = 0

    def __init__(self, claim: float = 1.0, atomic_energies: dict[str, float] | None = None) -> None:
        self.claim = claim
        self.atomic_energies = atomic_energies

    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        self.n_ = len(frames)
        Oracle.fits += 1

    def _evaluate(self, inputs: Any) -> Labels:
        std = self.claim * np.array([a.positions[0, 0] for a in inputs])
        zero = tuple(np.zeros((1, 3)) for _ in inputs)
        return Labels(np.zeros(len(std)), zero, None, std, tuple(np.full((1, 3), s) for s in std))


def noisy(n: int = N) -> tuple[Dataset, Split]:
    """Single atoms, evenly spread; x is the noise of energy and forces, larger by SHIFT in `far`."""
    rng = np.random.default_rng(0)
    parts = (n // 2, n // 4, n - n // 2 - n // 4)
    std = np.concatenate([rng.permutation(np.linspace(0.1, 2.0, m)) for m in parts])
    std[3 * n // 4 :] += SHIFT
    frames = [Atoms("Ar", [[s, 0, 0]]) for s in std]
    forces = tuple(s * rng.normal(size=(1, 3)) for s in std)
    data = Dataset("noisy", frames, Labels(std * rng.normal(size=n), forces), {}, {}, {"Ar": 0.0})
    tests = {"near": np.arange(n // 2, 3 * n // 4), "far": np.arange(3 * n // 4, n)}
    return data, Split(np.arange(n // 2), tests, "near")


@cache
def rows_of(claim: float, n: int = N) -> list[Any]:
    data, split = noisy(n)
    model = Oracle(claim, {"Ar": 0.0}).fit([data.frames[i] for i in split.train], data.labels[split.train])
    return uncertainty(model, data, split, calibration=0.5)


def scores_of(claim: float, test: str = "near") -> dict[tuple[str, str], Score]:
    return {(r.quantity, r.metric): r for r in rows_of(claim) if isinstance(r, Score) and r.test == test}


def drawn(n: int, std: float | np.ndarray = 1.0, seed: int = 0) -> Residuals:
    """Errors of N(0, σ²) with the true σ."""
    std = np.broadcast_to(std, n).astype(float)
    return Residuals(std * np.random.default_rng(seed).normal(size=n), std)


# ---------------------------------------------------------------- the task
@pytest.mark.parametrize("suffix", ["", "_calibrated"])
@pytest.mark.parametrize("quantity", ["energy_uncertainty", "forces_uncertainty"])
def test_true_deviations_are_calibrated(quantity, suffix):
    found = scores_of(claim=1.0)
    assert found[quantity, "miscalibration_area" + suffix].value < 0.05
    assert found[quantity, "z_spread_error" + suffix].value < 0.1
    assert found[quantity, "ence" + suffix].value < 0.12
    assert found[quantity, "nll_excess" + suffix].value < 0.01


@pytest.mark.parametrize("claim", [0.25, 4.0])
def test_one_number_mends_deviations_that_are_too_small_or_too_large(claim):
    found, true = scores_of(claim), scores_of(1.0)
    scale = scores_of(claim, "held-out training frames")["energy_uncertainty", "scale_error"]
    assert scale.predicted == pytest.approx(1 / claim, rel=0.1)
    assert scale.value == pytest.approx(abs(np.log(scale.predicted)))
    for metric in ("miscalibration_area", "z_spread_error", "ence", "nll_excess", "crps"):
        before, after = (found["energy_uncertainty", metric + end].value for end in ("", "_calibrated"))
        assert before > 1.1 * after
        assert after == pytest.approx(true["energy_uncertainty", metric + "_calibrated"].value, abs=1e-9)
    assert found["energy_uncertainty", "z_spread_error"].predicted == pytest.approx(1 / claim, rel=0.05)


def test_units_and_the_cost_of_width():
    found = scores_of(3.0)
    for quantity, unit in (("energy_uncertainty", "eV"), ("forces_uncertainty", "eV/Å")):
        assert {found[quantity, m].unit for m in ("crps", "sharpness")} == {unit}
        width, scaled = (found[quantity, "sharpness" + end].value for end in ("", "_calibrated"))
        assert width == pytest.approx(3 * np.sqrt((2**3 - 0.1**3) / 3 / 1.9), rel=0.01)  # of U(0.1, 2)
        assert scaled == pytest.approx(width / 3, rel=0.1)


@pytest.mark.parametrize("quantity", ["energy_uncertainty", "forces_uncertainty"])
def test_a_shifted_group_is_told_apart_as_often_as_two_uniform_numbers_are_ordered(quantity):
    """P(Y > X) for X ~ U(0, w) and Y ~ U(d, w + d) is 1 − (w − d)²/2w²."""
    width = 1.9
    expected = 1 - (width - SHIFT) ** 2 / (2 * width**2)
    far = scores_of(2.0, "far")[quantity, "detection_error"]
    assert far.predicted == pytest.approx(expected, abs=0.002)
    assert far.value == pytest.approx(1 - far.predicted)
    assert (quantity, "detection_error") not in scores_of(2.0, "near")


def test_the_curve_of_true_deviations_is_the_diagonal_and_of_halved_ones_is_known():
    curves = {r.name: r for r in rows_of(0.5) if isinstance(r, Curve)}
    halved, mended = (np.array(curves[f"calibration of energy{end}: near"].y) for end in ("", ", calibrated"))
    p = np.linspace(0, 1, 21)
    expected = 2 * norm.cdf(norm.ppf((1 + p) / 2) / 2) - 1
    assert halved == pytest.approx(expected, abs=0.04)
    assert mended == pytest.approx(p, abs=0.05)


def test_a_task_that_was_killed_fits_no_second_time(tmp_path):
    with checkpoint.keep_in(tmp_path):
        first = rows_of.__wrapped__(0.5, 200)
        Oracle.fits = 0
        second = rows_of.__wrapped__(0.5, 200)
    assert Oracle.fits == 1  # the model itself
    assert second == first


def test_a_refit_that_fails_costs_the_calibrated_numbers_only():
    data, split = noisy(40)
    one = Split(split.train[:1], split.tests, "near")
    model = Oracle(1.0, {"Ar": 0.0}).fit([data.frames[0]], data.labels[:1])
    rows = uncertainty(model, data, one)
    assert [r.kind for r in rows if isinstance(r, Missing)] == ["unsupported input"]
    metrics = {r.metric for r in rows if isinstance(r, Score)}
    assert "crps" in metrics
    assert not [m for m in metrics if m.endswith("_calibrated")]


def test_a_number_that_cannot_be_is_a_row_with_its_reason():
    data, split = noisy(40)
    model = Oracle(0.0, {"Ar": 0.0}).fit([data.frames[i] for i in split.train], data.labels[split.train])
    rows = [r for r in uncertainty(model, data, split) if not isinstance(r, Curve)]
    missing = {(r.test, r.message.split(":")[0]) for r in rows if isinstance(r, Missing)}
    assert missing == {("held-out training frames", "every error, or every σ, is exactly zero")} | {
        (test, f"no {metric}")
        for test in ("near", "far")
        for metric in ("z_spread_error", "ence", "nll_excess", "rank_error")
    }
    assert not [r for r in rows if isinstance(r, Score) and r.metric.endswith("_calibrated")]
    crps = next(r for r in rows if isinstance(r, Score) and r.metric == "crps")
    assert crps.value == pytest.approx(np.mean(np.abs(data.labels[split.tests["near"]].energy)))


def test_a_model_without_uncertainty_says_so():
    data, split = noisy(20)
    model = AtomicReference().fit([data.frames[i] for i in split.train], data.labels[split.train])
    with pytest.raises(NotImplementedError, match="AtomicReference predicts no standard deviations"):
        uncertainty(model, data, split)


# ---------------------------------------------------------------- its statistics
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
    assert np.abs(statistics.shares(some, p) - observed).max() < 1e-12


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
