"""Labelling processes: as many as threads ask for, replaced when they die, ended together."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from typing import Any

from mlffbench.labelling import worker
from mlffbench.labelling.recipe import Labelling

__all__ = ["THREADS", "Workers"]

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")


class Workers:
    """A labelling process for every thread that asks for one."""

    def __init__(self, how: Labelling) -> None:
        self.how = how
        self.own = threading.local()
        self.alive: list[subprocess.Popen[str]] = []

    def label(self, order: str) -> dict[str, Any]:
        """One label; a worker that dies or is too slow is a label with an error, and is replaced."""
        worker = self._worker()
        late = threading.Event()
        timer = threading.Timer(self.how.time_limit or 0, _end_late, (worker, late))
        if self.how.time_limit is not None:
            timer.start()
        try:
            worker.stdin.write(order + "\n")
            worker.stdin.flush()
            answer = worker.stdout.readline()
        except BrokenPipeError:
            answer = ""
        finally:
            timer.cancel()
        if answer:
            return json.loads(answer)
        worker.wait()
        self.own.worker = None
        return {"error": _death(worker, late.is_set(), self.how.time_limit)}

    def _worker(self) -> Any:
        if getattr(self.own, "worker", None) is None:
            environment = {
                **os.environ,
                **dict.fromkeys(THREADS, str(self.how.threads)),
                **self.how.environment,
            }
            self.own.worker = subprocess.Popen(
                # -P: the folder of worker.py must not shadow the other interpreter's modules
                [self.how.python or sys.executable, "-P", worker.__file__],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                text=True, env=environment,
            )  # fmt: skip
            self.alive.append(self.own.worker)
        return self.own.worker

    def stop(self) -> None:
        for child in self.alive:
            child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    pipe.close()


def _end_late(worker: subprocess.Popen[str], late: threading.Event) -> None:
    late.set()
    worker.kill()


def _death(worker: subprocess.Popen[str], late: bool, limit: float | None) -> dict[str, str]:
    if late:
        return {"kind": "timed out", "message": f"took longer than the time_limit of {limit:g} s"}
    return {"kind": "error", "message": f"the labelling process ended with code {worker.returncode}"}
