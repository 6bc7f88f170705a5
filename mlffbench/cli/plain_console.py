"""Console that shows texts as they are, and is only shown texts that are plain."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from mlffbench.system.plain_text import plain_text

__all__ = ["PlainConsole"]


class PlainConsole(Console):
    """Console without markup, whose only escape sequences are rich's own.

    Square brackets and ``:words:`` in names and paths are no markup; escape sequences and control characters
    in them are left out.
    """

    def __init__(self, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, markup=False, emoji=False)

    def render_str(self, text: str, **options: Any) -> Text:
        """Turn a plain text into a renderable."""
        return super().render_str(plain_text(text), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Turn a renderable into segments; the text of none of them is a command to the terminal."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=plain_text(segment.text))

    def on_broken_pipe(self) -> None:
        """Go on without output when its reader has gone (``mlffbench run ... | head -1``)."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())
