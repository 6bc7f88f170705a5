"""Trainings that are interrupted anywhere and go on from their state, to the same numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mlffbench import registry
from mlffbench.data import Spec
from mlffbench.potentials.networks.seeding import fixed_seed, shuffled_batches
from mlffbench.potentials.networks.training import Settings, StageTwo, Trained, Validation, train
from mlffbench.system import checkpoint, earlier_work, state_file
from mlffbench.testing import solids
from mlffbench.testing.replay import replayed_on_cpu

N = 13  # rows to train on, 4 to a batch


class Fit:
    """A small network on y = Σ sin x, with a weight that nothing depends on."""

    def __init__(self, dtype: torch.dtype = torch.float64, die_at: int = 0, device: str = "cpu") -> None:
        with fixed_seed(0):
            layers = torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1)
            self.module = torch.nn.Sequential(*layers).to(device, dtype)
            x = torch.randn(20, 3).to(device, dtype)
        self.module.register_parameter("idle", torch.nn.Parameter(x.new_ones(2)))
        self.x, self.y = x, x.sin().sum(1, keepdim=True)
        self.order = torch.Generator().manual_seed(5)
        self.steps, self.die_at = 0, die_at

    def batches(self) -> Iterator[torch.Tensor]:
        for picks in shuffled_batches(range(N), 4, self.order):
            if self.steps == self.die_at - 1:
                raise KeyboardInterrupt
            self.steps += 1
            yield torch.tensor(picks, device=self.x.device)

    def errors(self, picks: torch.Tensor) -> torch.Tensor:
        return (self.module(self.x.index_select(0, picks)) - self.y.index_select(0, picks)).square()

    def train(self, settings: Settings, second: bool = False) -> Trained:
        held = Validation(
            [torch.arange(N, 20, device=self.x.device)],
            lambda b: (self.errors(b).detach().sum(), torch.ones_like(b).sum()),
        )
        stage = StageTwo(lambda b: 5 * self.errors(b).mean(), held, learning_rate=0.01, average=True)
        return train(
            self.module,
            [{"params": self.module.parameters(), "lr": 0.05}],
            self.batches,
            lambda b: self.errors(b).mean(),
            held,
            settings,
            stage if second else None,
            self.order,
        )


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A checkpoint folder, in which every training is of a new process and every step leaves a state."""
    processes = iter(range(10**6))
    monkeypatch.setattr(earlier_work, "process", lambda: next(processes))
    monkeypatch.setattr(state_file, "SHARE", 1e9)
    monkeypatch.setenv(state_file.PERIOD, "0")
    with checkpoint.keep_in(tmp_path):
        yield tmp_path


def numbers(trained: Trained) -> np.ndarray:
    names = ("epoch", "loss", "validation", "learning_rate")
    return np.array([[row[name] for name in names] for row in trained.history])


def weights(fit: Fit) -> np.ndarray:
    return torch.nn.utils.parameters_to_vector(fit.module.parameters()).detach().cpu().numpy()


CASES = [
    (Settings(7, ema_decay=0.9), False),
    (Settings(7, schedule="cosine"), False),
    (Settings(9, cooldown=0.5, plateau_patience=1, plateau_factor=0.5), True),
    (Settings(30, patience=2, schedule="constant"), True),
]


KINDS = [  # precision, captured, device
    pytest.param(torch.float64, False, "cpu", id="plain"),
    pytest.param(torch.float32, True, "cpu", id="captured"),
    pytest.param(torch.float64, False, "cuda", id="gpu", marks=pytest.mark.gpu),
]


@pytest.mark.parametrize(("dtype", "capture", "device"), KINDS)
@pytest.mark.parametrize(("settings", "second"), CASES)
def test_a_training_killed_three_times_is_the_uninterrupted_one(
    settings: Settings, second: bool, dtype: torch.dtype, capture: bool, device: str, kept: Path
) -> None:
    whole = Fit(dtype, device=device)
    with checkpoint.keep_in(None):
        expected = whole.train(settings, second)
    with replayed_on_cpu() if capture else nullcontext():
        for die_at in (5, 6, 9):
            with pytest.raises(KeyboardInterrupt), earlier_work.listen():
                Fit(dtype, die_at, device).train(settings, second)
        fit = Fit(dtype, device=device)
        with earlier_work.listen() as earlier:
            trained = fit.train(settings, second)
    assert earlier.resumed == 3
    assert fit.steps < whole.steps
    assert trained.stopped_by == expected.stopped_by
    assert [sorted(row) for row in trained.history] == [sorted(row) for row in expected.history]
    tolerance = 1e-4 if capture else 1e-12 if device == "cpu" else 1e-9
    np.testing.assert_allclose(numbers(trained), numbers(expected), rtol=tolerance)
    np.testing.assert_allclose(weights(fit), weights(whole), rtol=tolerance)


def test_seconds_before_the_kill_count(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that advances a second at every look."""
    ticks = iter(range(10**6))
    monkeypatch.setattr(state_file, "monotonic", lambda: float(next(ticks)))
    settings = Settings(10**4, max_seconds=200)
    with pytest.raises(KeyboardInterrupt):
        Fit(die_at=16).train(settings)
    with earlier_work.listen() as earlier:
        fit = Fit()
        trained = fit.train(settings)
    assert trained.stopped_by == "time"
    assert 40 < earlier.seconds < 200
    seconds = [row["seconds"] for row in trained.history]
    assert seconds == sorted(seconds)
    assert seconds[-2] <= 200 < seconds[-1] + 20
    assert fit.steps > 4


def test_a_finished_training_is_not_repeated(kept: Path) -> None:
    first = Fit()
    expected = first.train(Settings(5))
    fit = Fit()
    trained = fit.train(Settings(5))
    assert fit.steps == 0
    assert trained == expected
    np.testing.assert_array_equal(weights(fit), weights(first))


def test_the_same_process_trains_again(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(earlier_work, "process", lambda: "this one")
    Fit().train(Settings(2))
    fit = Fit()
    fit.train(Settings(2))
    assert fit.steps == 8


@pytest.mark.parametrize("other", ["settings", "weights", "order", "stage"])
def test_a_state_of_another_training_is_not_taken(other: str, kept: Path) -> None:
    Fit().train(Settings(2))
    fit = Fit()
    if other == "weights":
        with torch.no_grad():
            next(fit.module.parameters()).add_(1e-9)
    if other == "order":
        fit.order.manual_seed(6)
    fit.train(Settings(2, patience=9 if other == "settings" else None), second=other == "stage")
    assert fit.steps == 8


def test_a_state_cut_or_changed_at_any_byte_is_not_taken(kept: Path) -> None:
    Fit().train(Settings(2))
    (file,) = kept.iterdir()
    content = file.read_bytes()
    random = np.random.default_rng(0)
    for k in [0, 64, len(content) - 1, *random.integers(len(content), size=40)]:
        file.write_bytes(content[:k])
        assert state_file.StateFile(file).read() is None
        file.write_bytes(content[:k] + bytes([content[k] ^ 16]) + content[k + 1 :])
        assert state_file.StateFile(file).read() is None
    file.unlink()
    file.mkdir()
    assert state_file.StateFile(file).read() is None
    fit = Fit()
    fit.train(Settings(2))  # and where no state can be written, the training goes on
    assert fit.steps == 8


def test_a_short_training_leaves_nothing(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(state_file.PERIOD, "60")
    Fit().train(Settings(2))
    assert not list(kept.iterdir())


def test_a_time_between_states_that_is_no_number_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(state_file.PERIOD, "1 min")
    with pytest.raises(ValueError, match="CHECKPOINT_SECONDS is '1 min'; it takes a number of seconds"):
        Fit().train(Settings(1))


def test_states_are_as_rare_as_their_cost_demands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(state_file, "monotonic", lambda: clock[0])
    file, written = state_file.StateFile(tmp_path / "state"), []

    def state() -> Any:
        clock[0] += 2.0  # s, to copy it
        written.append(clock[0])
        return {}, {}

    for _ in range(2000):
        clock[0] += 1.0
        file.keep(state)
    assert written[0] == 62.0
    np.testing.assert_array_equal(np.diff(written[:4]), 202.0)


# ---------------------------------------------------------------- all methods that train in epochs
TINY = {"max_epochs": 3, "batch_size": 2, "dtype": "float64", "cutoff": 4.0}
METHODS: dict[str, dict[str, Any]] = {
    "behler_parrinello": {"hidden": (4,), "n_networks": 2},
    "equivariant_network": {"num_channels": 2},
    "mace": {"num_channels": 2, "max_L": 0, "max_ell": 1, "correlation": 2, "stage_two": 0.5},
    "painn": {"channels": 4, "layers": 1},
    "schnet": {"channels": 4, "layers": 1},
    "tensornet": {"channels": 4, "layers": 1},
}
WRAPPED: dict[str, dict[str, Any]] = {
    "committee": {"model": {"behler_parrinello": TINY | {"hidden": (4,)}}, "n": 2, "random_state": 0},
    "delta_learning": {
        "baseline": {"behler_parrinello": TINY | {"hidden": (3,)}},
        "model": {"behler_parrinello": TINY | {"hidden": (4,)}},
    },
}
EACH = {name: TINY | {"random_state": 1} | more for name, more in METHODS.items()} | WRAPPED


@pytest.mark.parametrize("name", EACH)
def test_every_method_goes_on_from_each_of_its_states(
    name: str, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, write = solids(), state_file.StateFile._write
    fitted = lambda: registry.make(Spec(name, EACH[name]), ("estimators",)).fit(
        list(data.frames[:4]), data.labels[:4]
    )
    with checkpoint.keep_in(None):
        expected = fitted()
    kills = 0

    def killing(file: state_file.StateFile, *state: Any) -> None:
        write(file, *state)
        raise KeyboardInterrupt

    monkeypatch.setattr(state_file.StateFile, "_write", killing)
    while True:
        try:
            model = fitted()
            break
        except KeyboardInterrupt:
            kills += 1
    assert kills >= 6  # batches, and the end of every training
    assert model.predict(list(data.frames)).energy == pytest.approx(
        expected.predict(list(data.frames)).energy, rel=1e-12
    )
    names = ("epoch", "loss", "validation")
    rows = [[[row[name] for name in names] for row in each.history_] for each in (model, expected)]
    np.testing.assert_allclose(rows[0], rows[1], rtol=1e-10)
    assert getattr(model, "stopped_by_", "") == getattr(expected, "stopped_by_", "")
