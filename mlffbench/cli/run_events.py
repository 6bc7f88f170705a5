"""Events of a run as lines of JSON on standard output, for programs that watch it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import IO, Any, Self

from rich.console import Console

from mlffbench.cli.console import json_line
from mlffbench.cli.display import Display
from mlffbench.cli.run_state import RunState
from mlffbench.harness.case import Case

__all__ = ["RunEvents"]

SECONDS_BETWEEN = 1.0  # of progress events of one stage of a case


class RunEvents(Display):
    """Observer that prints one JSON object a line.

    Its ``event`` is planned, started, progress, waiting, finished, failed or done; ``docs/running.md`` lists
    the other keys.
    """

    def __init__(
        self,
        file: IO[str],
        console: Console,
        state: RunState,
        folder: Path,
        cases: Sequence[Case],
        dashboard: str | None = None,
    ) -> None:
        super().__init__(console, state, folder)
        self._file, self._cases, self._dashboard = file, cases, dashboard
        self._lock = Lock()
        self._last: dict[str, tuple[str, float]] = {}
        self._signal: str | None = None

    def __enter__(self) -> Self:
        cases = [{**_named(case), "expected_seconds": self.state.expected(case)} for case in self._cases]
        facts = {"folder": str(self.folder), "dashboard": self._dashboard}
        self._send("planned", **facts, cases=cases, **self._counts())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        ended = None if error is None else str(error) or type(error).__name__
        self._send("done", ended_by=ended, **self._counts())

    def started(self, case: Case) -> None:
        self.state.started(case)
        self._send("started", **_named(case))

    def progressed(
        self, case: Case, stage: str, step: int, total: int | None, values: Mapping[str, float]
    ) -> None:
        running, now = self.state.progressed(case, stage, step, total, values), self.state.now()
        last, seconds = self._last.get(case.id, ("", 0.0))
        if stage == last and now - seconds < SECONDS_BETWEEN:
            return
        self._last[case.id] = stage, now
        self._send(
            "progress", id=case.id, stage=stage, step=step, total=total, values=values, words=running.words,
            memory_bytes=running.memory, elapsed_seconds=self.state.elapsed(running),
            expected_seconds_left=self.state.left(running),
        )  # fmt: skip

    def beat(self, memory: Mapping[str, int | None]) -> None:
        self.state.beat(memory)

    def waiting(self, cases: Sequence[Case]) -> None:
        new = [case.id for case in cases if case.id not in self._waited_for]
        self._waited_for.update(new)
        if new:
            self._send("waiting", ids=new)

    def finished(self, case: Case, document: dict[str, Any]) -> None:
        self.state.finished(case, document)
        failure, timings = document["failure"], document.get("timings") or {}
        facts: dict[str, Any] = {"document": str(self.folder / f"{case.id}.json"), **self._counts()}
        facts["seconds"] = (timings.get("case") or {}).get("seconds")
        if failure is None:
            self._send("finished", **_named(case), fit_seconds=timings["fit"]["seconds"], **facts)
        else:
            log = str(self.folder / failure["log"]) if "log" in failure else None
            self._send(
                "failed", **_named(case), kind=failure["kind"], message=failure["message"], log=log, **facts
            )

    def _counts(self) -> dict[str, Any]:
        state, (seconds, is_all) = self.state, self.state.left_in_all()
        return {
            "cases_done": state.done, "cases_total": state.total, "cases_failed": state.failed,
            "expected_seconds_left_in_all": seconds if is_all else None,
        }  # fmt: skip

    def _send(self, event: str, **facts: Any) -> None:
        line = json_line({"event": event, "time": datetime.now(UTC).isoformat(timespec="seconds"), **facts})
        with self._lock:
            try:
                self._file.write(line)
                self._file.flush()
            except BrokenPipeError:  # nobody reads on; the run goes on
                os.dup2(os.open(os.devnull, os.O_WRONLY), self._file.fileno())


def _named(case: Case) -> dict[str, Any]:
    return {
        "id": case.id, "title": case.title, "label": case.label, "dataset": str(case.dataset),
        "estimator": str(case.estimator), "seed": case.seed,
    }  # fmt: skip
