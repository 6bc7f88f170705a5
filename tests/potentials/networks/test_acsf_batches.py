"""The chain rule through precomputed Jacobians against automatic differentiation, and padded batches."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from ase import Atoms

from mlffbench.data import Labels
from mlffbench.descriptors import graph
from mlffbench.descriptors.acsf import ACSF
from mlffbench.potentials.networks.acsf_batches import TrainingFrames, places
from mlffbench.potentials.networks.acsf_frames import DescribedFrames
from mlffbench.potentials.networks.element_networks import ElementNetworks
from mlffbench.potentials.networks.seeding import fixed_seed
from mlffbench.potentials.networks.standardisation import feature_scale
from mlffbench.testing import solids
from mlffbench.testing.launches import operations, waits

WEIGHTS = SimpleNamespace(energy_weight=30.0, forces_weight=1.0, stress_weight=100.0)
CHOSEN = [2, 0, 5]
CPU = torch.device("cpu")
SOME = 2e5  # bytes for the Jacobians of some frames


@cache
def alloys() -> tuple[list[Atoms], Labels]:
    """The test solids with a neon atom in every second cell, as if that changed nothing."""
    data = solids()
    frames = [a.copy() for a in data.frames]
    for atoms in frames[::2]:
        atoms.symbols[1] = "Ne"
    return frames, data.labels


def training_frames(labels: Any = None, cache_bytes: float = 1e9) -> TrainingFrames:
    """Frames of alloys with a network whose weights are random."""
    frames, known = alloys()
    acsf = ACSF(4.5).fit(frames)
    described = DescribedFrames(
        acsf, frames, labels or known, torch.float64, torch.device("cpu"), cache_bytes
    )
    mean, width = feature_scale(described, range(len(frames)))
    with fixed_seed(0):
        network = ElementNetworks((8, 4), *mean.shape)
    network.standardise(mean, width, 0.3, 2.0)
    return TrainingFrames(described, network.with_weights_of(torch.float64), WEIGHTS)


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
    square = lambda error: error[~error.isnan()].square().mean()
    sizes = torch.tensor([len(frames.described.frames[i]) for i in chosen])
    known = [np.full((4, 3), np.nan) if labels.forces[i] is None else labels.forces[i] for i in chosen]
    stresses = [np.full(6, np.nan) if labels.stress[i] is None else labels.stress[i] for i in chosen]
    return (
        30.0 * ((energy - torch.tensor(labels.energy[chosen])) / sizes).square().mean()
        + square(forces - torch.tensor(np.concatenate(known)))
        + 100.0 * square(stress - torch.tensor(np.array(stresses)))
    )


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("cache_bytes", [1e9, SOME, 0.0])
@pytest.mark.parametrize("padded", [False, True])
def test_loss_and_its_gradient_are_those_of_automatic_differentiation(
    cache_bytes: float, padded: bool, missing: bool
) -> None:
    """With all, some and no Jacobians kept, and with batches padded or not."""
    _, labels = alloys()
    if missing:
        labels = replace(
            labels,
            forces=tuple(None if i == 2 else f for i, f in enumerate(labels.forces)),
            stress=tuple(None if i == 0 else s for i, s in enumerate(labels.stress)),
        )
    frames = training_frames(labels, cache_bytes)
    expected = reference_loss(frames, labels, CHOSEN)
    weights = list(frames.network.parameters())
    gradients = torch.autograd.grad(expected, weights)
    batch = frames.batch(CHOSEN, frames.shapes(range(8), 4) if padded else None)
    loss = frames.loss(batch)
    torch.testing.assert_close(loss, expected, rtol=1e-11, atol=0)
    for a, b in zip(torch.autograd.grad(loss, weights), gradients, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-11)
    total, count = frames.error(batch)
    torch.testing.assert_close(total / count, expected.detach(), rtol=1e-11, atol=0)


def test_some_jacobians_find_room() -> None:
    described = [training_frames(cache_bytes=size).described for size in (1e9, SOME, 0.0)]
    assert 8 == described[0].n_kept > described[1].n_kept > described[2].n_kept == 0
    assert (described[1].jacobian[:-1].numel() + described[1].vectors[:-1].numel()) * 8 <= SOME


def test_steps_wait_for_nothing_and_are_few_operations() -> None:
    frames = training_frames()
    batch = frames.batch(CHOSEN, frames.shapes(range(8), 4))
    assert waits(lambda: frames.loss(batch).backward()) == []
    assert waits(lambda: frames.error(batch)) == []
    assert len(operations(lambda: frames.loss(batch).backward())) < 130
    assert operations(lambda: frames.batch(CHOSEN)) == []  # numpy on the host, one copy to the device


def test_padded_batches_have_few_shapes() -> None:
    frames = training_frames()
    shapes = frames.shapes(range(8), 4)
    batches = [
        frames.batch(chosen, shapes) for chosen in ([0, 1, 2, 3], [4, 5, 6, 7], [3, 1, 5, 2], [6, 4, 0, 1])
    ]
    assert len({tuple(t.shape for t in vars(batch).values()) for batch in batches}) <= 2


def test_atoms_are_sorted_into_a_table_of_elements() -> None:
    place, order = places(np.array([2, 0, 2, 0, 0]), 3, 4)
    np.testing.assert_array_equal(place, [0, 1, 2, 8, 9])
    np.testing.assert_array_equal(order, [1, 3, 4, 0, 2])


def test_energies_alone_need_no_gradients() -> None:
    labels = replace(alloys()[1], forces=None, stress=None)
    frames = training_frames(labels)
    batch = frames.batch(CHOSEN)
    assert len(frames.predicted(batch)) == len(CHOSEN) + 1
    assert len(operations(lambda: frames.loss(batch).backward())) < 50
