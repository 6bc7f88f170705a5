"""Choice of the observer of a run: drawn lines, printed lines or events."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import IO

from rich.console import Console

from mlffbench.cli.display import Display
from mlffbench.cli.live_display import LiveDisplay
from mlffbench.cli.run_events import RunEvents
from mlffbench.cli.run_state import RunState
from mlffbench.harness.case import Case
from mlffbench.harness.documents.store import Store
from mlffbench.harness.execution.durations import Durations

__all__ = ["observer"]


def observer(
    console: Console,
    cases: Sequence[Case],
    todo: Sequence[Case],
    store: Store,
    jobs: int = 1,
    time_limit: float | None = None,
    events: IO[str] | None = None,
    added_to: Container[str] = (),
    dashboard: str | None = None,
) -> Display:
    """Observer of the cases `todo`: events into a file, lines drawn on a terminal, or printed lines.

    Those of `added_to` are finished and only get further tasks.
    """
    running = {case.id for case in todo}
    earlier = [document for case in cases if (document := store.head(case.id)) is not None]
    failed = sum(document["status"] == "failed" and document["id"] not in running for document in earlier)
    durations = Durations(earlier, time_limit)
    state = RunState(todo, len(cases) - len(todo), durations, jobs, n_failed=failed, added_to=added_to)
    if events is not None:
        return RunEvents(events, console, state, store.folder, todo, dashboard)
    return (LiveDisplay if console.is_terminal else Display)(console, state, store.folder)
