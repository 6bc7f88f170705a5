"""The uncertainty task on errors whose distribution is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from ase import Atoms

from mlffbench.data import Dataset, Labels, Split
from mlffbench.estimators import AtomicReference
from mlffbench.forcefield import ForceField
from mlffbench.tasks.uncertainty import Residuals, _area, _factor, _rank_error, uncertainty

N = 4000


class Oracle(ForceField):
    """Zero with a deviation that the positions say, `claim` times too large."""

    properties = ("energy", "forces")

    def __init__(self, claim: float = 1.0, atomic_energies: dict[str, float] | None = None) -> None:
        self.claim = claim
        self.atomic_energies = atomic_energies

    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        self.n_ = len(frames)

    def _evaluate(self, inputs: Any) -> Labels:
        std = self.claim * np.array([a.positions[0, 0] for a in inputs])
        zero = tuple(np.zeros((1, 3)) for _ in inputs)
        return Labels(np.zeros(len(std)), zero, None, std, tuple(np.full((1, 3), s) for s in std))


def noisy(n: int = N) -> tuple[Dataset, Split]:
    """Single atoms; the noise of energy and forces is the first coordinate."""
    rng = np.random.default_rng(0)
    std = rng.uniform(0.1, 2.0, n)
    frames = [Atoms("Ar", [[s, 0, 0]]) for s in std]
    forces = tuple(s * rng.normal(size=(1, 3)) for s in std)
    data = Dataset("noisy", frames, Labels(std * rng.normal(size=n), forces), {}, {}, {"Ar": 0.0})
    return data, Split(np.arange(n // 2), {"test": np.arange(n // 2, n)})


def values(claim: float) -> dict[tuple[str, str], float]:
    data, split = noisy()
    model = Oracle(claim, {"Ar": 0.0}).fit([data.frames[i] for i in split.train], data.labels[split.train])
    return {(s.quantity, s.metric): s.value for s in uncertainty(model, data, split)}


@pytest.mark.parametrize("quantity", ["energy_uncertainty", "forces_uncertainty"])
def test_true_deviations_are_calibrated(quantity):
    found = values(claim=1.0)
    assert found[quantity, "miscalibration_area"] < 0.03
    assert found[quantity, "miscalibration_area_calibrated"] < 0.05


@pytest.mark.parametrize("claim", [0.25, 4.0])
def test_one_number_mends_deviations_that_are_too_small_or_too_large(claim):
    found = values(claim)
    assert found["energy_uncertainty", "miscalibration_area"] > 0.2
    assert found["energy_uncertainty", "miscalibration_area_calibrated"] < 0.05


def test_the_rank_error_is_that_of_scipy_and_does_not_mind_the_scale():
    assert values(1.0)["energy_uncertainty", "rank_error"] == pytest.approx(
        values(3.0)["energy_uncertainty", "rank_error"], abs=1e-12
    )
    ranked = Residuals(np.array([0.1, -0.2, 0.3]), np.array([1.0, 2.0, 3.0]))
    assert _rank_error(ranked) == pytest.approx(0.0)
    assert np.isnan(_rank_error(Residuals(np.ones(3), np.ones(3))))


def test_the_area_is_the_integral():
    """One error at the median of its interval: F is a step at 1/2, ∫|F − p| = 1/4; none inside any: 1/2."""
    median = Residuals(np.array([0.6744897501960817]), np.array([1.0]))
    assert _area(median) == pytest.approx(0.25)
    assert _area(Residuals(np.array([50.0]), np.array([1.0]))) == pytest.approx(0.5)
    rng = np.random.default_rng(1)
    some = Residuals(rng.normal(size=50), rng.uniform(0.5, 3.0, 50))
    from scipy.stats import norm

    p = np.linspace(0, 1, 20001)
    observed = [(np.abs(some.error) <= some.std * norm.ppf((1 + q) / 2)).mean() for q in p]
    assert _area(some) == pytest.approx(np.trapezoid(np.abs(observed - p), p), abs=1e-4)


def test_the_factor_is_the_maximum_of_the_likelihood():
    rng = np.random.default_rng(2)
    some = Residuals(3 * rng.normal(size=20_000), np.ones(20_000))
    assert _factor(some) == pytest.approx(3.0, rel=0.03)


def test_a_deviation_of_zero_holds_no_error():
    some = Residuals(np.array([0.1, 0.2, 0.3]), np.array([0.0, 0.1, 0.1]))
    assert some.ratio.tolist() == pytest.approx([np.inf, 2.0, 3.0])
    assert _factor(some) == pytest.approx(np.sqrt(6.5))
    assert _area(Residuals(np.ones(2), np.zeros(2))) == pytest.approx(0.5)
    assert _factor(Residuals(np.ones(2), np.zeros(2))) == 1.0


def test_a_model_without_uncertainty_says_so():
    data, split = noisy(20)
    model = AtomicReference().fit([data.frames[i] for i in split.train], data.labels[split.train])
    with pytest.raises(NotImplementedError, match="AtomicReference predicts no standard deviations"):
        uncertainty(model, data, split)
