"""Learning rates in tensors: the plateau's rule is torch's, and a held rate is held."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from mlffbench.potentials.learning_rate import factor
from mlffbench.potentials.networks.schedule import LearningRate
from mlffbench.potentials.networks.training import Settings


def groups(*rates: float) -> list[dict[str, Any]]:
    return [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": rate} for rate in rates]


def test_a_plateau_is_the_one_of_torchs_scheduler() -> None:
    reference = torch.optim.Adam(groups(0.1, 0.02))
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(reference, patience=2, factor=0.5)
    ours = LearningRate(groups(0.1, 0.02), Settings(9, plateau_patience=2, plateau_factor=0.5))
    rng = np.random.default_rng(0)
    for loss in 1 + np.cumsum(rng.choice([-1e-2, -1e-5, 0, 1e-2], 50)).clip(min=-0.9):
        plateau.step(loss)
        ours.reduce_on_plateau(loss)
        assert ours.rates == pytest.approx([g["lr"] for g in reference.param_groups], rel=1e-12)
    assert ours.value < 0.1


def test_the_optimiser_reads_tensors_that_stay_where_they_are() -> None:
    given = groups(0.1, 0.02)
    rate = LearningRate(given, Settings(10, schedule="cosine", cooldown=0.5))
    tensors = [group["lr"] for group in given]
    for elapsed in (0.0, 0.3, 0.8):
        rate.follow(elapsed)
        expected = [r * factor("cosine", 0.5, elapsed) for r in (0.1, 0.02)]
        assert [t.item() for t in tensors] == pytest.approx(expected, rel=1e-12)
    rate.hold(0.004)
    rate.follow(1.0)
    assert all(group["lr"] is tensor for group, tensor in zip(given, tensors, strict=True))
    assert rate.rates == [t.item() for t in tensors] == pytest.approx([0.004 * 0.01] * 2)
