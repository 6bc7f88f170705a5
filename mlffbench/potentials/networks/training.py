"""Training loop of every neural potential: AMSGrad, averaged weights, schedules, best validation loss."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, Generic, NamedTuple, TypeVar

import torch

from mlffbench.potentials.networks.averaging import Average, Best
from mlffbench.potentials.networks.schedule import LearningRate
from mlffbench.system import progress
from mlffbench.system.cuda_graph import CapturedFunction, Pool
from mlffbench.system.timing import Lead

__all__ = ["History", "Settings", "StageTwo", "Trained", "Validation", "n_trainable", "train"]

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


def n_trainable(*modules: torch.nn.Module) -> int:
    """Number of trainable weights."""
    return sum(p.numel() for module in modules for p in module.parameters() if p.requires_grad)


def train(
    module: torch.nn.Module,
    groups: Iterable[dict[str, Any]],
    batches: Callable[[], Iterable[Batch]],
    loss: Callable[[Batch], torch.Tensor],
    validate: Validation[Batch] | Callable[[], float] | None,
    settings: Settings,
    second: StageTwo[Batch] | None = None,
) -> Trained:
    """Minimise `loss`; leave in `module` the averaged weights of the epoch that validated best.

    The best weights so far are in place however the training ends: by time, by Ctrl-C or by a loss that is no
    number. A module that has been trained before continues from its present weights. On CUDA the whole step
    and the validation are captured as graphs, for each set of shapes of a batch.

    Parameters
    ----------
    module : torch module, trained in place
    groups : parameter groups of ``torch.optim.Adam``, each with its ``lr``
    batches : called once an epoch for that epoch's batches
    loss : batch -> scalar tensor; it waits for nothing
    validate : evaluated once an epoch with the averaged weights in place
        None: the mean training loss decides.
    settings : Settings
    second : StageTwo, optional

    Returns
    -------
    history : list of dict
        ``epoch``, ``loss``, ``validation``, ``learning_rate``, ``seconds`` since the start, ``stage`` where
        there are two; one row an epoch.
    stopped_by : {"epochs", "time", "patience"}
    captured : str
        ``yes``, or ``no`` and the reason.

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
        run.end()
    if run.stage == 2 or second is not None:
        return Trained(run.history, stopped_by, run.captured)
    rows = [{k: v for k, v in row.items() if k != "stage"} for row in run.history]
    return Trained(rows, stopped_by, run.captured)


class _Run(Generic[Batch]):
    """State of a training: optimiser, averaged and best weights, history."""

    def __init__(
        self,
        module: torch.nn.Module,
        groups: Iterable[dict[str, Any]],
        loss: Callable[[Batch], torch.Tensor],
        validate: Validation[Batch] | Callable[[], float] | None,
        settings: Settings,
    ) -> None:
        self.weights = [p for p in module.parameters() if p.requires_grad]
        self.device = self.weights[0].device
        self.optimizer = _optimizer(groups, self.device)
        self.rate = LearningRate(self.optimizer.param_groups, settings)
        self.average = Average(self.weights, settings.ema_decay)
        self.settings, self.stage, self.lead = settings, 1, Lead(str(self.device))
        self.best, self.history, self.start = Best(), [], monotonic()  # type: tuple[Best, History, float]
        self.pool: Pool | None = None
        self.begin(loss, validate)

    def begin(
        self,
        loss: Callable[[Batch], torch.Tensor],
        validate: Validation[Batch] | Callable[[], float] | None,
    ) -> None:
        """Minimise this loss from now on; the graphs of another one are dropped."""
        self.loss = loss
        self.step = CapturedFunction(self.update, self.device, "the training step", self.pool)
        self.pool = self.step.pool
        self.validate = (
            _Mean(validate, self.device, self.pool) if isinstance(validate, Validation) else validate
        )

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
        self.stage = 2
        self.begin(second.loss, second.validate)
        self.best.restart(epoch)
        if self.validate is not None:
            with self.average.in_place():
                self.best.update(float(self.validate()), epoch, self.weights)
        self.rate.hold(second.learning_rate)
        if second.average:
            self.average.restart_as_mean()

    def run_epoch(self, epoch: int, batches: Iterable[Batch]) -> None:
        losses = []
        for batch in _until(self.out_of_time, batches):
            self.rate.follow(self.elapsed(epoch))
            losses.append(self.step(batch))
            self.lead.step()
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

    def update(self, batch: Batch) -> torch.Tensor:
        """Update the weights by one batch, without waiting for the device; return the loss before."""
        self.optimizer.zero_grad(set_to_none=True)
        value = self.loss(batch)
        # only the weights: positions require gradients too, and theirs would be half the work for nothing
        value.backward(inputs=self.weights)
        torch.nn.utils.clip_grad_norm_(self.weights, self.settings.max_grad_norm, foreach=True)
        self.optimizer.step()
        self.average.update()
        return value.detach()

    def end(self) -> None:
        """Leave the best weights in the module, and give the graphs' memory back."""
        self.best.restore(self.weights)
        self.optimizer.zero_grad(set_to_none=True)
        self.captured = self.step.status
        del self.step, self.validate


class _Mean(Generic[Batch]):
    """Mean error of validation batches, captured for each set of shapes; read once."""

    def __init__(self, validation: Validation[Batch], device: torch.device, pool: Pool | None) -> None:
        self.batches = validation.batches
        self.error = CapturedFunction(validation.error, device, "the validation", pool)

    def __call__(self) -> float:
        sums, weights = zip(*(self.error(batch) for batch in self.batches), strict=True)
        return (torch.stack(sums).sum() / torch.stack(weights).sum()).item()


def _optimizer(groups: Iterable[dict[str, Any]], device: torch.device) -> torch.optim.Adam:
    """AMSGrad as one kernel for all weights, which may be captured on a GPU."""
    optimizer: Any = torch.optim.Adam(groups, amsgrad=True, fused=True, capturable=device.type == "cuda")
    # torch advises against capturable steps that are not captured, as those of the warm-up
    optimizer._warned_capturable_if_run_uncaptured = True
    return optimizer


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
