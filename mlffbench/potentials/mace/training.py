"""Training of a MACE module: mace-torch's loss and parameter groups in the common training loop."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import torch

from mlffbench.potentials.mace.assembly import assemble, least_shape
from mlffbench.potentials.mace.batch import Batch
from mlffbench.potentials.mace.batches import Graphs
from mlffbench.potentials.mace.evaluation import frozen_weights, output
from mlffbench.potentials.mace.library import mace
from mlffbench.potentials.mace.memory import atoms_of_batch
from mlffbench.potentials.mace.presets import Settings
from mlffbench.potentials.mace.shapes import Shape, common_shape, shapes_of_training
from mlffbench.potentials.networks import training as loop
from mlffbench.potentials.networks.batches import consecutive_groups
from mlffbench.potentials.networks.divided_batch import BatchOfFrames, Frames
from mlffbench.potentials.networks.seeding import shuffled_batches
from mlffbench.system.cuda_graph import captures

__all__ = ["Loss", "parameter_groups", "random_batches", "train_module"]


@dataclass(frozen=True)
class Loss:
    """w_E ⟨(ΔE/n)²⟩ + w_F ⟨ΔF²⟩ + w_S ⟨Δσ²⟩ as mace-torch's, by the weights per atom and frame of a batch.

    Means are over all frames and all components, unknown ones as zeros; padding counts nowhere.

    Attributes
    ----------
    energy, forces : float
        w_E, 1/eV², and w_F, Å²/eV².
    stress : float or None
        w_S, Å⁶/eV²; None: stresses are not computed.
    """

    energy: float
    forces: float
    stress: float | None

    def __call__(self, module: torch.nn.Module, batch: Batch, training: bool = True) -> torch.Tensor:
        outputs = output(module, batch, self.stress is not None, training)
        weights = {"energy": self.energy, "forces": self.forces, "stress": self.stress}
        errors = {
            name: weight * (batch[f"{name}_scale"] * (outputs[name] - batch[name]).square()).sum()
            for name, weight in weights.items()
            if weight is not None
        }
        return torch.stack(list(errors.values())).sum()

    def error(self, module: torch.nn.Module, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """The loss times the number of frames, and that number."""
        with frozen_weights(module):
            loss = self(module, batch, training=False).detach()
        return loss * batch["n_frames"], batch["n_frames"]


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
    validation = validation_batches(graphs, held, module)
    stress_weight = settings.stress_weight if stress else None
    first = Loss(settings.energy_weight, settings.forces_weight, stress_weight)
    second = None
    if settings.stage_two is not None:
        other = Loss(settings.stage_two_energy_weight, settings.stage_two_forces_weight, stress_weight)
        second = loop.StageTwo(
            *_objective(module, validation, other),
            start=settings.stage_two,
            learning_rate=settings.stage_two_learning_rate,
            average=settings.stage_two_average,
        )
    generator = torch.Generator().manual_seed(seed)
    return loop.train(
        module,
        parameter_groups(module, settings),
        lambda: random_batches(graphs, training, settings.batch_size, generator),
        *_objective(module, validation, first),
        loop.Settings(
            settings.max_epochs, settings.max_seconds, settings.patience, settings.ema_decay,
            cooldown=settings.cooldown, schedule=settings.schedule,
        ),
        second,
        order=generator,
    )  # fmt: skip


def random_batches(
    graphs: Graphs, picks: Sequence[int], batch_size: int, generator: torch.Generator
) -> Iterator[BatchOfFrames[Batch]]:
    """Batches of all frames in random order; padded to few shapes where a step is captured."""
    part = partial(_part, graphs, cache(partial(_shapes, graphs, picks)))
    for group in shuffled_batches(picks, batch_size, generator):
        yield BatchOfFrames(group, batch_size, part)


def _shapes(graphs: Graphs, picks: Sequence[int], batch_size: int) -> list[Shape]:
    """Shapes of all batches of so many of these frames; none where nothing is captured."""
    if not captures(graphs.device):
        return []
    return shapes_of_training([graphs.shapes[i] for i in picks], batch_size)


def _part(
    graphs: Graphs, shapes: Callable[[int], list[Shape]], picks: Frames, whole: Frames, most: int
) -> Batch:
    least = least_shape(graphs, picks)
    return assemble(graphs, picks, next((s for s in shapes(most) if s.holds(least)), None), whole)


def validation_batches(graphs: Graphs, held: Sequence[int], module: torch.nn.Module) -> list[Batch]:
    """Batches of the frames that are held out, of one shape where their evaluation is captured."""
    limit = atoms_of_batch(module, graphs)
    sizes = [graphs.shapes[i].n for i in held]
    groups = [[held[i] for i in group] for group in consecutive_groups(sizes, limit)]
    shape = None
    if groups and captures(graphs.device):
        shape = common_shape([least_shape(graphs, group) for group in groups])
    return [assemble(graphs, group, shape) for group in groups]


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


def _objective(module: torch.nn.Module, validation: list[Batch], loss: Loss) -> tuple[Any, Any]:
    """The loss of a batch, and that of the validation frames, if there are any."""
    validate = loop.Validation(validation, lambda batch: loss.error(module, batch)) if validation else None
    return (lambda batch: loss(module, batch)), validate
