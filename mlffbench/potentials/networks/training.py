"""Training loop of every neural potential: AMSGrad, averaged weights, schedules, best validation loss."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch

from mlffbench.potentials.divergence import check_finite
from mlffbench.potentials.networks.averaging import Average, Best
from mlffbench.potentials.networks.divided_batch import BatchOfFrames
from mlffbench.potentials.networks.schedule import LearningRate
from mlffbench.potentials.networks.training_settings import History, Settings, StageTwo, Trained, Validation
from mlffbench.potentials.networks.training_state import restore, state_of, training_name
from mlffbench.system import checkpoint, progress
from mlffbench.system.batch_size import is_memory_error, release_memory
from mlffbench.system.cuda_graph import CapturedFunction, Pool
from mlffbench.system.state_file import StateFile
from mlffbench.system.timing import Lead

__all__ = ["History", "Settings", "StageTwo", "Trained", "Validation", "n_trainable", "train"]

Batch = TypeVar("Batch")


def n_trainable(*modules: torch.nn.Module) -> int:
    """Number of trainable weights."""
    return sum(p.numel() for module in modules for p in module.parameters() if p.requires_grad)


def train(
    module: torch.nn.Module,
    groups: Iterable[dict[str, Any]],
    batches: Callable[[], Iterable[Batch | BatchOfFrames[Batch]]],
    loss: Callable[[Batch], torch.Tensor],
    validate: Validation[Batch] | Callable[[], float] | None,
    settings: Settings,
    second: StageTwo[Batch] | None = None,
    order: torch.Generator | None = None,
) -> Trained:
    """Minimise `loss`; leave in `module` the averaged weights of the epoch that validated best.

    The best weights so far are in place however the training ends: by time, by Ctrl-C or by a loss that is no
    number. A module that has been trained before continues from its present weights. On CUDA the whole step
    and the validation are captured as graphs, for each set of shapes of a batch.

    In a checkpoint folder the state is written every minute; after a kill the same training goes on from it.
    Where memory runs out, each `BatchOfFrames` is computed in two parts from then on, or in four ...

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
    order : torch.Generator, optional
        The one that `batches` draws from.

    Returns
    -------
    history : list of dict
        ``epoch``, ``loss``, ``validation``, ``learning_rate``, ``seconds`` since the start, ``stage`` where
        there are two, ``parts`` of each batch where memory ran out; one row an epoch.
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
    run = _Run(module, groups, loss, validate, settings, second, order)
    run.resume()
    finished_before = bool(run.stopped_by)
    try:
        while not run.stopped_by:
            run.run_epoch(batches)
            run.stopped_by = run.reason_to_stop()
    finally:
        run.end()
    if not finished_before:
        run.file.keep_last(lambda: state_of(run))
    return Trained(run.history, run.stopped_by, run.captured)


class _Run(Generic[Batch]):
    """State of a training: optimiser, averaged and best weights, history."""

    def __init__(
        self,
        module: torch.nn.Module,
        groups: Iterable[dict[str, Any]],
        loss: Callable[[Batch], torch.Tensor],
        validate: Validation[Batch] | Callable[[], float] | None,
        settings: Settings,
        second: StageTwo[Batch] | None = None,
        order: torch.Generator | None = None,
    ) -> None:
        self.weights = [p for p in module.parameters() if p.requires_grad]
        self.device = self.weights[0].device
        self.optimizer = _optimizer(groups, self.device)
        self.rate = LearningRate(self.optimizer.param_groups, settings)
        self.average = Average(self.weights, settings.ema_decay)
        self.settings, self.second, self.order = settings, second, order
        self.best, self.lead = Best(), Lead(str(self.device))
        self.history: History = []
        self.losses: list[torch.Tensor] = []
        self.order_before: torch.Tensor | None = None
        self.epoch, self.done, self.stage, self.parts = 1, 0, 1, 1
        self.stopped_by, self.captured, self.updated = "", "", False
        self.file = StateFile(self._path())
        self.pool: Pool | None = None
        self.begin(loss, validate)

    def _path(self) -> Path | None:
        """File of this training's state, if there is a checkpoint folder."""
        folder = checkpoint.folder()
        if folder is None:
            return None
        groups = self.optimizer.param_groups
        return folder / training_name(self.weights, groups, self.settings, self.second, self.order)

    def resume(self) -> None:
        """Go on from the state of a process that was killed, if there is one."""
        state = self.file.read()
        if state is None:
            return
        restore(self, state)
        for row in self.history:  # who prunes trials by their epochs decides as before
            self._report(row)
        if self.stage == 2 and self.second is not None:
            self.begin(self.second.loss, self.second.validate)

    def begin(
        self,
        loss: Callable[[Batch], torch.Tensor],
        validate: Validation[Batch] | Callable[[], float] | None,
    ) -> None:
        """Minimise this loss from now on; the graphs of another one are dropped."""
        self.loss = loss
        self._begin_steps()
        self.validate = (
            _Mean(validate, self.device, self.pool) if isinstance(validate, Validation) else validate
        )

    def _begin_steps(self) -> None:
        self.step = CapturedFunction(self.update, self.device, "the training step", self.pool)
        self.pool = self.step.pool

    def elapsed(self) -> float:
        """Fraction of epochs or seconds, whichever is larger, before the present epoch."""
        seconds = self.file.seconds / (self.settings.max_seconds or math.inf)
        return max((self.epoch - 1) / self.settings.max_epochs, seconds)

    def out_of_time(self) -> bool:
        limit = self.settings.max_seconds
        return limit is not None and self.file.seconds > limit

    def out_of_patience(self) -> bool:
        patience = self.settings.patience
        return patience is not None and self.epoch - 1 - self.best.epoch >= patience

    def reason_to_stop(self) -> str:
        """The reason why the epoch that has ended is the last; empty if it is not."""
        if self.epoch > self.settings.max_epochs:
            return "epochs"
        if self.out_of_time():
            return "time"
        last_stage = self.second is None or self.stage == 2
        return "patience" if last_stage and self.out_of_patience() else ""

    def begin_stage_two(self, second: StageTwo[Batch]) -> None:
        """Continue with the other loss; the first stage's averaged weights are its first candidate."""
        self.stage = 2
        self.begin(second.loss, second.validate)
        self.best.restart(self.epoch - 1)
        if self.validate is not None:
            with self.average.in_place():
                self.best.update(float(self.validate()), self.epoch - 1, self.weights)
        self.rate.hold(second.learning_rate)
        if second.average:
            self.average.restart_as_mean()

    def run_epoch(self, batches: Callable[[], Iterable[Batch | BatchOfFrames[Batch]]]) -> None:
        """Train for an epoch, or for the rest of one that was interrupted, and validate."""
        if not self.done:
            self._begin_epoch()
        for batch in _until(self.out_of_time, islice(batches(), self.done, None)):
            self.rate.follow(self.elapsed())
            self.losses.append(self.step_in_memory(batch))
            self.done += 1
            self.lead.step()
            self.file.keep(lambda: state_of(self))
        self._end_epoch()

    def _begin_epoch(self) -> None:
        second = self.second if self.stage == 1 else None
        if second is not None and (self.elapsed() >= second.start or self.out_of_patience()):
            self.begin_stage_two(second)
        self.order_before = None if self.order is None else self.order.get_state()

    def _end_epoch(self) -> None:
        """Validate with the averaged weights, and note the losses."""
        epoch = self.epoch
        training = check_finite(torch.stack(self.losses).mean().item(), "training loss", epoch)
        with self.average.in_place():
            value = training if self.validate is None else float(self.validate())
            validation = check_finite(value, "validation loss", epoch)
            self.best.update(validation, epoch, self.weights)
        self.history.append({
            "epoch": epoch, "loss": training, "validation": validation, "learning_rate": self.rate.value,
            "seconds": self.file.seconds, **({} if self.second is None else {"stage": self.stage}),
            **({} if self.parts == 1 else {"parts": self.parts}),
        })  # fmt: skip
        self._report(self.history[-1])
        self.rate.reduce_on_plateau(validation)
        self.losses, self.done, self.epoch = [], 0, epoch + 1

    def _report(self, row: dict[str, float]) -> None:
        losses = {name: row[name] for name in ("loss", "validation")}
        progress.report("epoch", int(row["epoch"]), self.settings.max_epochs, **losses)

    def step_in_memory(self, batch: Batch | BatchOfFrames[Batch]) -> torch.Tensor:
        """Update the weights by one batch; where memory runs out, by smaller parts of it."""
        while True:
            self.updated = False
            try:
                return self.step(self._parts(batch))
            except (MemoryError, RuntimeError) as error:
                divisible = isinstance(batch, BatchOfFrames) and len(batch.frames) > self.parts
                if self.updated or not divisible or not is_memory_error(error):
                    raise
            # outside of the handler: the traceback held the tensors of the failed step
            self.optimizer.zero_grad(set_to_none=True)
            self.parts *= 2
            self._begin_steps()
            release_memory()
            warnings.warn(f"memory ran out: batches are computed in {self.parts} parts now", stacklevel=2)

    def _parts(self, batch: Batch | BatchOfFrames[Batch]) -> tuple[Batch, ...]:
        return batch.parts(self.parts) if isinstance(batch, BatchOfFrames) else (batch,)

    def update(self, parts: tuple[Batch, ...]) -> torch.Tensor:
        """Update the weights by the parts of one batch, without waiting; return the loss before."""
        self.optimizer.zero_grad(set_to_none=True)
        values = [self._add_gradient(part) for part in parts]
        self.updated = True
        torch.nn.utils.clip_grad_norm_(self.weights, self.settings.max_grad_norm, foreach=True)
        self.optimizer.step()
        self.average.update()
        return values[0] if len(values) == 1 else torch.stack(values).sum()

    def _add_gradient(self, part: Batch) -> torch.Tensor:
        value = self.loss(part)
        # only the weights: positions require gradients too, and theirs would be half the work for nothing
        value.backward(inputs=self.weights)
        return value.detach()

    def end(self) -> None:
        """Leave the best weights in the module, and give the graphs' memory back."""
        self.best.restore(self.weights)
        self.optimizer.zero_grad(set_to_none=True)
        self.captured = self.captured or self.step.status
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
