"""Progress bars on stderr for downloads, neighbour lists and searches."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mlffbench.cli.console import console

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

__all__ = ["bars"]

MB = 1e6
DOWNLOAD = "download "  # a stage of that name counts bytes


@contextmanager
def bars() -> Iterator[None]:
    """Show progress reports made inside the ``with`` block as bars; print warnings as sentences."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from mlffbench.system import progress

    screen = console(stderr=True)
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_, **__: screen.print(
            f"mlffbench: {message}", markup=False, highlight=False
        )
        if not screen.is_terminal:
            yield
            return
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[note]}", markup=False),
        )
        display = Progress(*columns, TimeRemainingColumn(), console=screen, transient=True)
        with display, progress.listen(_Listener(display)):
            yield


class _Listener:
    """Listener with one bar per stage."""

    def __init__(self, display: Progress) -> None:
        self.display = display
        self.tasks: dict[str, TaskID] = {}

    def __call__(self, stage: str, step: int, total: int | None, values: dict[str, float]) -> None:
        if stage not in self.tasks:
            self.tasks[stage] = self.display.add_task(stage, total=total, note="")
        self.display.update(self.tasks[stage], completed=step, total=total, note=_note(stage, step, total))


def _note(stage: str, step: int, total: int | None) -> str:
    if stage.startswith(DOWNLOAD):
        return f"{step / MB:.1f} MB" + ("" if total is None else f" of {total / MB:.1f} MB")
    return f"{step:,}" + ("" if total is None else f" of {total:,}")
