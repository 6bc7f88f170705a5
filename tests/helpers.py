"""Estimators that go wrong in every way a real one does; used by suites of the tests as ``helpers:Name``."""

from __future__ import annotations

import errno
import os
import resource
import signal
import stat
import subprocess
import threading
import time
from pathlib import Path

import numpy as np

from mlffbench.data import Score
from mlffbench.estimators.atomic_reference import AtomicReference
from mlffbench.harness.execution import answer


class Steady(AtomicReference):
    """Fits after `seconds`, and writes a line into `log` before and after."""

    def __init__(self, log, seconds=0.0, number=0, atomic_energies=None):
        super().__init__(atomic_energies)
        self.log, self.seconds, self.number = log, seconds, number

    def _fit(self, frames, labels):
        self._say("started")
        self.sleep()
        super()._fit(frames, labels)
        self._say("finished")

    def sleep(self):
        time.sleep(self.seconds)

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
        if self.how == "memory":
            np.empty(2**58)
        if self.how == "gpu memory":
            import torch

            raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        if self.how == "address space":
            used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (used + 2**26, used + 2**26))
            [bytearray(2**24) for _ in range(16)]
        if self.how not in ("nan", "short"):
            raise {"diverge": FloatingPointError, "refuse": ValueError}.get(self.how, RuntimeError)(
                f"on purpose: {self.how}"
            )

    def _evaluate(self, inputs):
        labels = super()._evaluate(inputs)
        if self.how == "short":
            return labels[np.arange(len(labels.energy) - 1)]
        labels.energy[:] = np.nan
        return labels


class Rude(AtomicReference):
    """Fits well, and does to its process what frameworks do, as `how` says."""

    def __init__(self, how="", atomic_energies=None):
        super().__init__(atomic_energies)
        self.how = how

    def _fit(self, frames, labels):
        super()._fit(frames, labels)
        pipes = [fd for fd in range(3, 30) if _is_pipe(fd)]
        if self.how == "garbage":
            for line in (
                b"no JSON\n",
                b"\xff\n",
                b"[1]\n",
                b'{"progress": 5}\n',
                b'{"answered": true}\n',
                b'{"x": ',
            ):
                for fd in pipes:
                    os.write(fd, line)
        if self.how == "closes":
            for fd in pipes:
                os.close(fd)
        if self.how == "thread":
            threading.Thread(target=time.sleep, args=(600,)).start()
        if self.how == "orphan":
            subprocess.Popen(["sleep", "600"], start_new_session=True)
        if self.how == "disk full":
            raise OSError(errno.ENOSPC, "No space left on device", "/somewhere/scratch")
        if self.how == "no room for the answer":
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
        if self.how == "killed while it answers":
            answer.atomic_write = lambda _: os.kill(os.getpid(), signal.SIGKILL)
        if self.how == "10 MB":
            raise ValueError("y" * 10_000_000 + "\ud800")


def _is_pipe(fd):
    try:
        return stat.S_ISFIFO(os.fstat(fd).st_mode)
    except OSError:
        return False


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


def full_once(model, dataset, split, seed=0, log="log"):
    """A task that finds the disk full, the first time."""
    from mlffbench.tasks.common.subtasks import error_row, run_subtasks

    def piece():
        if not Path(log).exists():
            Path(log).touch()
            raise OSError(errno.ENOSPC, "No space left on device")
        return [error_row("crystal", "number", 0.1, 0.2, "eV")]

    return run_subtasks({"piece": piece})


def sleeps(model, dataset, split, seed=0):
    """A task that takes ten minutes."""
    time.sleep(600)


def needs_a_file(model, dataset, split, seed=0):
    """A task that fails as long as a file is missing."""
    return [Score("", "size", "value", float(len(Path("needed").read_bytes())), "")]


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
