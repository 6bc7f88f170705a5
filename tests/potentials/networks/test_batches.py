"""Loss of a batch, and groups of consecutive frames."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk, molecule

from mlffbench.data import Labels
from mlffbench.potentials.networks.batches import consecutive_groups, mean_square, weighted_loss
from mlffbench.potentials.networks.labelled_frames import LabelledFrames

WEIGHTS = SimpleNamespace(energy_weight=2.0, forces_weight=3.0, stress_weight=5.0)
NAN = float("nan")


def test_means_are_over_the_labels_that_are_known() -> None:
    frames = [bulk("Si"), Atoms("O"), molecule("CH4")]
    data = Labels(np.zeros(3), (None, np.ones((1, 3)), np.zeros((5, 3))), (np.ones(6), None, None))
    batch = LabelledFrames.build(frames, data, 4.0).batch(range(3))
    zeros = [torch.zeros_like(x) for x in (batch.energy, batch.forces, batch.stress)]
    assert mean_square(zeros[1], batch.forces).item() == pytest.approx(3 / 18)
    assert mean_square(zeros[2][1:], batch.stress[1:]).item() == 0.0
    energy = torch.tensor([2.0, 3.0, 10.0], dtype=torch.float64)
    expected = 2 * (1 + 9 + 4) / 3 + 3 * 3 / 18 + 5
    assert weighted_loss(batch, energy, *zeros[1:], WEIGHTS).item() == pytest.approx(expected)


def test_a_diverging_prediction_is_not_a_missing_label() -> None:
    label = torch.tensor([1.0, NAN])
    assert mean_square(torch.tensor([2.0, NAN]), label) == 1.0
    assert mean_square(torch.tensor([NAN, 2.0]), label).isnan()


def test_a_missing_label_has_no_gradient() -> None:
    predicted = torch.tensor([3.0, 4.0], requires_grad=True)
    mean_square(predicted, torch.tensor([1.0, NAN])).backward()
    assert predicted.grad is not None
    assert predicted.grad.tolist() == [4.0, 0.0]


def test_consecutive_frames_make_batches() -> None:
    assert consecutive_groups([3, 3, 3, 20, 1], 6) == [[0, 1], [2], [3], [4]]
    assert consecutive_groups([50], 6) == [[0]]
    assert [len(g) for g in consecutive_groups([2, 1, 5], atoms=3)] == [2, 1]
