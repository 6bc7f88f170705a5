"""Pool of labelling processes: one per thread, replaced when it dies."""

from __future__ import annotations

import json
import threading
from typing import Any

from mlffbench.labelling import worker
from mlffbench.labelling.recipe import LabelSettings
from mlffbench.system.child_process import ChildProcess
from mlffbench.system.failures import DiskFullError

__all__ = ["WorkerPool"]


class WorkerPool:
    """One labelling process for every thread that requests a label."""

    def __init__(self, settings: LabelSettings) -> None:
        self.settings = settings
        self._own = threading.local()
        self._processes: list[ChildProcess] = []
        self._closing = False

    def label(self, request: str) -> dict[str, Any]:
        """Return one label, or ``{"error": ...}`` when its process dies or exceeds the time limit.

        Raises
        ------
        DiskFullError
            The calculator had no room: no property of the structure.
        """
        process = self._process()
        limit = self.settings.time_limit
        with process.time_limit(limit):
            process.send(request)
            answer = next(filter(None, map(_answer, process.lines())), None)
        if answer is not None and answer.get("error", {}).get("kind") == "disk full":
            raise DiskFullError(answer["error"]["message"])
        if answer is not None:
            return answer
        if self._closing:
            raise RuntimeError("labelling is being ended")  # no failure of the calculator
        self._own.process = None
        process.close()
        return {"error": process.failure(limit)}

    def _process(self) -> ChildProcess:
        """Process of the calling thread, started at its first request."""
        if getattr(self._own, "process", None) is None:
            self._own.process = ChildProcess(
                # -P: the folder of worker.py must not shadow the other interpreter's modules
                ["-P", worker.__file__],
                python=self.settings.python,
                threads=self.settings.threads,
                environment=self.settings.environment,
            )
            self._processes.append(self._own.process)
        return self._own.process

    def close(self) -> None:
        """End every process."""
        self._closing = True
        for process in self._processes:
            process.close()


def _answer(line: str) -> dict[str, Any] | None:
    """Label or error of a line; None for what else a library writes into the pipe."""
    try:
        answer = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) and ("energy" in answer or "error" in answer) else None
