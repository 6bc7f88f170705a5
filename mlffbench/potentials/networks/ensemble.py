"""Ensembles of element networks: training, mean and standard deviation of the predictions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Protocol

import numpy as np
import torch

from mlffbench.data import Labels
from mlffbench.potentials.networks.acsf_batches import Batch, Batches
from mlffbench.potentials.networks.acsf_frames import DescribedFrames
from mlffbench.potentials.networks.acsf_loss import TrainingFrames
from mlffbench.potentials.networks.batches import LossWeights
from mlffbench.potentials.networks.divided_batch import BatchOfFrames
from mlffbench.potentials.networks.element_networks import ElementNetworks
from mlffbench.potentials.networks.seeding import fixed_seed, shuffled_batches
from mlffbench.potentials.networks.standardisation import energy_scale_of_frames, feature_scale
from mlffbench.potentials.networks.training import Settings, Trained, Validation, train
from mlffbench.potentials.validation_split import holdout
from mlffbench.system.cuda_graph import captures

__all__ = ["Options", "held_by_all", "mean_and_deviation", "new_networks", "train_each"]

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
        network.to(described.device).standardise(mean, width, shift, scale)
        networks.append(network.with_weights_of(described.dtype))
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


def held_by_all(n: int, fraction: float, seeds: Sequence[int]) -> list[int]:
    """Numbers of the frames, of n, that no network is trained on."""
    return sorted(set.intersection(*(set(holdout(n, fraction, seed)[1].tolist()) for seed in seeds)))


def _train(
    network: ElementNetworks, seed: int, described: DescribedFrames, options: Options, settings: Settings
) -> Trained:
    training, held = (
        part.tolist() for part in holdout(len(described.frames), options.validation_fraction, seed)
    )
    generator = torch.Generator().manual_seed(seed)
    frames = TrainingFrames(described, network, options)
    padded = captures(described.device)
    shapes = cache(lambda size: frames.batches.shapes(training, size) if padded else None)
    part = lambda indices, whole, most: frames.batches.batch(indices, shapes(most), whole)
    validation: Sequence[Batch] = _HeldOut(frames.batches, held, padded)
    if described.n_kept == len(described.frames):
        validation = list(validation)

    def batches() -> Iterator[BatchOfFrames[Batch]]:
        for indices in shuffled_batches(training, options.batch_size, generator):
            yield BatchOfFrames(indices, options.batch_size, part)

    return train(
        network,
        [{"params": network.parameters(), "lr": options.learning_rate}],
        batches=batches,
        loss=frames.loss,
        validate=Validation(validation, frames.error) if held else None,
        settings=settings,
        order=generator,
    )


class _HeldOut(Sequence[Batch]):
    """Batches of the validation frames, made again at each use: their Jacobians may be recomputed ones."""

    def __init__(self, batches: Batches, held: list[int], padded: bool) -> None:
        self.batches = batches
        self.shapes = batches.shapes(held, VALIDATION_BATCH) if padded and held else None
        self.groups = [held[i : i + VALIDATION_BATCH] for i in range(0, len(held), VALIDATION_BATCH)]

    def __len__(self) -> int:
        return len(self.groups)

    def __getitem__(self, i: Any) -> Any:
        return self.batches.batch(self.groups[i], self.shapes)


def mean_and_deviation(members: list[Labels]) -> Labels:
    """Mean of several predictions, with √(Σ(x − mean)²/(n − 1)) of energies and forces."""
    energies = np.array([m.energy for m in members])
    forces, stress = members[0].forces, members[0].stress
    frames = range(len(members[0]))
    each = lambda name, i: np.array([getattr(m, name)[i] for m in members])
    return Labels(
        energies.mean(axis=0),
        forces and tuple(each("forces", i).mean(axis=0) for i in frames),
        stress and tuple(None if stress[i] is None else each("stress", i).mean(axis=0) for i in frames),
        energies.std(axis=0, ddof=1),
        forces and tuple(each("forces", i).std(axis=0, ddof=1) for i in frames),
    )
