"""The training loop on problems whose answer is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

from mlffbench.potentials.networks.seeding import fixed_seed, shuffled_batches
from mlffbench.potentials.networks.training import History, Settings, StageTwo, n_trainable, train
from mlffbench.system import progress


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
    from mlffbench.potentials.networks import training as file

    ticks = iter(range(10**6))
    monkeypatch.setattr(file, "monotonic", lambda: float(next(ticks)))
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
