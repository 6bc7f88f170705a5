"""Last hidden layers of element networks, against changed weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from mlffbench.data import Dataset
from mlffbench.estimators.behler_parrinello import BehlerParrinello
from mlffbench.potentials.networks import acsf_evaluation
from mlffbench.testing import alloys, molecules


@pytest.mark.parametrize("data", [molecules(4), alloys(5)], ids=lambda d: d.name)
@pytest.mark.parametrize("hidden", [(5, 3), (4,), ()])
def test_energies_and_forces_are_linear_in_the_last_weights(
    data: Dataset, hidden: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one part and in several."""
    model: Any = BehlerParrinello(cutoff=4.0, hidden=hidden, max_epochs=1, dtype="float64")
    model.fit(data.frames, data.labels)
    monkeypatch.setattr(acsf_evaluation, "batch_bytes", lambda device: 2e5)
    inputs = model._prepare(data.frames)
    assert len(inputs.parts) > 1 or data.name == "alloys"
    features, jacobian = model._last_layer()(inputs)
    before = model._evaluate(inputs)
    weight = model.networks_[0].weights[-1]
    change = torch.randn(weight.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        weight.add_(change)
    model.networks_ = list(model.networks_)  # networks that were never evaluated
    after = model._evaluate(inputs)
    np.testing.assert_allclose(after.energy - before.energy, (features @ change.flatten()).numpy(), atol=1e-9)
    forces = np.concatenate(after.forces) - np.concatenate(before.forces)
    np.testing.assert_allclose(forces, (jacobian @ change.flatten()).numpy(), atol=1e-9)
