"""Training loop of every neural potential: AMSGrad, averaged weights, schedules, best validation loss."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from time import monotonic
from typing import Any, Generic, NamedTuple, TypeVar

import torch

from mlffbench.potentials.networks.averaging import Average, Best
from mlffbench.potentials.networks.schedule import LearningRate
from mlffbench.system import progress

__all__ = ["History", "Settings", "StageTwo", "Trained", "n_trainable", "train"]

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
    validate: Callable[[], float] | None
    start: float = 0.75
    learning_rate: float | None = None
    average: bool = False


class Trained(NamedTuple):
    """History of a training, one row an epoch, and what ended it: ``epochs``, ``time`` or ``patience``."""

    history: History
    stopped_by: str


def n_trainable(*modules: torch.nn.Module) -> int:
    """Number of trainable weights."""
    return sum(p.numel() for module in modules for p in module.parameters() if p.requires_grad)


def train(
    module: torch.nn.Module,
    groups: Iterable[dict[str, Any]],
    batches: Callable[[], Iterable[Batch]],
    loss: Callable[[Batch], torch.Tensor],
    validate: Callable[[], float] | None,
    settings: Settings,
    second: StageTwo[Batch] | None = None,
) -> Trained:
    """Minimise `loss`; leave in `module` the averaged weights of the epoch that validated best.

    The best weights so far are in place however the training ends: by time, by Ctrl-C or by a loss that is no
    number. A module that has been trained before continues from its present weights.

    Parameters
    ----------
    module : torch module, trained in place
    groups : parameter groups of ``torch.optim.Adam``, each with its ``lr``
    batches : called once an epoch for that epoch's batches
    loss : batch -> scalar tensor
    validate : called once an epoch with the averaged weights in place; None: the mean training loss decides
    settings : Settings
    second : StageTwo, optional

    Returns
    -------
    history : list of dict
        ``epoch``, ``loss``, ``validation``, ``learning_rate``, ``seconds`` since the start, ``stage`` where
        there are two; one row an epoch.
    stopped_by : {"epochs", "time", "patience"}

    Raises
    ------
    FloatingPointError
        A loss is not finite.
    KeyboardInterrupt
        The user interrupted the training.
    """
    run, stopped_by = _Run(module, groups, loss, validate, settings), "epochs"
    try:
        for epoch in range(1, settings.max_epochs + 1):
            if second is not None and (run.elapsed(epoch) >= second.start or run.out_of_patience(epoch - 1)):
                run.begin_stage_two(second, epoch - 1)
                second = None
            run.run_epoch(epoch, batches())
            if epoch == settings.max_epochs:
                break
            if run.out_of_time() or (second is None and run.out_of_patience(epoch)):
                stopped_by = "time" if run.out_of_time() else "patience"
                break
    finally:
        run.best.restore(run.weights)
    if run.stage == 2 or second is not None:
        return Trained(run.history, stopped_by)
    return Trained([{k: v for k, v in row.items() if k != "stage"} for row in run.history], stopped_by)


class _Run(Generic[Batch]):
    """State of a training: optimiser, averaged and best weights, history."""

    def __init__(
        self,
        module: torch.nn.Module,
        groups: Iterable[dict[str, Any]],
        loss: Callable[[Batch], torch.Tensor],
        validate: Callable[[], float] | None,
        settings: Settings,
    ) -> None:
        self.weights = [p for p in module.parameters() if p.requires_grad]
        self.optimizer = torch.optim.Adam(groups, amsgrad=True, foreach=True)
        self.rate = LearningRate(self.optimizer, settings)
        self.average = Average(self.weights, settings.ema_decay)
        self.loss, self.validate, self.settings, self.stage = loss, validate, settings, 1
        self.best, self.history, self.start = Best(), [], monotonic()  # type: tuple[Best, History, float]

    def elapsed(self, epoch: int) -> float:
        """Fraction of epochs or seconds, whichever is larger, before an epoch."""
        seconds = (monotonic() - self.start) / (self.settings.max_seconds or math.inf)
        return max((epoch - 1) / self.settings.max_epochs, seconds)

    def out_of_time(self) -> bool:
        limit = self.settings.max_seconds
        return limit is not None and monotonic() - self.start > limit

    def out_of_patience(self, epoch: int) -> bool:
        patience = self.settings.patience
        return patience is not None and epoch - self.best.epoch >= patience

    def begin_stage_two(self, second: StageTwo[Batch], epoch: int) -> None:
        """Continue with the other loss; the first stage's averaged weights are its first candidate."""
        self.loss, self.validate, self.stage = second.loss, second.validate, 2
        self.best.restart(epoch)
        if second.validate is not None:
            with self.average.in_place():
                self.best.update(float(second.validate()), epoch, self.weights)
        self.rate.hold(second.learning_rate)
        if second.average:
            self.average.restart_as_mean()

    def run_epoch(self, epoch: int, batches: Iterable[Batch]) -> None:
        losses = [self.step(batch, epoch) for batch in _until(self.out_of_time, batches)]
        training = _check_finite(torch.stack(losses).mean().item(), "training", epoch)
        with self.average.in_place():
            value = training if self.validate is None else float(self.validate())
            validation = _check_finite(value, "validation", epoch)
            self.best.update(validation, epoch, self.weights)
        self.history.append({
            "epoch": epoch, "loss": training, "validation": validation, "learning_rate": self.rate.value,
            "seconds": monotonic() - self.start, "stage": self.stage,
        })  # fmt: skip
        progress.report("epoch", epoch, self.settings.max_epochs, loss=training, validation=validation)
        self.rate.reduce_on_plateau(validation)

    def step(self, batch: Batch, epoch: int) -> torch.Tensor:
        """Update the weights by one batch; return the loss before."""
        self.rate.follow(self.elapsed(epoch))
        self.optimizer.zero_grad(set_to_none=True)
        value = self.loss(batch)
        # only the weights: positions require gradients too, and theirs would be half the work for nothing
        value.backward(inputs=self.weights)
        torch.nn.utils.clip_grad_norm_(self.weights, self.settings.max_grad_norm)
        self.optimizer.step()
        self.average.update()
        return value.detach()


def _until(stop: Callable[[], bool], batches: Iterable[Batch]) -> Iterator[Batch]:
    """Yield batches, at least one, until `stop` returns True."""
    for batch in batches:
        yield batch
        if stop():
            return


def _check_finite(value: float, name: str, epoch: int) -> float:
    if not math.isfinite(value):
        raise FloatingPointError(
            f"diverged at epoch {epoch}: the {name} loss is {value}; a smaller learning_rate often helps"
        )
    return value
