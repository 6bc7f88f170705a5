"""Training of a MACE module: mace-torch's loss and parameter groups in the common training loop."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from typing import Any

import torch

from mlffbench.potentials.mace.batches import Batch, Graphs
from mlffbench.potentials.mace.evaluation import mean_loss, output
from mlffbench.potentials.mace.library import mace
from mlffbench.potentials.mace.presets import Settings
from mlffbench.potentials.networks import training as loop
from mlffbench.potentials.networks.batches import consecutive_groups
from mlffbench.potentials.networks.seeding import shuffled_batches

__all__ = ["ATOMS", "loss_function", "parameter_groups", "train_module"]

ATOMS = 500  # of the frames that are evaluated together

Objective = tuple[Callable[..., torch.Tensor], Callable[[], float] | None]  # loss, validation loss


def train_module(
    module: torch.nn.Module,
    graphs: Graphs,
    split: tuple[list[int], list[int]],
    settings: Settings,
    stress: bool,
    seed: int,
) -> loop.Trained:
    """Train in place on the first part of the frames; the second part decides which epoch is best."""
    training, held = split
    sizes = graphs.atoms.diff().tolist()
    groups = consecutive_groups([sizes[i] for i in held], ATOMS)
    validation = [graphs.batch([held[i] for i in group]) for group in groups]
    objective = lambda *weights: _objective(module, validation, *weights)
    stress_weight = settings.stress_weight if stress else None
    second = None
    if settings.stage_two is not None:
        second = loop.StageTwo(
            *objective(settings.stage_two_energy_weight, settings.stage_two_forces_weight, stress_weight),
            start=settings.stage_two,
            learning_rate=settings.stage_two_learning_rate,
            average=settings.stage_two_average,
        )
    generator = torch.Generator().manual_seed(seed)
    return loop.train(
        module,
        parameter_groups(module, settings),
        lambda: map(graphs.batch, shuffled_batches(training, settings.batch_size, generator)),
        *objective(settings.energy_weight, settings.forces_weight, stress_weight),
        loop.Settings(
            settings.max_epochs, settings.max_seconds, settings.patience, settings.ema_decay,
            cooldown=settings.cooldown, schedule=settings.schedule,
        ),
        second,
    )  # fmt: skip


def parameter_groups(module: torch.nn.Module, settings: Settings) -> list[dict[str, Any]]:
    """mace-torch's own groups of parameters, by the arguments of its command line: some weights decay."""
    arguments = Namespace(
        lr=settings.learning_rate,
        weight_decay=settings.weight_decay,
        amsgrad=True,
        beta=0.9,
        lr_params_factors="{}",
        freeze=None,
    )
    return mace().get_params_options(arguments, module)["params"]


def loss_function(energy: float, forces: float, stress: float | None) -> torch.nn.Module:
    """mace-torch's own loss with these weights; None: without stress."""
    weights = {"energy_weight": energy, "forces_weight": forces}
    if stress is not None:
        return mace().modules.WeightedEnergyForcesStressLoss(**weights, stress_weight=stress)
    return mace().modules.WeightedEnergyForcesLoss(**weights)


def _objective(
    module: torch.nn.Module,
    validation: list[Batch],
    energy: float,
    forces: float,
    stress: float | None,
) -> Objective:
    """The loss with these weights, and its mean over the validation frames, if there are any."""
    error: Any = loss_function(energy, forces, stress).to(next(module.parameters()).device)

    def loss(batch: Batch, training: bool = True) -> torch.Tensor:
        return error(batch, output(module, batch, stress is not None, training))

    return loss, (lambda: mean_loss(loss, module, validation)) if validation else None
