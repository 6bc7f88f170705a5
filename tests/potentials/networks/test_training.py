"""The training loop on problems whose answer is known."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest
import torch

from mlffbench.potentials.networks import training as loop
from mlffbench.potentials.networks.seeding import fixed_seed, shuffled_batches
from mlffbench.potentials.networks.training import (
    History,
    Settings,
    StageTwo,
    Trained,
    Validation,
    n_trainable,
    train,
)
from mlffbench.system import cuda_graph, progress, state_file
from mlffbench.system.timing import Lead
from mlffbench.testing.launches import waits
from mlffbench.testing.replay import replayed_on_cpu


def line(settings: Settings, rate: float = 0.05, scale: float = 1.0) -> tuple[torch.nn.Linear, History]:
    """y = 2x − 1 by a linear module."""
    x = torch.linspace(-1, 1, 40, dtype=torch.float64)[:, None]
    rows = list(zip(x, scale * (2 * x - 1), strict=True))
    with fixed_seed(0):
        module = torch.nn.Linear(1, 1, dtype=torch.float64)
    generator = torch.Generator().manual_seed(0)

    def loss(batch: list[tuple[torch.Tensor, torch.Tensor]]) -> torch.Tensor:
        inputs, targets = (torch.stack(c) for c in zip(*batch, strict=True))
        return (module(inputs) - targets).square().mean()

    groups = [{"params": module.parameters(), "lr": rate}]
    history, _, _ = train(
        module,
        groups,
        lambda: shuffled_batches(rows, 8, generator),
        loss,
        lambda: loss(rows).item(),
        settings,
    )
    assert loss(rows).item() == pytest.approx(min(h["validation"] for h in history), rel=1e-12)
    return module, history


def test_finds_the_line() -> None:
    module, _ = line(Settings(max_epochs=150, ema_decay=0.9))
    assert module.weight.item() == pytest.approx(2, abs=1e-3)
    assert module.bias.item() == pytest.approx(-1, abs=1e-3)


def test_same_seed_same_history_and_the_global_generator_is_left_alone() -> None:
    before = torch.random.get_rng_state()
    first, second = (line(Settings(max_epochs=3))[1] for _ in range(2))
    assert [h["validation"] for h in first] == [h["validation"] for h in second]
    assert torch.equal(before, torch.random.get_rng_state())


def test_best_weights_are_kept_not_the_last() -> None:
    """With a rate this large the last epoch is not the best; `line` asserts that the best is restored."""
    _, history = line(Settings(max_epochs=30, ema_decay=0.0), rate=3.0)
    assert history[-1]["validation"] > min(h["validation"] for h in history)


def test_max_seconds_stops_within_an_epoch() -> None:
    module = torch.nn.Linear(1, 1)
    seen = []

    def endless() -> Iterator[int]:
        for i in range(10**9):
            seen.append(i)
            yield i

    loss = lambda _: module(torch.ones(1, 1)).square().sum()
    groups = [{"params": module.parameters(), "lr": 0.1}]
    history, stopped_by, _ = train(
        module, groups, endless, loss, None, Settings(max_epochs=9, max_seconds=0.05)
    )
    assert len(history) == 1
    assert stopped_by == "time"
    assert len(seen) >= 1


def test_patience_stops() -> None:
    _, history = line(Settings(max_epochs=500, patience=4, ema_decay=0.0), rate=3.0)
    best = min(range(len(history)), key=lambda i: history[i]["validation"])
    assert len(history) - 1 - best == 4


def test_plateau_lowers_the_rate() -> None:
    _, history = line(Settings(60, ema_decay=0.0, plateau_patience=2, plateau_factor=0.5), rate=3.0)
    assert history[-1]["learning_rate"] < 3.0


def test_cooldown_lowers_the_rate_at_the_end() -> None:
    _, history = line(Settings(10, cooldown=0.5))
    rates = [h["learning_rate"] for h in history]
    np.testing.assert_allclose(rates, 0.05 * np.minimum(1, np.arange(10, 0, -1) / 5))


def test_cosine_falls_by_the_epochs_that_are_behind() -> None:
    _, history = line(Settings(10, schedule="cosine"))
    expected = 0.05 * np.maximum(0.01, (1 + np.cos(np.pi * np.arange(10) / 10)) / 2)
    np.testing.assert_allclose([h["learning_rate"] for h in history], expected)


def test_cosine_ends_with_the_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that advances a second at every look: 5 batches an epoch, 60 s."""
    ticks = iter(range(10**6))
    monkeypatch.setattr(state_file, "monotonic", lambda: float(next(ticks)))
    _, history = line(Settings(10**4, max_seconds=60, schedule="cosine"))
    rates = [h["learning_rate"] for h in history]
    np.testing.assert_array_equal(rates, np.sort(rates)[::-1])
    assert rates[0] > 0.04
    assert rates[-1] < 0.002


def test_constant_stays() -> None:
    _, history = line(Settings(60, schedule="constant", plateau_patience=1, plateau_factor=0.5), rate=3.0)
    assert {h["learning_rate"] for h in history} == {3.0}


def test_a_schedule_that_does_not_exist_is_a_sentence() -> None:
    with pytest.raises(ValueError, match="no schedule 'linear'"):
        line(Settings(1, schedule="linear"))


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (Settings(3, patience=3), "epochs"),
        (Settings(3, max_seconds=1e-9), "time"),
        (Settings(500, patience=2), "patience"),
    ],
)
def test_what_ended_a_training(settings: Settings, reason: str) -> None:
    valley = Valley()
    groups = [{"params": valley.module.parameters(), "lr": 0.1}]
    trained = train(valley.module, groups, lambda: range(2), valley.to(1.0), lambda: 1.0, settings)
    assert trained.stopped_by == reason
    assert n_trainable(valley.module, valley.module) == 2


class Valley:
    """(w − 1)² and (w − 5)² of one weight."""

    def __init__(self) -> None:
        self.module = torch.nn.Linear(1, 1, bias=False, dtype=torch.float64)
        with torch.no_grad():
            self.module.weight.fill_(0.0)

    def to(self, goal: float) -> Callable[[int], torch.Tensor]:
        return lambda _: (self.module.weight - goal).square().sum()

    def train(self, settings: Settings, second: StageTwo[int] | None = None, **more: Any) -> History:
        groups = [{"params": self.module.parameters(), "lr": 0.1}]
        first = {"loss": self.to(1.0), "validate": lambda: self.to(1.0)(0).item()} | more
        batches = first.pop("batches", lambda: range(20))
        return train(self.module, groups, batches, settings=settings, second=second, **first).history

    @property
    def weight(self) -> float:
        return self.module.weight.item()


@pytest.mark.parametrize("average", [False, True])
def test_stage_two_follows_its_own_loss(average: bool) -> None:
    valley = Valley()
    second = StageTwo(valley.to(5.0), lambda: valley.to(5.0)(0).item(), 0.5, 0.2, average)
    history = valley.train(Settings(20, ema_decay=0.5, schedule="constant"), second)
    assert [h["stage"] for h in history] == [1] * 10 + [2] * 10
    assert [h["learning_rate"] for h in history] == [0.1] * 10 + [0.2] * 10
    assert history[9]["validation"] < 0.05
    assert valley.weight == pytest.approx(5.0, abs=1.0 if average else 0.1)


def test_stage_two_begins_where_patience_ends() -> None:
    valley = Valley()
    second = StageTwo(valley.to(5.0), lambda: valley.to(5.0)(0).item(), 0.99)
    frozen = Settings(30, patience=3, ema_decay=0.0, schedule="constant")
    history = valley.train(frozen, second, validate=lambda: 1.0)
    assert [h["stage"] for h in history][:5] == [1, 1, 1, 1, 2]
    assert valley.weight > 3.0


def test_a_useless_stage_two_leaves_what_the_first_reached() -> None:
    valley = Valley()
    away = StageTwo(valley.to(50.0), lambda: abs(valley.weight - 1.0), 0.5, 0.5)
    valley.train(Settings(20, ema_decay=0.0, schedule="constant"), away)
    assert valley.weight == pytest.approx(1.0, abs=0.05)


def test_ctrl_c_leaves_the_best_weights() -> None:
    """Interrupted in the fourth epoch, on its way away from the goal."""
    valley, epochs = Valley(), []

    def batches() -> Iterator[int]:
        epochs.append(valley.weight)
        yield from range(5)
        if len(epochs) == 4:
            raise KeyboardInterrupt

    away = lambda: abs(valley.weight)
    with pytest.raises(KeyboardInterrupt):
        valley.train(Settings(9, ema_decay=0.0), batches=batches, validate=away)
    assert valley.weight == pytest.approx(epochs[1])
    assert valley.weight < epochs[3]


def test_a_second_training_goes_on_from_the_first() -> None:
    valley = Valley()
    first, again = (valley.train(Settings(5, ema_decay=0.0)) for _ in range(2))
    assert again[0]["loss"] < first[0]["loss"]
    assert again[-1]["validation"] <= first[-1]["validation"]


def test_divergence_is_a_sentence() -> None:
    with pytest.raises(FloatingPointError, match="diverged at epoch 1: the training loss is nan"):
        line(Settings(max_epochs=2), scale=float("nan"))


def test_progress_is_reported_every_epoch() -> None:
    heard = []
    with progress.listen(lambda *report: heard.append(report)):
        line(Settings(max_epochs=3))
    assert [h[:3] for h in heard] == [("epoch", i, 3) for i in (1, 2, 3)]
    assert set(heard[0][3]) == {"loss", "validation"}


# ---------------------------------------------------------------- captured steps
class Fit:
    """A small network on y = Σ sin x; batches of 8, 8 and 5 rows."""

    def __init__(self, dtype: torch.dtype = torch.float64, device: str = "cpu") -> None:
        with fixed_seed(0):
            layers = torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1)
            self.module = torch.nn.Sequential(*layers).to(device, dtype)
            x = torch.randn(31, 3).to(device, dtype)
        self.rows = x, x.sin().sum(1, keepdim=True)
        self.goal = 1.0

    def batches(self) -> Iterator[tuple[torch.Tensor, ...]]:
        for start in (0, 8, 16):
            yield tuple(column[start : min(start + 8, 21)] for column in self.rows)

    def errors(self, batch: tuple[torch.Tensor, ...]) -> torch.Tensor:
        return (self.module(batch[0]) - batch[1]).square()

    def loss(self, batch: tuple[torch.Tensor, ...]) -> torch.Tensor:
        return self.errors(batch).mean()

    @property
    def validation(self) -> Validation[tuple[torch.Tensor, ...]]:
        held = [tuple(column[21:26] for column in self.rows), tuple(column[26:] for column in self.rows)]
        return Validation(held, lambda b: (self.errors(b).detach().sum(), torch.ones_like(b[1]).sum()))

    def second(self, **more: Any) -> StageTwo[tuple[torch.Tensor, ...]]:
        return StageTwo(lambda b: 5 * self.loss(b), self.validation, **more)

    def train(self, settings: Settings, second: bool = False, **more: Any) -> Trained:
        stage = self.second(learning_rate=0.01, average=True) if second else None
        first = {"batches": self.batches, "loss": self.loss, "validate": self.validation} | more
        groups = [{"params": self.module.parameters(), "lr": 0.05}]
        return train(self.module, groups, settings=settings, second=stage, **first)


def columns(history: History) -> np.ndarray:
    names = ("loss", "validation", "learning_rate", "epoch")
    return np.array([[row[name] for name in names] for row in history])


CASES = [
    (Settings(17), False),
    (Settings(17, ema_decay=0.0, max_grad_norm=0.01), False),
    (Settings(17, schedule="cosine"), False),
    (Settings(17, cooldown=0.5, plateau_patience=1, plateau_factor=0.5), True),
    (Settings(40, patience=2, schedule="constant"), True),
]
EACH = pytest.mark.parametrize(("settings", "second"), CASES)
PRECISIONS = pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 1e-4)], ids=["float64", "float32"]
)


@EACH
@PRECISIONS
def test_a_captured_training_is_the_plain_one(
    settings: Settings, second: bool, dtype: torch.dtype, tolerance: float
) -> None:
    plain = Fit(dtype).train(settings, second)
    fit = Fit(dtype)
    with replayed_on_cpu() as recorded:
        captured = fit.train(settings, second)
    assert (plain.captured, captured.captured) == ("no: cpu", "yes")
    assert captured.stopped_by == plain.stopped_by
    assert len(recorded) == (6 if second else 3)  # two shapes of steps and one of validation, in each stage
    np.testing.assert_allclose(columns(captured.history), columns(plain.history), rtol=tolerance)
    best = captured.history[-1]["validation"]
    assert best < captured.history[0]["validation"]


@pytest.mark.gpu
@EACH
@PRECISIONS
def test_a_captured_training_is_the_plain_one_on_a_gpu(
    settings: Settings, second: bool, dtype: torch.dtype, tolerance: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    captured = Fit(dtype, "cuda").train(settings, second)
    monkeypatch.delitem(cuda_graph.POOLS, "cuda")
    plain = Fit(dtype, "cuda").train(settings, second)
    assert (plain.captured, captured.captured) == ("no: cuda", "yes")
    np.testing.assert_allclose(columns(captured.history), columns(plain.history), rtol=tolerance)
    on_cpu = Fit(dtype).train(settings, second)  # its rates are numbers of double precision
    np.testing.assert_allclose(columns(plain.history)[:5], columns(on_cpu.history)[:5], rtol=1e-3)


def test_a_step_and_a_validation_wait_for_nothing() -> None:
    fit = Fit()
    groups = [{"params": fit.module.parameters(), "lr": 0.05}]
    run = loop._Run(fit.module, groups, fit.loss, fit.validation, Settings(9))
    batch = next(fit.batches())
    run.step((batch,))
    assert waits(lambda: run.step((batch,))) == []
    assert waits(lambda: fit.validation.error(batch)) == []
    run.average.restart_as_mean()
    assert waits(lambda: run.step((batch,))) == []


def test_a_loss_that_waits_is_trained_plainly_with_the_reason() -> None:
    fit, plain = Fit(), Fit()

    def waiting(batch: tuple[torch.Tensor, ...]) -> torch.Tensor:
        errors = fit.errors(batch)
        return errors[errors > 0].sum() / errors.numel()

    with replayed_on_cpu(), pytest.warns(UserWarning, match="the training step is not captured") as warned:
        trained = fit.train(Settings(9), loss=waiting)
    assert len(warned) == 1
    assert trained.captured.startswith("no: RuntimeError: operation not permitted")
    expected = plain.train(Settings(9))
    np.testing.assert_allclose(columns(trained.history), columns(expected.history), rtol=1e-10)


def test_captured_trainings_end_by_time_and_by_ctrl_c_with_the_best_weights() -> None:
    fit = Fit()
    with replayed_on_cpu():
        timed = fit.train(Settings(10**6, max_seconds=0.3))
    assert timed.stopped_by == "time"
    assert timed.history[-1]["seconds"] < 5
    assert mean(fit) == pytest.approx(min(row["validation"] for row in timed.history), rel=1e-10)
    epochs: list[int] = []

    def interrupted() -> Iterator[tuple[torch.Tensor, ...]]:
        epochs.append(1)
        yield from fit.batches()
        if len(epochs) == 12:
            raise KeyboardInterrupt

    before = mean(fit)
    with replayed_on_cpu(), pytest.raises(KeyboardInterrupt):
        fit.train(Settings(99), batches=interrupted)
    assert mean(fit) < before * 1.5
    assert all(weight.grad is None for weight in fit.module.parameters())


def mean(fit: Fit) -> float:
    return fit.errors(tuple(column[21:] for column in fit.rows)).mean().item()


def test_graphs_are_freed_with_their_stage_and_with_the_training() -> None:
    """At once, not when the collector comes: they hold the device's memory."""
    alive: list[int] = []
    fit = Fit()
    gc.disable()
    try:
        with replayed_on_cpu() as recorded:
            graphs = []

            def batches() -> Iterator[tuple[torch.Tensor, ...]]:
                graphs.extend(weakref.ref(recording) for recording in recorded)
                recorded.clear()
                alive.append(sum(graph() is not None for graph in graphs))
                yield from fit.batches()

            fit.train(Settings(16), second=True, batches=batches)
            recorded.clear()
    finally:
        gc.enable()
    assert max(alive) == 3
    assert alive[12] == 0  # the second stage warms up
    assert not any(graph() for graph in graphs)


def test_a_second_captured_training_goes_on_from_the_first() -> None:
    results = []
    for capture in (False, True):
        fit = Fit()
        with replayed_on_cpu() if capture else nullcontext():
            histories = [fit.train(Settings(8)).history for _ in range(2)]
        assert histories[1][0]["validation"] < histories[0][0]["validation"]
        results.append(columns(histories[1]))
    np.testing.assert_allclose(*results, rtol=1e-10)


def test_a_captured_training_that_diverges_is_a_sentence() -> None:
    fit, epochs = Fit(), []

    def spoilt() -> Iterator[tuple[torch.Tensor, ...]]:
        epochs.append(1)
        for x, y in fit.batches():
            yield x, y * (float("nan") if len(epochs) == 9 else 1.0)

    with replayed_on_cpu(), pytest.raises(FloatingPointError, match="diverged at epoch 9: the training loss"):
        fit.train(Settings(20), batches=spoilt)
    assert np.isfinite(mean(fit))


def test_the_clock_waits_for_the_device_a_few_steps_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    queue: list[str] = []

    class Queued(Lead):
        def step(self) -> None:
            queue.append("step")

    monkeypatch.setattr(loop, "Lead", Queued)
    Fit().train(Settings(4))
    assert len(queue) == 4 * 3
