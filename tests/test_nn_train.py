"""The training loop on problems whose answer is known."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from mlffbench import progress
from mlffbench.device import checked_device
from mlffbench.nn.train import History, Settings, holdout, seeded, shuffled, train


def line(settings: Settings, rate: float = 0.05, scale: float = 1.0) -> tuple[torch.nn.Linear, History]:
    """y = 2x − 1 by a linear module."""
    x = torch.linspace(-1, 1, 40, dtype=torch.float64)[:, None]
    rows = list(zip(x, scale * (2 * x - 1), strict=True))
    with seeded(0):
        module = torch.nn.Linear(1, 1, dtype=torch.float64)
    generator = torch.Generator().manual_seed(0)

    def loss(batch: list[tuple[torch.Tensor, torch.Tensor]]) -> torch.Tensor:
        inputs, targets = (torch.stack(c) for c in zip(*batch, strict=True))
        return (module(inputs) - targets).square().mean()

    groups = [{"params": module.parameters(), "lr": rate}]
    history = train(
        module, groups, lambda: shuffled(rows, 8, generator), loss, lambda: loss(rows).item(), settings
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

    loss = lambda _: module(torch.ones(1, 1)).square().sum()  # noqa: E731
    groups = [{"params": module.parameters(), "lr": 0.1}]
    history = train(module, groups, endless, loss, None, Settings(max_epochs=9, max_seconds=0.05))
    assert len(history) == 1
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


def test_divergence_is_a_sentence() -> None:
    with pytest.raises(FloatingPointError, match="diverged at epoch 1: the training loss is nan"):
        line(Settings(max_epochs=2), scale=float("nan"))


def test_progress_is_reported_every_epoch() -> None:
    heard = []
    with progress.listen(lambda *report: heard.append(report)):
        line(Settings(max_epochs=3))
    assert [h[:3] for h in heard] == [("epoch", i, 3) for i in (1, 2, 3)]
    assert set(heard[0][3]) == {"loss", "validation"}


@pytest.mark.parametrize(
    ("n", "fraction", "held"), [(10, 0.1, 1), (3, 0.1, 1), (1, 0.1, 0), (9, 0.0, 0), (2, 0.9, 1)]
)
def test_holdout(n: int, fraction: float, held: int) -> None:
    training, validation = holdout(n, fraction, seed=3)
    assert len(validation) == held
    np.testing.assert_array_equal(np.sort(np.concatenate([training, validation])), np.arange(n))
    np.testing.assert_array_equal(holdout(n, fraction, seed=3)[0], training)


def test_holdout_refuses_everything() -> None:
    with pytest.raises(ValueError, match="validation_fraction"):
        holdout(5, 1.0, 0)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_no_gpu_is_a_sentence() -> None:
    with pytest.raises(ValueError, match="sees no GPU"):
        checked_device("cuda")
