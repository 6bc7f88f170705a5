"""One case in a child process: its order, its events and its answer."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from mlffbench.harness.case import Case
from mlffbench.harness.execution.answer import Answer, has_answer, read_answer
from mlffbench.harness.execution.case_log import CaseLog
from mlffbench.harness.execution.placement import Child
from mlffbench.harness.outcome import failed
from mlffbench.system.failures import DiskFullError

__all__ = ["CaseProcess"]


class CaseProcess:
    """Child process that computes one case.

    Parameters
    ----------
    case : Case
    place : Path
        Folder of the answer.
    unfinished : Path or None
        Folder of the checkpoints; None for none.
    start : callable
        Starts a process that runs `mlffbench.harness.execution.worker`.
    time_limit : float or None
        In s.
    log : CaseLog
    more : mapping
        Further entries of the order, see `mlffbench.harness.execution.worker.main`.

    Attributes
    ----------
    lock : str or None
        Packages of the case's environment, with their versions, once the process has entered it.
    entry_seconds : float
        Time until then, in which the environment may have been made.
    died : bool
        True if it has ended without an answer.
    """

    def __init__(
        self,
        case: Case,
        place: Path,
        unfinished: Path | None,
        start: Callable[[], Child],
        time_limit: float | None,
        log: CaseLog,
        more: Mapping[str, Any],
    ) -> None:
        self.case, self.place, self.time_limit, self.log = case, place, time_limit, log
        self.died = False
        self.lock: str | None = None
        self.entry_seconds = 0.0
        self._order = {
            "case": case.to_json(),
            "answer": str(place.absolute()),
            "unfinished": None if unfinished is None else str(unfinished.absolute()),
            **more,
        }
        self._child = child = start()
        self.kill, self.close = child.kill, child.close
        child.copy_errors(log.printed)

    @property
    def memory(self) -> int | None:
        """Memory of the process and all that it has started, in bytes; None if it has ended."""
        return self._child.memory

    def answer(self, progressed: Callable[..., None]) -> Answer:
        """Wait for document and predictions; a child that dies without them gives the document of a failure.

        Raises
        ------
        DiskFullError
            The disk is full.
        OSError
            The folder of the answer cannot be written.
        """
        self._child.send(json.dumps(self._order))
        last = "" if self.case.environment is None else self._enter(progressed)
        with self._child.time_limit(self.time_limit):
            last = self._converse(progressed) or last
        answer = read_answer(self.place)
        if answer is not None:
            return answer
        self.kill()
        failure = {**self._child.failure(self.time_limit), "traceback": self._child.errors}
        if last == "answering":
            failure["message"] += "; it died while it wrote its answer"
        self.died = True
        return failed(self.case, failure).to_json(), None

    def _enter(self, progressed: Callable[..., None]) -> str:
        """Wait, without a limit, until the child is in its environment, which it may have to make first."""
        begun = time.monotonic()
        last = self._converse(progressed, "entered")
        self.entry_seconds = time.monotonic() - begun
        return last

    def _converse(self, progressed: Callable[..., None], end: str = "answered") -> str:
        """Listen until the child has sent the event `end`, answered, or died; return the last kind."""
        last = ""
        for kind, value in map(_event, self._child.lines()):
            last = kind or last
            if kind == "disk full":
                raise DiskFullError(value)
            if kind == "unwritable":
                raise OSError(value)
            if kind == "progress":
                with suppress(Exception):  # no report of ours: a library writes into this pipe, too
                    self.log.progressed(*value)
                    progressed(self.case, *value)
            if kind == "entered":
                self.lock = str(value)
            if kind in (end, "answered") and (kind == "entered" or has_answer(self.place)):
                break
        return last


def _event(line: str) -> tuple[str, Any]:
    """Kind and value of a child's event; empty for what else a library writes into the pipe."""
    with suppress(ValueError, RecursionError):
        event = json.loads(line)
        if isinstance(event, dict) and len(event) == 1:
            return next(iter(event.items()))
    return "", None
