"""The suite that ran, kept in its results folder as ``suite.yaml``: a folder says how to make it again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mlffbench.data import Spec
from mlffbench.harness.planning.plan import Suite
from mlffbench.system.atomic_write import atomic_write
from mlffbench.system.plain_text import plain_text
from mlffbench.system.text_file import read_text
from mlffbench.system.yaml_text import read_yaml

__all__ = ["KEPT", "keep_suite", "kept_datasets", "kept_rows", "suite_of"]

KEPT = "suite.yaml"
RAN = "# ran as: "  # first word of the line that is added to the text
MOST_BYTES = 1_000_000


def keep_suite(folder: Path, text: str, command: str) -> Path:
    """Write the text of a suite into a results folder, under a line with the command that ran it.

    Another suite that is kept there is renamed to ``suite-1.yaml``, ``suite-2.yaml`` ...; the same one stays
    as it is. Links are replaced, not followed.

    Raises
    ------
    OSError
        The folder cannot be written.
    """
    path, body = folder / KEPT, _without_command(text)
    former = _read(path)
    if former is not None and _without_command(former) == body and not path.is_symlink():
        return path
    if former is not None or path.is_dir():
        path.rename(_free_name(folder))
    line = " ".join(plain_text(command).split())
    with atomic_write(path) as file:
        file.write(f"{RAN}{line}\n{body}".encode())
    return path


def kept_datasets(folder: Path) -> list[Spec] | None:
    """Datasets of the suite that a results folder keeps; None if it keeps none that can be read."""
    text = _read(folder / KEPT)
    try:
        content = None if text is None else read_yaml(text)
        return list(_datasets(content)) if isinstance(content, Mapping) else None
    except ValueError:
        return None


def suite_of(folder: Path) -> Suite | None:
    """The suite that a results folder keeps; None if it keeps none that can be read."""
    text = _read(folder / KEPT)
    try:
        return Suite.model_validate(read_yaml(text or ""))
    except ValueError:
        return None


def kept_rows(folder: Path) -> list[tuple[str, int]]:
    """Row and seed of every case of the suite that a results folder keeps; none if it keeps no suite."""
    suite = suite_of(folder)
    if suite is None:
        return []
    return [(row.label, seed) for _, row in suite.rows for seed in suite.seeds for _ in suite.problems]


def _datasets(content: Mapping[str, Any]) -> Iterator[Spec]:
    problems = content.get("problems")
    for problem in problems if isinstance(problems, list) else ():
        if isinstance(problem, Mapping) and "dataset" in problem:
            yield Spec.parse(problem["dataset"])


def _read(path: Path) -> str | None:
    """Text of a file; None if there is none, or no text."""
    try:
        return read_text(path, MOST_BYTES)
    except (OSError, ValueError):
        return None


def _without_command(text: str) -> str:
    """The text without the lines of commands on top."""
    lines = text.splitlines(keepends=True)
    while lines and lines[0].startswith(RAN):
        lines.pop(0)
    return "".join(lines)


def _free_name(folder: Path) -> Path:
    number = 1
    while (path := folder / f"suite-{number}.yaml").exists() or path.is_symlink():
        number += 1
    return path
