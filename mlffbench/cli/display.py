"""Progress display of a running suite."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from mlffbench.harness.case import Case

__all__ = ["GO_ON", "Display"]

GO_ON = "what has finished is kept, the same command goes on from there"
FORCED = "with --force the same command starts over, without it only cases that have no result are run"


class Display:
    """Progress bars: one for the suite, one per running case; one printed line per finished case."""

    def __init__(self, console: Console, n_cases: int, n_skipped: int = 0) -> None:
        self.console = console
        self.total = n_cases + n_skipped
        self.progress = Progress(
            TextColumn("{task.description}", markup=False), BarColumn(bar_width=18),
            TextColumn("{task.fields[note]}", markup=False),
            TimeElapsedColumn(), TimeRemainingColumn(), console=console, transient=True,
        )  # fmt: skip
        self.bars: dict[str, TaskID] = {}
        self.suite = self.progress.add_task("suite", total=self.total, completed=n_skipped, note="")

    def __enter__(self) -> Self:
        self.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):  # of a terminal that is gone
            self.progress.stop()

    def interrupted(self, signal: str, force: bool) -> None:
        """Print how far the suite has come, and what continues it."""
        done = int(self.progress.tasks[self.suite].completed)
        state = f"interrupted ({signal}); {done} of {self.total} cases done"
        with suppress(OSError):
            typer.echo(f"mlffbench: {state}; {FORCED if force else GO_ON}", err=True)

    def started(self, case: Case) -> None:
        self.bars[case.id] = self.progress.add_task(f"  {_title(case)}", total=None, note="starting")

    def progressed(
        self, case: Case, stage: str, step: int, total: int | None, values: dict[str, float]
    ) -> None:
        numbers = " ".join(f"{k} {v:.3g}" for k, v in values.items())
        of = f"{step}/{total}" if total else f"{step}"
        note = f"{stage} {of} {numbers}".strip()
        self.progress.update(self.bars[case.id], completed=step, total=total, note=note)

    def finished(self, case: Case, document: dict[str, Any]) -> None:
        if case.id in self.bars:  # unless another run has computed it
            self.progress.remove_task(self.bars.pop(case.id))
        self.progress.advance(self.suite)
        self.console.print(Text(f"{_title(case)}: ") + _verdict(document), highlight=False, soft_wrap=True)


def _title(case: Case) -> str:
    path = case.dataset.params.get("path")
    data = Path(path).name if isinstance(path, str) else case.dataset.name
    return f"{case.label} on {data}, seed {case.seed}"


def _verdict(document: dict[str, Any]) -> Text:
    failure = document["failure"]
    if failure is not None:
        first = next(iter(failure["message"].splitlines()), "")
        return Text(f"failed, {failure['kind']}", style="red") + Text(f": {first}")
    if added := document.get("extensions"):  # a new fit has none
        return Text(f"added on its kept model: {', '.join(added[-1].get('tasks') or ())}")
    in_domain = document["split"]["in_domain"]
    errors = [s for s in document["scores"] if s["test"] == in_domain and s["quantity"] == "forces"]
    rmse = next((f", forces {1e3 * s['value']:.1f} meV/Å rmse" for s in errors if s["metric"] == "rmse"), "")
    failed = [
        f"; {failure['test']}: {failure['kind']}: {failure['message'].splitlines()[0]}"
        for failure in document.get("test_failures") or ()
    ]
    return Text.assemble(
        f"fitted in {document['timings']['fit']['seconds']:.1f} s{rmse}", *((text, "red") for text in failed)
    )
