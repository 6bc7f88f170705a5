"""Cells of argon, every second one with a neon atom, and a network of random weights on them."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import Any

import torch
from ase import Atoms

from mlffbench.data import Labels
from mlffbench.descriptors.acsf import ACSF
from mlffbench.potentials.networks.acsf_frames import DescribedFrames
from mlffbench.potentials.networks.acsf_loss import TrainingFrames
from mlffbench.potentials.networks.element_networks import ElementNetworks
from mlffbench.potentials.networks.seeding import fixed_seed
from mlffbench.potentials.networks.standardisation import feature_scale
from mlffbench.testing import solids

WEIGHTS = SimpleNamespace(energy_weight=30.0, forces_weight=1.0, stress_weight=100.0)
CPU = torch.device("cpu")
CHOSEN = [2, 0, 5]
SOME = 2e5  # bytes for the Jacobians of some frames


@cache
def alloys() -> tuple[list[Atoms], Labels]:
    """Frames and labels, as if neon changed nothing."""
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
