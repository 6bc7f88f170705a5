"""Checks of missing labels and of uncertainties."""

from __future__ import annotations

import numpy as np

from mlffbench.data import Labels
from mlffbench.testing.examples import FEW, Fitted, without_derivatives

__all__ = ["energies_alone_are_enough", "missing_labels_stay_missing", "uncertainties_are_positive"]


def energies_alone_are_enough(example: Fitted) -> None:
    """Fit to energies alone; a model that needs forces must refuse it with a sentence."""
    few = example.refitted(Labels(example.labels.energy[:FEW]))
    if few is not None:
        assert np.isfinite(few.model.predict(few.frames).energy).all(), "energies are not finite"


def missing_labels_stay_missing(example: Fitted) -> None:
    """Compare fits with missing and with zero forces and stress: they must differ."""
    few, labels = example.few, example.labels[:FEW]
    assert np.isfinite(few.model.predict(few.frames).energy).all(), "energies are not finite"
    zero = example.refitted(without_derivatives(labels, zero=True), needed=True)
    if not _differ(few, zero):
        complete = example.refitted(labels, needed=True)
        assert not _differ(complete, zero), "missing forces were learned as if they were zero"


def _differ(one: Fitted, other: Fitted) -> bool:
    """True if the predictions of two fits differ."""
    a, b = (fitted.model.predict(one.frames) for fitted in (one, other))
    forces = zip(a.forces or (), b.forces or (), strict=True)
    pairs = [(a.energy, b.energy), *forces]
    return max(float(np.abs(x - y).max()) for x, y in pairs if x is not None and y is not None) > 1e-9


def uncertainties_are_positive(example: Fitted) -> None:
    """Check that standard deviations of energies and force components are finite and not negative."""
    frames = example.frames[:3]
    labels = example.model.predict(frames)
    if labels.energy_std is not None:
        _check_deviation(labels.energy_std, (len(frames),), "energy_std")
    for k, deviation in enumerate(labels.forces_std or ()):
        assert deviation is not None, f"frame {k} has no forces_std, but others have"
        _check_deviation(deviation, (len(frames[k]), 3), f"forces_std of frame {k}")


def _check_deviation(values: np.ndarray, shape: tuple[int, ...], name: str) -> None:
    """Assert shape and range of standard deviations; `name` is theirs in the messages."""
    assert values.shape == shape, f"{name} has shape {values.shape}, not {shape}"
    assert np.isfinite(values).all(), f"{name} is not finite"
    assert (values >= 0).all(), f"{name} is negative: {values.min():.3g}"
