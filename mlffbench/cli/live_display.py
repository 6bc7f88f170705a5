"""Lines at the foot of a terminal that are drawn again and again while a suite runs."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from mlffbench.cli.display import Display, standing
from mlffbench.cli.run_state import Running, RunState, clock
from mlffbench.cli.stage_words import stage_words
from mlffbench.harness.case import Case

__all__ = ["LiveDisplay"]

BAR = 18  # characters


class LiveDisplay(Display):
    """Observer that draws a line for the run and two for each running case; finished ones stay above."""

    def __init__(self, console: Console, state: RunState, folder: Path) -> None:
        super().__init__(console, state, folder)
        self._live = Live(get_renderable=self.drawn, console=console, refresh_per_second=2, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):  # of a terminal that is gone
            self._live.stop()

    def started(self, case: Case) -> None:
        self.state.started(case)

    def beat(self, memory: Mapping[str, int | None]) -> None:
        self.state.beat(memory)

    def say(self, text: Text) -> None:
        self.console.print(text, highlight=False, soft_wrap=True)

    def drawn(self) -> Text:
        """The lines as they are now, no wider than the terminal."""
        width = self.console.width
        lines = [_suite_line(self.state, width)]
        for running in list(self.state.running.values()):
            lines += [_case_line(self.state, running, width), _stage_line(running, width)]
        return Text("\n".join(lines), no_wrap=True, overflow="ellipsis")


def _suite_line(state: RunState, width: int) -> str:
    """Counts, time and expected time; a bar before them where it has room."""
    text = "  ".join([state.counts, clock(state.now() - state.begun), *state.left_words])
    if len(text) + BAR + 2 > width:
        return text
    full = round(BAR * state.done / max(state.total, 1))
    return f"{'━' * full}{'─' * (BAR - full)}  {text}"


def _case_line(state: RunState, running: Running, width: int) -> str:
    """Name of the case at the left, and at the right memory and times, which are never cut."""
    numbers = "  ".join(standing(state, running))
    room = max(width - len(numbers) - 4, 1)
    name = running.case.title
    if len(name) > room:
        seed = f"…, seed {running.case.seed}"
        name = f"{name[: max(room - len(seed), 0)]}{seed}"[-room:]
    return f"  {name:<{room}}  {numbers}"


def _stage_line(running: Running, width: int) -> str:
    """Stage and count, with as many of the numbers as have room."""
    values = list(running.values.items())
    for most in range(len(values), -1, -1):
        words = stage_words(running.stage, running.step, running.total, dict(values[:most]))
        if len(words) + 4 <= width:
            break
    return f"    {words}"
