"""Small MACE models, and frames of every kind of boundary."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from ase import Atoms
from ase.build import bulk, molecule

from mlffbench.estimators.mace import MACE
from mlffbench.potentials.mace.batches import Graphs
from mlffbench.potentials.mace.library import session
from mlffbench.potentials.mace.model import build, hyperparameters
from mlffbench.potentials.mace.presets import Settings
from mlffbench.potentials.networks.seeding import fixed_seed

CPU = torch.device("cpu")


def mixed() -> list[Atoms]:
    """A molecule, a slab, a cell with many images of each neighbour, a lone atom."""
    slab = bulk("O", "sc", a=2.3).repeat((2, 2, 1))
    slab.pbc = (True, True, False)
    small = Atoms(
        "HOC", positions=[[0, 0, 0], [1.1, 0.2, 0], [0.3, 1.2, 0.9]], cell=[2.2, 2.4, 2.7], pbc=True
    )
    small.set_cell(small.cell + np.tril(np.full((3, 3), 0.3), -1))
    return [molecule("CH3OH"), slab, small, Atoms("O", positions=[[5.0, 1.0, 2.0]])]


def small(**params: Any) -> Any:
    """An estimator that fits in seconds."""
    return MACE(**(MACE.test_params() | params))


def untrained(
    frames: list[Atoms], numbers: list[int], settings: dict[str, Any]
) -> tuple[torch.nn.Module, Graphs, dict[str, Any]]:
    """A module in float64 with mace-torch's own layers."""
    parameters = Settings.from_preset("small", MACE.test_params() | settings)
    with session(torch.float64), fixed_seed(3):
        graphs = Graphs.build(frames, numbers, parameters.cutoff, torch.float64, CPU)
        config = hyperparameters(graphs, list(range(len(frames))), parameters, numbers)
        return build(config, torch.float64, CPU), graphs, config
