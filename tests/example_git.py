"""Repositories of git that tests make."""

from __future__ import annotations

import subprocess
from pathlib import Path

__all__ = ["commit_everything_twice"]

USER = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org")


def commit_everything_twice(folder: Path) -> None:
    """Make a repository of a folder, with two revisions of the same files."""
    for command in (
        ("init", "-q"),
        ("add", "."),
        ("commit", "-qm", "1"),
        ("commit", "-qm", "2", "--allow-empty"),
    ):
        subprocess.run(["git", *USER, *command], cwd=folder, check=True)
