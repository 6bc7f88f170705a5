"""Sizes of refits, and means over draws."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import molecule
from scipy.stats import t

from mlffbench.data import Dataset, InvalidPrediction, Labels
from mlffbench.estimators.atomic_reference import AtomicReference
from mlffbench.metrics import neg_forces_rmse
from mlffbench.tasks.common.refits import errors, frame_count, geometric_mean


def test_a_number_of_frames_or_a_share():
    assert [frame_count(a, 40, "sizes") for a in (0.25, 1.0, 12, 0.001, 1)] == [10, 40, 12, 1, 1]
    for wrong in (0, -1, 41, True):
        with pytest.raises(ValueError, match="sizes must be a share up to 1 or a number of the 40"):
            frame_count(wrong, 40, "sizes")


def test_the_geometric_mean_and_its_interval():
    mean, low, high = geometric_mean(np.array([1.0, 4.0]))
    assert mean == pytest.approx(2.0)
    half = t.ppf(0.975, 1) * np.log(4) / np.sqrt(2) / np.sqrt(2)
    assert np.log([low, high]) == pytest.approx([np.log(2) - half, np.log(2) + half])
    assert geometric_mean(np.array([3.0])) == (pytest.approx(3.0), None, None)


class HalfOfThem(AtomicReference):
    """Predicts forces for every second frame."""

    def _evaluate(self, inputs):
        labels = super()._evaluate(inputs)
        return Labels(labels.energy, [f if i % 2 else None for i, f in enumerate(labels.forces)])


def test_errors_and_scorers_refuse_forces_of_some_frames():
    frames = [molecule("H2O") for _ in range(4)]
    labels = Labels(np.arange(4.0), [np.ones((3, 3))] * 4)
    model = HalfOfThem().fit(frames, labels)
    with pytest.raises(InvalidPrediction, match="forces predicted for 2 of 4 frames"):
        errors(model, Dataset("waters", frames, labels), np.arange(4))
    with pytest.raises(InvalidPrediction, match="forces predicted for 2 of 4 frames"):
        neg_forces_rmse(model, frames, labels)
    without = Labels(labels.energy, [None, labels.forces[0], None, labels.forces[0]])
    assert errors(model, Dataset("waters", frames, without), np.arange(4))["forces"] == pytest.approx(1.0)
