"""Choice of the observer of a run: drawn lines, printed lines or events."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from mlffbench.cli.display import Display
from mlffbench.cli.live_display import LiveDisplay
from mlffbench.cli.run_events import RunEvents
from mlffbench.cli.run_state import RunState
from mlffbench.harness.case import Case
from mlffbench.harness.durations import Durations
from mlffbench.harness.store import Store

__all__ = ["observer"]


def observer(
    console: Console,
    cases: Sequence[Case],
    todo: Sequence[Case],
    store: Store,
    jobs: int = 1,
    time_limit: float | None = None,
    json: bool = False,
) -> Display:
    """Observer of the cases `todo` of a suite: JSON for programs, drawn on a terminal, else printed."""
    running = {case.id for case in todo}
    earlier = [document for case in cases if (document := store.load(case.id)) is not None]
    failed = sum(document["status"] == "failed" and document["id"] not in running for document in earlier)
    durations = Durations(earlier, time_limit)
    state = RunState(todo, len(cases) - len(todo), durations, jobs, n_failed=failed)
    if json:
        return RunEvents(console, state, store.folder, todo)
    return (LiveDisplay if console.is_terminal else Display)(console, state, store.folder)
