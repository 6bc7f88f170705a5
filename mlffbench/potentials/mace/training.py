"""One training of a MACE module: mace-torch's loss and parameter groups in the common loop."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import torch

from mlffbench.potentials.mace.batches import Batch, Graphs, consecutive
from mlffbench.potentials.mace.evaluation import mean_loss, output
from mlffbench.potentials.mace.library import arguments, error_of
from mlffbench.potentials.networks.training import History, Settings, StageTwo, shuffled, train

__all__ = ["ATOMS", "trained"]

ATOMS = 500  # of the frames that are evaluated together

Objective = tuple[Callable[..., torch.Tensor], Callable[[], float] | None]


def trained(
    mace: SimpleNamespace,
    module: torch.nn.Module,
    graphs: Graphs,
    parts: tuple[list[int], list[int]],
    settings: SimpleNamespace,
    stress: bool,
    seed: int,
) -> History:
    """Train in place on the first part of the frames, choose the epoch by the second."""
    training, held = parts
    sizes = graphs.atoms.diff().tolist()
    groups = consecutive([sizes[i] for i in held], ATOMS)
    aside = [graphs.batch([held[i] for i in group]) for group in groups]
    objective = lambda *weights: _objective(mace, module, aside, *weights)
    stress_weight = settings.stress_weight if stress else None
    second = None
    if settings.stage_two is not None:
        second = StageTwo(
            *objective(settings.stage_two_energy_weight, settings.stage_two_forces_weight, stress_weight),
            start=settings.stage_two,
            learning_rate=settings.stage_two_learning_rate,
            average=settings.stage_two_average,
        )
    generator = torch.Generator().manual_seed(seed)
    return train(
        module,
        mace.get_params_options(arguments(settings), module)["params"],
        lambda: map(graphs.batch, shuffled(training, settings.batch_size, generator)),
        *objective(settings.energy_weight, settings.forces_weight, stress_weight),
        Settings(
            settings.max_epochs, settings.max_seconds, settings.patience, settings.ema_decay,
            cooldown=settings.cooldown, schedule=settings.schedule,
        ),
        second,
    )  # fmt: skip


def _objective(
    mace: SimpleNamespace,
    module: torch.nn.Module,
    aside: list[Batch],
    energy: float,
    forces: float,
    stress: float | None,
) -> Objective:
    """The loss with these weights, and its mean over the frames held out, if there are any."""
    error: Any = error_of(mace, energy, forces, stress).to(next(module.parameters()).device)

    def loss(batch: Batch, training: bool = True) -> torch.Tensor:
        return error(batch, output(module, batch, stress is not None, training))

    return loss, (lambda: mean_loss(loss, module, aside)) if aside else None
