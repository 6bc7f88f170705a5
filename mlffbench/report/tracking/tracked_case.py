"""Names, parameters, curves and scores of a case, as trackers of experiments take them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mlffbench.harness.documents.parts import Document, dig, number
from mlffbench.harness.documents.score_rows import ScoreRow, score_rows
from mlffbench.report.grouping import named_documents

__all__ = ["Point", "TrackedCase", "safe_name", "tracked_cases"]

STEPS = ("epoch", "step", "trial", "iteration")  # entries of a history that count


@dataclass(frozen=True)
class Point:
    """A number of the history of a fit, by its name and step."""

    name: str
    step: int
    value: float


@dataclass(frozen=True)
class TrackedCase:
    """A document under the names of its problem and method."""

    problem: str
    method: str
    document: Document

    @property
    def seed(self) -> Any:
        return self.document["case"].get("seed")

    @property
    def parameters(self) -> dict[str, str]:
        """Parameters of the fitted method, or those of the suite if it has failed."""
        params = dig(self.document, "model", "params") or dig(self.document, "case", "estimator", "params")
        return {name: _text(value) for name, value in (params or {}).items()}

    @property
    def scores(self) -> dict[str, float]:
        """Finite numbers by ``test/quantity_metric (unit)``; those of tasks begin with the task."""
        ok = self.document["status"] == "ok" and not self.document.get("failure")
        rows = (ScoreRow(*row) for row in (score_rows(self.document) if ok else ()))
        named = {_score_name(row): number(row.value) for row in rows}
        return {name: value for name, value in named.items() if math.isfinite(value)}

    @property
    def history(self) -> Iterator[Point]:
        """Finite numbers of the history; the step is its epoch, else the place of the entry."""
        for place, entry in enumerate(self.document.get("history") or ()):
            counted = next((entry[name] for name in STEPS if type(entry.get(name)) is int), place)
            for name, value in entry.items():
                if name not in STEPS and math.isfinite(plain := number(value)):
                    yield Point(name, counted, plain)


def tracked_cases(documents: list[Document]) -> Iterator[TrackedCase]:
    """The documents with their names, problem by problem."""
    for problem, members in named_documents(documents).items():
        for method, document in members:
            yield TrackedCase(problem, method, document)


def _score_name(row: ScoreRow) -> str:
    task = [row.task.partition("(")[0]] if row.task else []
    places = [*task, *filter(None, [row.test]), f"{row.quantity} {row.metric}"]
    unit = f" ({row.unit})" if row.unit else ""
    return "/".join(places) + unit


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


def safe_name(text: str, others: str = "") -> str:
    """The text with an underscore for every character but letters, digits, space and ``_-.``."""
    return re.sub(rf"[^\w .\-{re.escape(others)}]", "_", text, flags=re.ASCII)
