"""Estimators that go wrong in every way a real one does; used by suites of the tests as ``helpers:Name``."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np

from mlffbench.estimators.atomic_reference import AtomicReference


class Steady(AtomicReference):
    """Fits after `seconds`, and writes a line into `log` before and after."""

    def __init__(self, log, seconds=0.0, number=0, atomic_energies=None):
        super().__init__(atomic_energies)
        self.log, self.seconds, self.number = log, seconds, number

    def _fit(self, frames, labels):
        self._say("started")
        time.sleep(self.seconds)
        super()._fit(frames, labels)
        self._say("finished")

    def _say(self, what):
        with Path(self.log).open("a") as file:
            file.write(f"{self.number} {what} {os.getpid()}\n")


class Fails(AtomicReference):
    """Raises, prints, hangs or dies, as `how` says."""

    def __init__(self, how="error", atomic_energies=None):
        super().__init__(atomic_energies)
        self.how = how

    def _fit(self, frames, labels):
        super()._fit(frames, labels)
        print("a framework talks to standard output")
        if self.how == "hang":
            time.sleep(600)
        if self.how == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.how == "exit":
            os._exit(3)
        if self.how == "import":
            import no_such_framework  # noqa: F401
        if self.how != "nan":
            raise {"memory": MemoryError, "diverge": FloatingPointError, "refuse": ValueError}.get(
                self.how, RuntimeError
            )(f"on purpose: {self.how}")

    def _evaluate(self, inputs):
        labels = super()._evaluate(inputs)
        labels.energy[:] = np.nan
        return labels


def killed_once(model, dataset, split, seed=0, log="log", pieces=3):
    """A task whose process dies in its last piece, the first time."""
    from mlffbench.tasks.common.subtasks import error_row, run_subtasks

    def piece(number):
        with Path(log).open("a") as file:
            file.write(f"piece {number}\n")
        if number == pieces - 1 and Path(log).read_text().count(f"piece {number}\n") == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return [error_row("crystal", f"number {number}", 0.1 * number, 1 / 3, "eV")]

    return run_subtasks({f"piece {k}": lambda k=k: piece(k) for k in range(pieces)})


def numbered(k):
    from mlffbench.tasks.common.subtasks import error_row

    return [error_row("crystal", f"number {k}", os.getpid(), 0.0, "")]


def failing():
    raise FloatingPointError("the cell exploded")


class Blind(AtomicReference):
    """Predicts the two frames of training that warm it up, and then nothing."""

    def _evaluate(self, inputs):
        if len(inputs) != 2:
            raise ValueError("too dark")
        return super()._evaluate(inputs)
