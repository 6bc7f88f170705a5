"""The loss against mace-torch's own, and captured training against plain training."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from example_mace import CPU, small, untrained
from example_water import springs

from mlffbench.data import Labels
from mlffbench.potentials.mace.assembly import assemble, least_shape
from mlffbench.potentials.mace.batch import Batch
from mlffbench.potentials.mace.batches import Graphs
from mlffbench.potentials.mace.evaluation import output
from mlffbench.potentials.mace.library import mace, session
from mlffbench.potentials.mace.network import FusedMACE
from mlffbench.potentials.mace.shapes import common_shape
from mlffbench.potentials.mace.training import Loss
from mlffbench.testing import solids
from mlffbench.testing.launches import waits
from mlffbench.testing.replay import replayed_on_cpu


def partly_labelled() -> tuple[torch.nn.Module, Graphs]:
    """Crystals of which one lacks its forces and another its stress."""
    data = solids()
    known = data.labels[:4]
    assert known.forces is not None
    assert known.stress is not None
    labels = Labels(
        known.energy, (None, *known.forces[1:]), (known.stress[0], None, *known.stress[2:])
    )  # fmt: skip
    module = untrained(list(data.frames[:4]), [18], {"cutoff": 4.0})[0]
    return module, Graphs.build(data.frames[:4], [18], 4.0, torch.float64, CPU, labels)


@pytest.mark.parametrize("stress", [None, 7.0])
def test_the_loss_is_mace_torchs(stress: float | None) -> None:
    """On frames of which labels are missing, plain and padded."""
    module, graphs = partly_labelled()
    batch = assemble(graphs, [2, 0, 1])
    outputs = output(module, batch, stress is not None)
    by_frame = torch.as_tensor(batch.order)
    frames = torch.tensor([2, 0, 1])
    theirs = Batch(
        batch, forces=batch.forces[by_frame], weight=torch.ones(3), energy_weight=torch.ones(3),
        **{k: torch.as_tensor(graphs.per_frame[k])[frames] for k in ("forces_weight", "stress_weight")},
    )  # fmt: skip
    modules, weights = mace().modules, {"energy_weight": 2.0, "forces_weight": 30.0}
    with session(torch.float64):
        error = modules.WeightedEnergyForcesLoss(**weights)
        if stress is not None:
            error = modules.WeightedEnergyForcesStressLoss(**weights, stress_weight=stress)
    expected = error(theirs, outputs | {"forces": outputs["forces"][by_frame]}).item()
    ours = Loss(2.0, 30.0, stress)
    assert ours(module, batch).item() == pytest.approx(expected, rel=1e-12)
    padded = assemble(graphs, [2, 0, 1], common_shape([least_shape(graphs, [0, 1, 2, 3])]))
    assert ours(module, padded).item() == pytest.approx(expected, rel=1e-12)
    total, weight = ours.error(module, padded)
    assert (total / weight).item() == pytest.approx(expected, rel=1e-12)
    assert weight.item() == 3


def test_a_step_and_a_validation_wait_for_nothing() -> None:
    module, graphs = partly_labelled()
    with session(torch.float64):
        fused = FusedMACE(module)
    batch, loss = assemble(graphs, [2, 0, 1]), Loss(2.0, 30.0, 7.0)
    for model in (module, fused):
        weights = [p for p in model.parameters() if p.requires_grad]
        assert waits(lambda m=model, w=weights: loss(m, batch).backward(inputs=w)) == []  # type: ignore[misc]
        assert waits(lambda m=model: loss.error(m, batch)) == []  # type: ignore[misc]


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-10), ("float32", 1e-4)])
def test_captured_training_is_plain_training(dtype: str, tolerance: float) -> None:
    """Losses of 50 steps, each a batch of its own, with padded batches of molecules and two stages."""
    frames, labels = springs(6)
    settings: dict[str, Any] = {
        "max_epochs": 25, "batch_size": 3, "learning_rate": 1e-3, "dtype": dtype, "stage_two": 0.6,
        "stage_two_average": True,
    }  # fmt: skip
    plain = small(**settings).fit(frames, labels)
    with replayed_on_cpu():
        captured = small(**settings).fit(frames, labels)
        predicted = [captured.predict(frames) for _ in range(5)][-1]
    assert (plain.captured_, captured.captured_) == ("no: cpu", "yes")
    for name in ("loss", "validation"):
        columns = [[row[name] for row in model.history_] for model in (captured, plain)]
        np.testing.assert_allclose(columns[0], columns[1], rtol=tolerance)
    expected = plain.predict(frames)
    scale = np.abs(np.concatenate(expected.forces)).max()
    np.testing.assert_allclose(
        np.concatenate(predicted.forces), np.concatenate(expected.forces), atol=10 * tolerance * scale
    )


def test_missing_forces_weigh_nothing_and_are_no_zeros() -> None:
    """Forces of frame 0 unknown: changing what stands in their place changes nothing."""
    module, graphs = partly_labelled()
    losses = []
    for stand_in in (0.0, 7.0):
        batch = assemble(graphs, [0, 1, 2])
        batch["forces"][torch.as_tensor(batch.order)[: batch.sizes[0]]] = stand_in
        losses.append(Loss(1.0, 100.0, None)(module, batch).item())
    assert losses[0] == losses[1]
