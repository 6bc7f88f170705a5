"""The one training loop of every neural potential: AMSGrad, averaged weights, plateau, best validation."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any, TypeVar

import numpy as np
import torch
from sklearn.utils import check_random_state

from mlffbench import progress

__all__ = ["Settings", "checked_dtype", "holdout", "seed_of", "seeded", "shuffled", "train"]

Batch = TypeVar("Batch")
History = list[dict[str, float]]


@dataclass(frozen=True)
class Settings:
    """How long and how carefully to train.

    Attributes
    ----------
    max_epochs : int
    max_seconds : float or None
        Stop after the batch that passes this wall time, s.
    patience : int or None
        Stop after so many epochs without a better validation loss.
    ema_decay : float
        Of the exponential moving average of the weights, the weights that are validated and kept; 0 is none.
    max_grad_norm : float
        Longer gradients are shortened to this norm.
    plateau_patience, plateau_factor : int, float
        After so many epochs without a better validation loss the learning rate is multiplied by the factor.
    cooldown : float
        The last part of `max_epochs` or `max_seconds`, whichever is nearer its end, over which the learning
        rate falls on a line to a hundredth; 0 is none.
    """

    max_epochs: int
    max_seconds: float | None = None
    patience: int | None = None
    ema_decay: float = 0.99
    max_grad_norm: float = 10.0
    plateau_patience: int = 50
    plateau_factor: float = 0.8
    cooldown: float = 0.0


def train(
    module: torch.nn.Module,
    groups: Iterable[dict[str, Any]],
    batches: Callable[[], Iterable[Batch]],
    loss: Callable[[Batch], torch.Tensor],
    validate: Callable[[], float] | None,
    settings: Settings,
) -> History:
    """Minimise `loss`; leave in `module` the averaged weights of the epoch that validated best.

    Parameters
    ----------
    module : torch module, trained in place
    groups : parameter groups of ``torch.optim.Adam``, each with its ``lr``
    batches : called once an epoch for that epoch's batches
    loss : batch -> scalar tensor
    validate : called once an epoch with the averaged weights in place; None: the mean training loss decides
    settings : Settings

    Returns
    -------
    list of dict
        ``epoch``, ``loss``, ``validation``, ``learning_rate``, ``seconds`` since the start, one row an epoch.

    Raises
    ------
    FloatingPointError
        A loss is not finite.
    """
    from torch_ema import ExponentialMovingAverage

    weights = [p for p in module.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(groups, amsgrad=True)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, patience=settings.plateau_patience, factor=settings.plateau_factor
    )
    average = ExponentialMovingAverage(weights, settings.ema_decay)
    best = _Best()
    history: History = []
    start, warmth = monotonic(), 1.0
    late = lambda: settings.max_seconds is not None and monotonic() - start > settings.max_seconds  # noqa: E731
    for epoch in range(1, settings.max_epochs + 1):
        now = _warmth(settings, epoch, monotonic() - start)
        _rescale(optimizer, now / warmth)
        warmth = now
        losses = [_step(b, loss, optimizer, weights, average, settings) for b in _until(late, batches())]
        training = _finite(torch.stack(losses).mean().item(), "training", epoch)
        with average.average_parameters():
            validation = training if validate is None else _finite(float(validate()), "validation", epoch)
            best.see(validation, epoch, weights)
        history.append({
            "epoch": epoch, "loss": training, "validation": validation,
            "learning_rate": max(g["lr"] for g in optimizer.param_groups), "seconds": monotonic() - start,
        })  # fmt: skip
        progress.report("epoch", epoch, settings.max_epochs, loss=training, validation=validation)
        scheduler.step(validation)
        if late() or (settings.patience is not None and epoch - best.epoch >= settings.patience):
            break
    best.restore(weights)
    return history


def _rescale(optimizer: torch.optim.Optimizer, factor: float) -> None:
    """Multiply the learning rates, which the plateau scheduler lowers too."""
    for group in optimizer.param_groups:
        group["lr"] *= factor


def _step(
    batch: Batch,
    loss: Callable[[Batch], torch.Tensor],
    optimizer: torch.optim.Optimizer,
    weights: list[torch.nn.Parameter],
    average: Any,
    settings: Settings,
) -> torch.Tensor:
    """One update; the loss before it."""
    optimizer.zero_grad(set_to_none=True)
    value = loss(batch)
    # only the weights: positions ask for gradients too, and theirs would be half the work for nothing
    value.backward(inputs=weights)
    torch.nn.utils.clip_grad_norm_(weights, settings.max_grad_norm)
    optimizer.step()
    average.update()
    return value.detach()


def _warmth(settings: Settings, epoch: int, seconds: float) -> float:
    """1, then down a line to 0.01 within the cooldown."""
    if settings.cooldown == 0:
        return 1.0
    spent = max((epoch - 1) / settings.max_epochs, seconds / (settings.max_seconds or float("inf")))
    return min(1.0, max(0.01, (1 - spent) / settings.cooldown))


def _until(late: Callable[[], bool], batches: Iterable[Batch]) -> Iterator[Batch]:
    """The batches, at least one, until it is late."""
    for batch in batches:
        yield batch
        if late():
            return


def _finite(value: float, what: str, epoch: int) -> float:
    if not math.isfinite(value):
        raise FloatingPointError(
            f"diverged at epoch {epoch}: the {what} loss is {value}; a smaller learning_rate often helps"
        )
    return value


class _Best:
    """The weights of the lowest validation loss so far."""

    def __init__(self) -> None:
        self.value, self.epoch = math.inf, 0
        self.copies: list[torch.Tensor] = []

    def see(self, value: float, epoch: int, weights: list[torch.nn.Parameter]) -> None:
        if value < self.value:
            self.value, self.epoch = value, epoch
            self.copies = [w.detach().clone() for w in weights]

    def restore(self, weights: list[torch.nn.Parameter]) -> None:
        with torch.no_grad():
            for weight, copy in zip(weights, self.copies, strict=True):
                weight.copy_(copy)


def seed_of(random_state: Any) -> int:
    """An integer seed from what scikit-learn calls a random state."""
    return int(check_random_state(random_state).randint(2**31 - 1))


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed torch's CPU generator, and give it back as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.random.default_generator.manual_seed(seed)  # torch.manual_seed would touch the GPUs' too
        yield


def holdout(n: int, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices to train on and to validate on; at least one each, unless the fraction is 0 or n is 1."""
    if not 0 <= fraction < 1:
        raise ValueError(f"validation_fraction must be in [0, 1); got {fraction}")
    order = np.random.default_rng(seed).permutation(n)
    held = 0 if fraction == 0 or n == 1 else min(max(1, round(fraction * n)), n - 1)
    return np.sort(order[held:]), np.sort(order[:held])


def shuffled(items: Sequence[Any], size: int, generator: torch.Generator) -> Iterator[list[Any]]:
    """All items in random order, `size` at a time."""
    order = torch.randperm(len(items), generator=generator).tolist()
    for start in range(0, len(order), size):
        yield [items[i] for i in order[start : start + size]]


def checked_dtype(name: str) -> torch.dtype:
    """``float32`` or ``float64``, by name."""
    if name not in ("float32", "float64"):
        raise ValueError(f"dtype must be 'float32' or 'float64'; got {name!r}")
    return torch.float64 if name == "float64" else torch.float32
