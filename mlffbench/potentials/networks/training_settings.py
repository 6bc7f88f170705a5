"""Settings and results of a training: lengths, schedules, validation, stages, history."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

import torch

__all__ = ["History", "Settings", "StageTwo", "Trained", "Validation"]

Batch = TypeVar("Batch")
History = list[dict[str, float]]


@dataclass(frozen=True)
class Settings:
    """Length, averaging and learning-rate schedule of a training.

    Attributes
    ----------
    max_epochs : int
        Stop after so many epochs.
    max_seconds : float or None
        Stop after the batch that passes this wall time, s.
    patience : int or None
        Stop after so many epochs without a better validation loss; the first of two stages ends likewise.
    ema_decay : float
        Decay of the exponential moving average of the weights, which is validated and returned; 0: none.
    max_grad_norm : float
        Longer gradients are shortened to this norm.
    plateau_patience, plateau_factor : int, float
        After so many epochs without a better validation loss the learning rate is multiplied by the factor.
    cooldown : float
        The last part of `max_epochs` or `max_seconds`, whichever is nearer its end, over which the learning
        rate falls linearly to a hundredth; 0: none.
    schedule : {'plateau', 'cosine', 'constant'}
        Schedule of the learning rate, see `mlffbench.potentials.networks.schedule.factor`.
    """

    max_epochs: int
    max_seconds: float | None = None
    patience: int | None = None
    ema_decay: float = 0.99
    max_grad_norm: float = 10.0
    plateau_patience: int = 50
    plateau_factor: float = 0.8
    cooldown: float = 0.0
    schedule: str = "plateau"


@dataclass(frozen=True)
class Validation(Generic[Batch]):
    """Mean error of the frames that choose the best epoch: Σ of the sums over Σ of the weights.

    Attributes
    ----------
    batches : sequence of batch
        Kept on the device; few different shapes, since each is captured.
    error : callable
        batch -> (weighted sum of the errors, sum of the weights), scalar tensors. It waits for nothing.
    """

    batches: Sequence[Batch]
    error: Callable[[Batch], tuple[torch.Tensor, torch.Tensor]]


@dataclass(frozen=True)
class StageTwo(Generic[Batch]):
    """Another loss for the last part of a training: MACE's stage two, once called SWA.

    Attributes
    ----------
    loss, validate : callable
        As `train` takes them; the best weights are those of this loss.
    start : float
        Fraction of epochs or seconds, whichever is nearer its end, that belongs to the first stage.
    learning_rate : float or None
        Constant from then on; None: as the first stage left it.
    average : bool
        Average the stage's weights by the plain mean in place of the exponential one.
    """

    loss: Callable[[Batch], torch.Tensor]
    validate: Validation[Batch] | Callable[[], float] | None
    start: float = 0.75
    learning_rate: float | None = None
    average: bool = False


class Trained(NamedTuple):
    """History of a training, one row an epoch, and circumstances.

    Attributes
    ----------
    history : list of dict
    stopped_by : {"epochs", "time", "patience"}
    captured : str
        ``yes`` if steps were replayed as CUDA graphs, else ``no`` and the reason.
    """

    history: History
    stopped_by: str
    captured: str
