"""Reference of the site: pages made from the package when the site is built."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from generated_files import write_generated

from reference.chapters import chapters
from reference.page import Chapter, chapter_files, front_page

__all__ = ["FOLDER", "reference_files", "setup"]

FOLDER = "reference"  # of the pages, below docs/


def setup(app: Any) -> dict[str, bool]:
    """Write the pages before Sphinx reads."""
    app.connect("autodoc-process-docstring", _escape_bars, priority=400)  # before numpydoc
    app.connect("builder-inited", lambda app: write_reference(Path(app.srcdir) / FOLDER))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def reference_files() -> dict[str, str]:
    """Texts of all pages by their paths in the folder."""
    made: list[Chapter] = chapters()
    files = {"index.md": front_page(made)}
    for chapter in made:
        files |= chapter_files(chapter)
    return files


def _escape_bars(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Keep ``|x|`` in docstrings an absolute value, which reStructuredText takes for a substitution."""
    for i, line in enumerate(lines):
        if not line.lstrip().startswith((">>>", "...")):
            parts = re.split(r"(``.*?``)", line)
            lines[i] = "".join(p if p.startswith("``") else p.replace("|", r"\|") for p in parts)


def write_reference(folder: Path) -> None:
    """Write the pages."""
    write_generated(reference_files(), folder)
