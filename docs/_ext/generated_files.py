"""Files that the build of the site makes among its sources."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

__all__ = ["write_generated"]


def write_generated(files: Mapping[str, str], folder: Path) -> None:
    """Write Markdown files; those that have not changed keep their times, those that are gone go."""
    for old in folder.rglob("*.md"):
        if old.relative_to(folder).as_posix() not in files:
            old.unlink()
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
