"""The uncertainty task on errors whose distribution is known."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from scipy.stats import norm

from mlffbench.data import Curve, Dataset, Labels, Missing, Score, Split
from mlffbench.estimators import AtomicReference
from mlffbench.forcefield import ForceField
from mlffbench.system import checkpoint
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


def test_an_in_domain_group_that_cannot_be_predicted_costs_no_other():
    data, split = noisy(80)
    frames = [Atoms("Ne", a.positions) if i in split.tests["near"] else a for i, a in enumerate(data.frames)]
    strange = Dataset("strange", frames, data.labels, {}, {}, {"Ar": 0.0, "Ne": 0.0})
    model = Oracle(1.0, {"Ar": 0.0}).fit(frames[:40], data.labels[:40])
    rows = uncertainty(model, strange, split, calibration=0.5)
    missing = {r.quantity: r.message for r in rows if isinstance(r, Missing)}
    assert set(missing) == {"near", "detection of far"}
    assert all("cannot predict ['Ne']" in message for message in missing.values())
    assert {r.test for r in rows if isinstance(r, Score)} >= {"far"}
