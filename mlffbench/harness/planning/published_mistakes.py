"""Mistakes in the published errors of a suite: rows and problems that it does not have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlffbench import registry
from mlffbench.harness.planning.row_mistakes import entries_of, labels_of
from mlffbench.system.settings_source import Mistake

__all__ = ["published_mistakes"]


def published_mistakes(content: Any) -> Iterator[Mistake]:
    """Yield mistakes in the section ``published`` of a content that need not be a suite."""
    labels, n_problems = labels_of(content), len(entries_of(content, "problems"))
    for i, entry in enumerate(entries_of(content, "published")):
        if not isinstance(entry, Mapping):
            continue
        row = entry.get("row")
        if isinstance(row, str) and row not in labels:
            sentence = f"no row {row!r} in the suite{registry.suggest(row, labels)}"
            yield Mistake(("published", i, "row"), sentence)
        for j, error in enumerate(entries_of(entry, "errors")):
            number = error.get("problem", 1) if isinstance(error, Mapping) else 1
            if isinstance(number, int) and number > n_problems:
                sentence = f"the suite has no problem {number}, only {n_problems}"
                yield Mistake(("published", i, "errors", j, "problem"), sentence)
