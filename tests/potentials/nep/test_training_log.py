"""What ends a training by torchnep, seen in its output."""

from __future__ import annotations

import math
from contextlib import redirect_stdout
from time import monotonic

import pytest

from mlffbench.potentials.nep.training_log import OutOfTime, TrainingLog
from mlffbench.system import progress

LINE = "{} | loss {} | E 0.07 eV/atom | F 0.9 eV/A | gnorm 1.1 | lr 1.0e-02 | 0.1s"


def tell(log, epoch, loss="5.0e-01"):
    with redirect_stdout(log):
        print("something else")
        print(LINE.format(f"[S2] Epoch {epoch:4d}", loss), flush=True)


def test_epochs_are_reported():
    reports = []
    with progress.listen(lambda *told: reports.append(told)):
        log = TrainingLog(3)
        tell(log, 1)
        tell(log, 2, "2.5e-01")
    assert reports == [("epoch", 1, 3, {"validation": 0.5}), ("epoch", 2, 3, {"validation": 0.25})]
    assert len(log.seconds) == 3


def test_a_training_without_time_ends_after_two_epochs_at_the_earliest():
    log = TrainingLog(10, end=monotonic() - 1)
    tell(log, 1)
    with pytest.raises(OutOfTime):
        tell(log, 2)


def test_the_last_epoch_is_never_cut():
    log = TrainingLog(2, end=monotonic() - 1)
    tell(log, 1)
    tell(log, 2)


def test_an_epoch_that_would_end_too_late_does_not_begin(monkeypatch):
    clock = iter([0.0, 10.0, 12.0, 14.0])
    monkeypatch.setattr("mlffbench.potentials.nep.training_log.monotonic", lambda: next(clock))
    log = TrainingLog(10, end=15.0)
    tell(log, 1)
    tell(log, 2)
    with pytest.raises(OutOfTime):  # an epoch takes 2 s, the first with its preparations does not count
        tell(log, 3)


@pytest.mark.parametrize("loss", ["nan", "inf"])
def test_a_loss_that_is_no_number_is_a_divergence(loss):
    with pytest.raises(FloatingPointError, match=r"diverged at epoch 4: the loss is .*learning_rate"):
        tell(TrainingLog(9, math.inf), 4, loss)
