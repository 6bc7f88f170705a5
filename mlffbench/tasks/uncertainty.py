"""Whether predicted uncertainties mean something: calibrated, and larger where the error is larger."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm, spearmanr
from sklearn.base import clone

from mlffbench import progress
from mlffbench.data import Dataset, Labels, Score, Split
from mlffbench.forcefield import ForceField

__all__ = ["uncertainty"]

UNITS = {"energy": "eV", "forces": "eV/Å"}


@dataclass(frozen=True)
class Residuals:
    """Predicted − true, and the predicted standard deviation of each."""

    error: np.ndarray
    std: np.ndarray

    @property
    def ratio(self) -> np.ndarray:
        """|error|/σ; infinite where no deviation is predicted."""
        return np.divide(np.abs(self.error), self.std, out=np.full(len(self.std), np.inf), where=self.std > 0)

    def scaled(self, factor: float) -> Residuals:
        return Residuals(self.error, factor * self.std)


def uncertainty(
    model: ForceField, dataset: Dataset, split: Split, seed: int = 0, calibration: float = 0.1
) -> list[Score]:
    """Miscalibration area and rank correlation of predicted standard deviations, on every test group.

    The miscalibration area is ∫₀¹ |observed(p) − p| dp, where observed(p) is the share of errors inside the
    central interval of probability p of N(0, σ²): 0 is perfect, 0.5 the worst (Kuleshov, Fenner and Ermon,
    ICML 2018; Tran et al., Mach. Learn.: Sci. Technol. 1, 025006 (2020)). It is given as predicted and, as
    ``miscalibration_area_calibrated``, after σ is multiplied by the one number s = √⟨(error/σ)²⟩. That number
    comes from a part of the *training* frames: a fresh clone is fitted without them and predicts them, so the
    task costs one more fit. ``rank_error`` is 1 − ρ, with ρ the Spearman correlation of |error| and σ.

    Parameters
    ----------
    calibration : float
        The part of the training frames that calibrates.

    Raises
    ------
    NotImplementedError
        The model predicts no uncertainty.
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(split.train)
    held, rest = np.split(order, [max(1, round(calibration * len(order)))])
    progress.report("calibrate", 0, 1)
    again = clone(model).fit([dataset.frames[i] for i in rest], dataset.labels[rest])
    factors = {q: _factor(r) for q, r in _residuals(again, dataset, held).items()}
    scores: list[Score] = []
    for test, indices in split.tests.items():
        found = _residuals(model, dataset, indices)
        for quantity in found.keys() & factors.keys():
            scores += _scores(test, quantity, found[quantity], factors[quantity])
    return sorted(scores, key=lambda s: (s.quantity, s.test, s.metric))


def _residuals(model: ForceField, dataset: Dataset, indices: np.ndarray) -> dict[str, Residuals]:
    """Of energies, and of force components where the model has their deviations."""
    predicted = model.predict([dataset.frames[i] for i in indices])
    true = dataset.labels[indices]
    found = {}
    if predicted.energy_std is not None:
        found["energy"] = Residuals(predicted.energy - true.energy, predicted.energy_std)
    if predicted.forces_std is not None and true.forces is not None:
        found["forces"] = _of_forces(true, predicted)
    if not found:
        raise NotImplementedError(f"{type(model).__name__} predicts no standard deviations")
    return found


def _of_forces(true: Labels, predicted: Labels) -> Residuals:
    rows = zip(true.forces or (), predicted.forces or (), predicted.forces_std or (), strict=True)
    known = [(p - t, s) for t, p, s in rows if t is not None and p is not None and s is not None]
    error, std = (np.concatenate([part[k].ravel() for part in known]) for k in (0, 1))
    return Residuals(error, std)


def _scores(test: str, quantity: str, residuals: Residuals, factor: float) -> list[Score]:
    name = f"{quantity}_uncertainty"
    values = {
        "miscalibration_area": _area(residuals),
        "miscalibration_area_calibrated": _area(residuals.scaled(factor)),
        "rank_error": _rank_error(residuals),
    }
    return [Score(test, name, metric, value, "") for metric, value in values.items() if np.isfinite(value)]


def _factor(residuals: Residuals) -> float:
    """√⟨(error/σ)²⟩ where σ > 0, the scale of largest Gaussian likelihood; 1 where no σ is."""
    ratio = residuals.ratio[residuals.std > 0]
    return float(np.sqrt(np.mean(ratio**2))) if len(ratio) else 1.0


def _area(residuals: Residuals) -> float:
    """∫|F(p) − p| dp with F the distribution of the errors' own probabilities, exactly."""
    p = np.sort(2 * norm.cdf(residuals.ratio) - 1)
    knots = np.concatenate([[0.0], p, [1.0]])
    steps = np.arange(len(p) + 1) / len(p)  # F between one knot and the next
    primitive = lambda x: (x - steps) * np.abs(x - steps) / 2  # noqa: E731
    return float(np.sum(primitive(knots[1:]) - primitive(knots[:-1])))


def _rank_error(residuals: Residuals) -> float:
    """1 − Spearman's ρ of |error| and σ; not a number for fewer than three values or equal deviations."""
    if len(residuals.error) < 3 or np.ptp(residuals.std) == 0:
        return float("nan")
    return 1 - float(spearmanr(np.abs(residuals.error), residuals.std).statistic)
