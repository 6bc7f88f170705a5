"""Lines that say how a running suite stands, with times and a heartbeat: for log files and batch systems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from math import isfinite
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import typer
from rich.console import Console
from rich.text import Text

from mlffbench.cli.run_state import Running, RunState, clock
from mlffbench.harness.case import Case
from mlffbench.harness.documents.parts import failed_as
from mlffbench.harness.reference_group import ranking_error

__all__ = ["GO_ON", "Display", "standing", "verdict"]

GO_ON = "what has finished is kept, the same command goes on from there"
FORCED = "with --force the same command starts over, without it only cases that have no result are run"
HEARTBEAT = 60.0  # s, between lines of a running case
GB = 1e9


class Display:
    """Observer of a run that prints one line when a case starts, every minute, and when it finishes.

    Parameters
    ----------
    console : Console
    state : RunState
    folder : Path
        Results folder.
    """

    def __init__(self, console: Console, state: RunState, folder: Path) -> None:
        self.console, self.state, self.folder = console, state, folder
        self._said: dict[str, float] = {}
        self._waited_for: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End without a word."""

    def interrupted(self, signal: str, force: bool) -> None:
        """Print how far the suite has come, and what continues or reports it."""
        state = f"interrupted ({signal}); {self.state.counts}"
        report = f"; report: mlffbench report {self.folder}" if self.state.done else ""
        with suppress(OSError):
            typer.echo(f"mlffbench: {state}; {FORCED if force else GO_ON}{report}", err=True)

    def started(self, case: Case) -> None:
        self.state.started(case)
        self._said[case.id] = self.state.now()
        self.say(Text(f"started {case.title}"))

    def progressed(
        self, case: Case, stage: str, step: int, total: int | None, values: Mapping[str, float]
    ) -> None:
        self.state.progressed(case, stage, step, total, values)

    def beat(self, memory: Mapping[str, int | None]) -> None:
        """Print a line for each case that has been silent for a minute."""
        self.state.beat(memory)
        for id, running in list(self.state.running.items()):
            if self.state.now() - self._said.get(id, running.begun) >= HEARTBEAT:
                self._said[id] = self.state.now()
                numbers = ", ".join(standing(self.state, running))
                self.say(Text(f"{running.case.title}: {running.words}; {numbers}"))

    def waiting(self, cases: Sequence[Case]) -> None:
        """Say once for each case that another run is computing it."""
        for case in cases:
            if case.id not in self._waited_for:
                self._waited_for.add(case.id)
                self.say(Text(f"{case.title}: another run is computing it in this folder; waiting for it"))

    def finished(self, case: Case, document: dict[str, Any]) -> None:
        self.state.finished(case, document)
        state = self.state
        count = f"{state.done}/{state.total}" + (f", {state.failed} failed" if state.failed else "")
        self.say(Text(f"{count}: {case.title}: ") + verdict(document, self.folder))

    def say(self, text: Text) -> None:
        """Print a line with the time."""
        now = Text(f"{datetime.now():%Y-%m-%d %H:%M:%S}  ")
        self.console.print(now + text, highlight=False, soft_wrap=True)


def standing(state: RunState, running: Running) -> list[str]:
    """Memory, time and expected time of a running case, as far as they are known."""
    memory = [] if running.memory is None else [f"{running.memory / GB:.1f} GB"]
    left = state.left(running)
    return [*memory, clock(state.elapsed(running)), *([] if left is None else [f"about {clock(left)} left"])]


def verdict(document: Mapping[str, Any], folder: Path) -> Text:
    """Error and time of a finished case, or the reason of a failure and the file that tells more."""
    failure = document["failure"]
    if failure is not None:
        first = next(iter(failure["message"].splitlines()), "")
        log = f" (log: {folder / failure['log']})" if "log" in failure else ""
        return Text(f"failed, {failed_as(failure)}", style="red") + Text(f": {first}{log}")
    additions = document.get("extensions") or [{}]  # a new fit has none
    if tasks := additions[-1].get("tasks"):
        return Text(f"added on its kept model: {', '.join(tasks)}")
    error = ranking_error(document)[0]
    rmse = f", forces {1e3 * error:.1f} meV/Å rmse" if isfinite(error) else ""
    failed = [
        f"; {failure['test']}: {failed_as(failure)}: {failure['message'].splitlines()[0]}"
        for failure in document.get("test_failures") or ()
    ]
    return Text.assemble(
        f"fitted in {document['timings']['fit']['seconds']:.1f} s{rmse}", *((text, "red") for text in failed)
    )
