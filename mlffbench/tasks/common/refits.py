"""Refits: clones of a model fitted to parts of the training set, and their errors."""

from __future__ import annotations

import numpy as np
from scipy.stats import t
from sklearn.base import clone

from mlffbench.data import Dataset, Missing, Split, matched
from mlffbench.forcefield import ForceField
from mlffbench.system.failures import failure_of

__all__ = [
    "UNITS",
    "errors",
    "first_seed",
    "frame_count",
    "geometric_mean",
    "group_errors",
    "has_seed",
    "refit",
]

UNITS = {"energy_per_atom": "eV/atom", "forces": "eV/Å"}


def frame_count(amount: float, n: int, parameter: str) -> int:
    """Return a share of n frames (0.5, 1.0) or a number of them (1, 20) as a number of at least one."""
    share = isinstance(amount, float) and amount <= 1
    if isinstance(amount, bool) or not 0 < amount <= n:
        raise ValueError(
            f"{parameter} must be a share up to 1 or a number of the {n} training frames, not {amount!r}"
        )
    return max(1, round(amount * n)) if share else int(amount)


def has_seed(model: ForceField) -> bool:
    """Return True if fits to the same frames can differ by a ``random_state``."""
    return "random_state" in model.get_params(deep=False)


def first_seed(model: ForceField, seed: int) -> int:
    """Return the seed of draw 0: the model's own ``random_state`` if it is a number, else the case's seed."""
    own = model.get_params(deep=False).get("random_state")
    return own if isinstance(own, int) else seed


def refit(
    model: ForceField, dataset: Dataset, frames: np.ndarray, random_state: int | None = None
) -> ForceField:
    """Fit a clone to these frames, in ascending order, with that seed if the model takes one."""
    copy = clone(model)
    if random_state is not None and has_seed(copy):
        copy.set_params(random_state=random_state)
    frames = np.sort(frames)
    return copy.fit([dataset.frames[i] for i in frames], dataset.labels[frames])


def errors(model: ForceField, dataset: Dataset, indices: np.ndarray) -> dict[str, float]:
    """√⟨(predicted − true)²⟩ of energies per atom, and of force components if both sides have them."""
    frames = [dataset.frames[i] for i in indices]
    predicted, true = model.predict(frames), dataset.labels[indices]
    rmse = {"energy_per_atom": _rms((predicted.energy - true.energy) / [len(a) for a in frames])}
    if pairs := matched(true.forces, predicted.forces, "forces"):
        rmse["forces"] = _rms(np.concatenate([(p - t).ravel() for t, p in pairs]))
    return rmse


def group_errors(
    model: ForceField, dataset: Dataset, split: Split, fit: str
) -> tuple[dict[str, dict[str, float]], list[Missing]]:
    """Return the errors on every test group that a fit can predict, and a row for each other group.

    A group that it cannot predict, as with an element that its frames lack, costs no other.

    Raises
    ------
    Exception
        The fit predicts no group: the failure of the first.
    """
    values: dict[str, dict[str, float]] = {}
    failures: dict[str, Exception] = {}
    for test, indices in split.tests.items():
        try:
            values[test] = errors(model, dataset, indices)
        except Exception as error:
            failures[test] = error
    if not values:
        raise next(iter(failures.values()))
    return values, [Missing(test, fit, **failure_of(error)) for test, error in failures.items()]


def _rms(difference: np.ndarray) -> float:
    rms = float(np.sqrt(np.mean(difference**2)))
    if not np.isfinite(rms):
        raise FloatingPointError("a fit to a part of the training set predicts numbers that are not finite")
    return rms


def geometric_mean(values: np.ndarray) -> tuple[float, float | None, float | None]:
    """exp⟨ln v⟩ with its 95 % interval of Student's t; without one for a single value."""
    logs = np.log(values)
    mean, n = float(np.mean(logs)), len(logs)
    if n < 2:
        return float(np.exp(mean)), None, None
    half = float(t.ppf(0.975, n - 1) * np.std(logs, ddof=1) / np.sqrt(n))
    return float(np.exp(mean)), float(np.exp(mean - half)), float(np.exp(mean + half))
