"""Statistics of errors and of their predicted standard deviations: calibration, proper scores, order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from scipy.stats import norm, spearmanr
from sklearn.metrics import roc_auc_score

from mlffbench.data import Labels, matched

__all__ = [
    "Residuals",
    "best_nll",
    "crps",
    "detection",
    "ence",
    "frame_std",
    "miscalibration_area",
    "nll",
    "observed_shares",
    "rank_error",
    "residuals",
    "scale",
    "sharpness",
    "z_spread",
]

MAX_BINS, MIN_IN_BIN = 10, 10


@dataclass(frozen=True)
class Residuals:
    """Predicted − true, and the predicted standard deviation of each: vectors of one length."""

    error: np.ndarray
    std: np.ndarray

    def __post_init__(self) -> None:
        if not np.isfinite(self.std).all():
            raise FloatingPointError("a predicted standard deviation is not finite")

    @property
    def ratio(self) -> np.ndarray:
        """|error|/σ; infinite where no deviation is predicted."""
        return np.divide(np.abs(self.error), self.std, out=np.full(len(self.std), np.inf), where=self.std > 0)

    def scaled(self, factor: float) -> Residuals:
        return Residuals(self.error, factor * self.std)


def residuals(true: Labels, predicted: Labels) -> dict[str, Residuals]:
    """Return the residuals of energies and of force components, of those that have deviations."""
    by_quantity = {}
    if predicted.energy_std is not None:
        by_quantity["energy"] = Residuals(predicted.energy - true.energy, predicted.energy_std)
    pairs = matched(true.forces, predicted.forces, "forces")
    deviations = matched(true.forces, predicted.forces_std, "forces_std")
    if pairs and deviations:
        error = np.concatenate([(p - t).ravel() for t, p in pairs])
        by_quantity["forces"] = Residuals(error, np.concatenate([s.ravel() for _, s in deviations]))
    return by_quantity


def frame_std(frames: Sequence[Atoms], predicted: Labels) -> dict[str, np.ndarray]:
    """Return one deviation a frame: of its energy per atom (eV), and the largest of its forces (eV/Å)."""
    std = {}
    if predicted.energy_std is not None:
        std["energy"] = predicted.energy_std / [len(a) for a in frames]
    if predicted.forces_std is not None and all(s is not None for s in predicted.forces_std):
        std["forces"] = np.array([np.max(s) for s in predicted.forces_std if s is not None])
    return std


# ---------------------------------------------------------------- calibration
def scale(r: Residuals) -> float:
    """√⟨(error/σ)²⟩ over σ > 0, the scale of largest Gaussian likelihood; nan if every σ is 0."""
    ratio = r.ratio[r.std > 0]
    return float(np.sqrt(np.mean(ratio**2))) if len(ratio) else float("nan")


def observed_shares(r: Residuals, expected: np.ndarray) -> np.ndarray:
    """Share of errors inside the central interval of N(0, σ²) of each expected probability."""
    own = np.sort(_probability(r))
    return np.searchsorted(own, expected, side="right") / len(own)


def miscalibration_area(r: Residuals) -> float:
    """∫|F(p) − p| dp, exactly, with F the cumulative distribution of the errors' own probabilities."""
    p = np.sort(_probability(r))
    knots = np.concatenate([[0.0], p, [1.0]])
    steps = np.arange(len(p) + 1) / len(p)  # F between one knot and the next
    primitive = lambda x: (x - steps) * np.abs(x - steps) / 2
    return float(np.sum(primitive(knots[1:]) - primitive(knots[:-1])))


def _probability(r: Residuals) -> np.ndarray:
    """Probability of the central interval that ends at the error."""
    return 2 * norm.cdf(r.ratio) - 1


def z_spread(r: Residuals) -> float:
    """Standard deviation of error/σ: 1 if σ is that of the errors."""
    if len(r.error) < 2 or not (r.std > 0).all():
        return float("nan")
    return float(np.std(r.error / r.std))


def ence(r: Residuals) -> float:
    """⟨|RMV − RMSE|/RMV⟩ over bins of equal counts along σ; RMV = √⟨σ²⟩ and RMSE = √⟨error²⟩ of a bin.

    Ten bins, fewer where they would hold fewer than ten values.
    """
    n_bins = int(np.clip(len(r.std) // MIN_IN_BIN, 1, MAX_BINS))
    bins = np.array_split(np.argsort(r.std, kind="stable"), n_bins)
    rmv, rmse = (np.array([np.sqrt(np.mean(v[b] ** 2)) for b in bins]) for v in (r.std, r.error))
    return float(np.mean(np.abs(rmv - rmse) / rmv)) if (rmv > 0).all() else float("nan")


# ---------------------------------------------------------------- proper scores and their parts
def nll(r: Residuals) -> float:
    """⟨½ ln 2πσ² + error²/2σ²⟩, nat; σ in its own unit."""
    if not (r.std > 0).all():
        return float("inf")
    return float(np.mean(0.5 * np.log(2 * np.pi * r.std**2) + 0.5 * (r.error / r.std) ** 2))


def best_nll(r: Residuals) -> float:
    """Lower one of two `nll`: of σ times `scale`, and of the RMSE as one σ for all.

    min(⟨ln σ⟩ + ln s, ln RMSE) + ½ ln 2πe.
    """
    rmse = float(np.sqrt(np.mean(r.error**2)))
    if rmse == 0:
        return -float("inf")
    widths = [np.log(rmse)]
    if (r.std > 0).all():
        widths.append(np.mean(np.log(r.std)) + np.log(scale(r)))
    return float(min(widths) + 0.5 * np.log(2 * np.pi * np.e))


def crps(r: Residuals) -> float:
    """⟨σ[z(2Φ(z) − 1) + 2φ(z) − 1/√π]⟩ with z = error/σ; |error| where σ is 0."""
    positive = r.std > 0
    error, std = r.error[positive], r.std[positive]
    z = error / std
    scores = np.abs(r.error).astype(float)
    scores[positive] = std * (z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / np.sqrt(np.pi))
    return float(np.mean(scores))


def sharpness(r: Residuals) -> float:
    """√⟨σ²⟩"""
    return float(np.sqrt(np.mean(r.std**2)))


# ---------------------------------------------------------------- order
def rank_error(r: Residuals) -> float:
    """1 − Spearman's ρ of |error| and σ; nan for fewer than three values or equal ones."""
    error = np.abs(r.error)
    if len(error) < 3 or np.ptp(r.std) == 0 or np.ptp(error) == 0:
        return float("nan")
    return 1 - float(spearmanr(error, r.std).statistic)


def detection(inside: np.ndarray, outside: np.ndarray) -> float:
    """AUROC: the probability that a frame from outside has the larger σ than one from inside, ties half."""
    truth = np.repeat([0, 1], [len(inside), len(outside)])
    return float(roc_auc_score(truth, np.concatenate([inside, outside])))
