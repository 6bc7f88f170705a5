"""The chain rule through precomputed Jacobians against automatic differentiation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from example_alloys import CHOSEN, SOME, alloys, training_frames

from mlffbench.descriptors import graph
from mlffbench.potentials.networks.acsf_loss import TrainingFrames
from mlffbench.testing.launches import operations, waits


def reference_loss(frames: TrainingFrames, labels: Any, chosen: list[int]) -> torch.Tensor:
    """The loss by automatic differentiation through positions and cells."""
    network, acsf = frames.network, frames.described.acsf
    whole = graph.build([frames.described.frames[i] for i in chosen], acsf.cutoff)
    element = acsf.element(whole.numbers)

    def energies(g: graph.Graph) -> torch.Tensor:
        x = (acsf.features(g) - network.mean[element]) / network.width[element]
        each = network(x[None].expand(len(network.mean), -1, -1))[element, torch.arange(len(x))]
        return g.sum_atoms(network.shift + network.scale * each)

    energy, forces, stress = graph.with_forces(energies, whole, create_graph=True)
    square = lambda error: error[~error.isnan()].square().sum() / max((~error.isnan()).sum(), 1)
    sizes = torch.tensor([len(frames.described.frames[i]) for i in chosen])
    label = lambda values, i, shape: (
        np.full(shape, np.nan) if values is None or values[i] is None else values[i]
    )
    known = [label(labels.forces, i, (4, 3)) for i in chosen]
    stresses = [label(labels.stress, i, 6) for i in chosen]
    return (
        30.0 * ((energy - torch.tensor(labels.energy[chosen])) / sizes).square().mean()
        + square(forces - torch.tensor(np.concatenate(known)))
        + 100.0 * square(stress - torch.tensor(np.array(stresses)))
    )


@pytest.mark.parametrize("missing", ["none", "some", "forces", "stress"])
@pytest.mark.parametrize("cache_bytes", [1e9, SOME, 0.0])
@pytest.mark.parametrize("padded", [False, True])
def test_loss_and_its_gradient_are_those_of_automatic_differentiation(
    cache_bytes: float, padded: bool, missing: str
) -> None:
    """With all, some and no Jacobians kept, batches padded or not, and labels missing."""
    _, labels = alloys()
    if missing == "some":
        labels = replace(
            labels,
            forces=tuple(None if i == 2 else f for i, f in enumerate(labels.forces)),
            stress=tuple(None if i == 0 else s for i, s in enumerate(labels.stress)),
        )
    elif missing != "none":
        labels = replace(labels, **{missing: None})
    frames = training_frames(labels, cache_bytes)
    expected = reference_loss(frames, labels, CHOSEN)
    weights = list(frames.network.parameters())
    gradients = torch.autograd.grad(expected, weights)
    batch = frames.batches.batch(CHOSEN, frames.batches.shapes(range(8), 4) if padded else None)
    loss = frames.loss(batch)
    torch.testing.assert_close(loss, expected, rtol=1e-11, atol=0)
    for a, b in zip(torch.autograd.grad(loss, weights), gradients, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-11)
    total, count = frames.error(batch)
    torch.testing.assert_close(total / count, expected.detach(), rtol=1e-11, atol=0)


def test_steps_wait_for_nothing_and_are_few_operations() -> None:
    frames = training_frames()
    batch = frames.batches.batch(CHOSEN, frames.batches.shapes(range(8), 4))
    assert waits(lambda: frames.loss(batch).backward()) == []
    assert waits(lambda: frames.error(batch)) == []
    assert len(operations(lambda: frames.loss(batch).backward())) < 130
    assert operations(lambda: frames.batches.batch(CHOSEN)) == []  # numpy on the host, one copy to the device


def test_energies_alone_need_no_gradients() -> None:
    labels = replace(alloys()[1], forces=None, stress=None)
    frames = training_frames(labels)
    batch = frames.batches.batch(CHOSEN)
    assert len(frames.predicted(batch)) == len(CHOSEN) + 1
    assert len(operations(lambda: frames.loss(batch).backward())) < 50
