"""Ensembles of element networks: training, mean and standard deviation of the predictions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import torch

from mlffbench.data import Labels
from mlffbench.potentials.networks.acsf_batches import Batch, DescribedFrames, energies_and_derivatives
from mlffbench.potentials.networks.batches import LossWeights, weighted_loss
from mlffbench.potentials.networks.element_networks import ElementNetworks
from mlffbench.potentials.networks.seeding import fixed_seed, holdout, shuffled_batches
from mlffbench.potentials.networks.standardisation import energy_scale_of_frames, feature_scale
from mlffbench.potentials.networks.training import Settings, Trained, train

__all__ = ["Options", "mean_and_deviation", "new_networks", "train_each"]

VALIDATION_BATCH = 32  # frames that are validated at a time


class Options(LossWeights, Protocol):
    """An estimator with the weights of squared errors and these parameters."""

    validation_fraction: float
    batch_size: int
    learning_rate: float


def new_networks(
    hidden: Sequence[int], seeds: Sequence[int], described: DescribedFrames, validation_fraction: float
) -> list[ElementNetworks]:
    """Networks with new weights, each standardised by its own training frames."""
    networks = []
    for seed in seeds:
        training, _ = holdout(len(described.frames), validation_fraction, seed)
        mean, width = feature_scale(described, training)
        frames = [described.frames[i] for i in training]
        shift, scale = energy_scale_of_frames(frames, described.labels[training])
        with fixed_seed(seed):
            network = ElementNetworks(hidden, *mean.shape)
        network.standardise(mean, width, shift, scale)
        networks.append(network.to(described.device, described.dtype))
    return networks


def train_each(
    networks: Sequence[ElementNetworks],
    seeds: Sequence[int],
    described: DescribedFrames,
    options: Options,
    settings: Settings,
) -> list[Trained]:
    """Train each network in place, on its own part of the frames and in its own order of batches."""
    members = zip(networks, seeds, strict=True)
    return [_train(network, seed, described, options, settings) for network, seed in members]


def _train(
    network: ElementNetworks, seed: int, described: DescribedFrames, options: Options, settings: Settings
) -> Trained:
    columns = described.acsf.columns.to(described.device)
    training, held = (
        part.tolist() for part in holdout(len(described.frames), options.validation_fraction, seed)
    )
    generator = torch.Generator().manual_seed(seed)

    def loss(batch: Batch) -> torch.Tensor:
        return weighted_loss(batch, *energies_and_derivatives(network, batch, columns), options)

    return train(
        network,
        [{"params": network.parameters(), "lr": options.learning_rate}],
        batches=lambda: map(described.batch, shuffled_batches(training, options.batch_size, generator)),
        loss=loss,
        validate=(lambda: _mean_loss(loss, described, held)) if held else None,
        settings=settings,
    )


def _mean_loss(
    loss: Callable[[Batch], torch.Tensor], described: DescribedFrames, indices: list[int]
) -> float:
    groups = [indices[i : i + VALIDATION_BATCH] for i in range(0, len(indices), VALIDATION_BATCH)]
    return sum(loss(described.batch(g)).item() * len(g) for g in groups) / len(indices)


def mean_and_deviation(members: list[Labels]) -> Labels:
    """Mean of several predictions, with √(Σ(x − mean)²/(n − 1)) of energies and forces."""
    energies = np.array([m.energy for m in members])
    frames = range(len(members[0]))
    each = lambda name, i: np.array([getattr(m, name)[i] for m in members])
    stress = members[0].stress
    return Labels(
        energies.mean(axis=0),
        tuple(each("forces", i).mean(axis=0) for i in frames),
        stress and tuple(None if stress[i] is None else each("stress", i).mean(axis=0) for i in frames),
        energies.std(axis=0, ddof=1),
        tuple(each("forces", i).std(axis=0, ddof=1) for i in frames),
    )
