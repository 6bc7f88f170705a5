"""Trainings within a time limit, by a torchnep that only keeps time."""

from __future__ import annotations

import os
import sys
import warnings
from dataclasses import fields
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from ase.build import molecule

from mlffbench.data import Labels
from mlffbench.estimators import NEP
from mlffbench.potentials.nep.settings import Settings
from mlffbench.potentials.nep.training import Training

EPOCH, PREPARATION = 10.0, 4.0  # s


@pytest.fixture
def clock(monkeypatch):
    """A clock that only torchnep moves."""
    now = [0.0]
    for file in ("training", "training_log"):
        monkeypatch.setattr(f"mlffbench.potentials.nep.{file}.monotonic", lambda: now[0])
    return now


@pytest.fixture
def torchnep(monkeypatch, clock):
    """A package whose training writes the files of torchnep's; returns the arguments of its calls."""
    calls = []

    def train_nep(config, data, output_dir, **options):
        words = dict(line.split(" ", 1) for line in Path(config).read_text().splitlines())
        calls.append({**options, "config": words, "frames": Path(data).read_text().count("Lattice")})
        warnings.formatwarning = None
        torch.manual_seed(5)
        assert os.environ["TORCHNEP_PREPROC_WORKERS"] == "1"
        clock[0] += PREPARATION
        Path(output_dir).mkdir(exist_ok=True)
        with (Path(output_dir) / "loss.out").open("w") as log:
            log.write("# epoch  loss\n")
            for epoch in range(1, int(words["epoch"]) + 1):
                clock[0] += EPOCH * slow[0]
                log.write(f"{epoch} {1 / epoch} 0.1 0.2 0.3 0.0\n")
                log.flush()
                print(f"Epoch {epoch:4d} | loss {1 / epoch:.4e} | E 0.1 eV/atom", flush=True)
                (Path(output_dir) / "nep_best.txt").write_text(f"of epoch {epoch}")

    slow = [1.0]
    module = ModuleType("torchnep")
    module.train_nep = train_nep
    monkeypatch.setitem(sys.modules, "torchnep", module)
    calls_and_speed = ModuleType("torchnep")
    calls_and_speed.calls, calls_and_speed.slow = calls, slow
    return calls_and_speed


def training(**changes):
    model = NEP()
    settings = Settings(**{f.name: getattr(model, f.name) for f in fields(Settings)})
    frames = [molecule("H2O")] * 3
    labels = Labels(np.arange(3.0), (np.zeros((3, 3)),) * 3)
    parts = {"train": (frames[:2], labels[:2]), "valid": (frames[2:], labels[2:])}
    return Training(["H", "O"], parts, settings, **{"max_epochs": 6, **changes})


def test_without_a_limit_there_is_one_training(torchnep):
    form, state = warnings.formatwarning, torch.get_rng_state()
    trained = training(seed=7).run()
    (call,) = torchnep.calls
    assert call["run_seed"] == 7
    assert call["frames"] == 2
    assert call["valid_file"].endswith("valid.xyz")
    assert trained.text == "of epoch 6"
    assert trained.stopped_by == "epochs"
    assert [row["epoch"] for row in trained.history] == [1, 2, 3, 4, 5, 6]
    assert trained.history[1]["validation"] == 0.5
    assert trained.history[1]["seconds"] == PREPARATION + 2 * EPOCH
    assert warnings.formatwarning is form
    assert (torch.get_rng_state() == state).all()
    assert "TORCHNEP_PREPROC_WORKERS" not in os.environ


def test_epochs_are_planned_for_the_time(torchnep, clock):
    trained = training(max_epochs=100, max_seconds=100.0).run()
    assert [int(call["config"]["epoch"]) for call in torchnep.calls] == [2, 6]
    assert clock[0] <= 100.0
    assert trained.epochs == 6
    assert trained.stopped_by == "time"
    assert trained.text == "of epoch 6"


def test_a_training_slower_than_planned_is_ended_and_keeps_its_best(torchnep, clock):
    original = training(max_epochs=100, max_seconds=100.0)
    plan = Training._affordable

    def then_slower(self, folder, end):
        epochs = plan(self, folder, end)
        torchnep.slow[0] = 2.0
        return epochs

    Training._affordable = then_slower
    try:
        trained = original.run()
    finally:
        Training._affordable = plan
    assert clock[0] <= 100.0
    assert trained.stopped_by == "time"
    assert trained.text == f"of epoch {len(trained.history) - 1}"


def test_a_training_with_time_enough_ends_by_its_epochs(torchnep):
    assert training(max_epochs=3, max_seconds=1000.0).run().stopped_by == "epochs"


def test_other_weights_are_the_first(torchnep):
    training(start="other weights").run()
    assert torchnep.calls[0]["finetune_from"].endswith("start.txt")
