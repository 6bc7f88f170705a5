"""Mistakes in what stands beside the estimators of a suite: labels, budgets, environments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from mlffbench import registry
from mlffbench.harness.budget import beyond
from mlffbench.harness.planning.environment import untrusted
from mlffbench.harness.planning.row import Budget, Environment, Row, Search
from mlffbench.harness.planning.tuned_rows import leaderboard_rows
from mlffbench.system.settings_source import Mistake

__all__ = ["entries_of", "labels_of", "row_mistakes", "rows_of"]


def row_mistakes(content: Any) -> list[Mistake]:
    """Mistakes in the rows that can be read, also where the rest of the content is no suite."""
    environments = [*_unknown_environments(content), *_untrusted_environments(content)]
    return [*_repeated_labels(content), *environments, *_beyond_budgets(content)]


def entries_of(content: Any, word: str) -> list[Any]:
    """Entries of a list of the content; none where no list stands."""
    value = content.get(word) if isinstance(content, Mapping) else None
    return list(value) if isinstance(value, list | tuple) else []


def rows_of(content: Any) -> list[tuple[int, Row]]:
    """Numbers and rows of the estimators that can be read."""
    rows = []
    for i, value in enumerate(entries_of(content, "estimators")):
        with suppress(ValueError):
            rows.append((i, Row.parse(value)))
    return rows


def labels_of(content: Any) -> list[str]:
    """Labels of the rows that can be read, with those of their tuned rows."""
    rows = [row for _, row in rows_of(content)]
    return [row.label for _, row in leaderboard_rows(rows, _common_search(content))]


def _repeated_labels(content: Any) -> Iterator[Mistake]:
    """Entries with a label that another has too, with those of their tuned rows."""
    entries = rows_of(content)
    rows = list(leaderboard_rows([row for _, row in entries], _common_search(content)))
    labels = Counter(row.label for _, row in rows)
    repeated = {entries[k][0]: row.label for k, row in reversed(rows) if labels[row.label] > 1}
    for i, label in sorted(repeated.items()):
        yield Mistake(("estimators", i), f"{label!r} appears twice; name the row with 'as: another-name'")


def _common_search(content: Any) -> Search | None:
    """The search of the suite; None also if it is faulty, which is said elsewhere."""
    with suppress(ValueError, AttributeError):
        common = Search.parse(content.get("search"))
        return common if isinstance(common, Search) else None
    return None


def _unknown_environments(content: Any) -> Iterator[Mistake]:
    """Rows that name an environment which the suite does not describe."""
    known = content.get("environments") if isinstance(content, Mapping) else None
    names = list(known) if isinstance(known, Mapping) else []
    for i, row in rows_of(content):
        name = row.environment
        if isinstance(name, str) and name not in names:
            others = registry.suggest(name, names) if names else "; the suite has no 'environments'"
            yield Mistake(("estimators", i, "environment"), f"no environment {name!r}{others}")


def _untrusted_environments(content: Any) -> Iterator[Mistake]:
    """Interpreters and packages of environments that the user does not trust."""
    known = content.get("environments") if isinstance(content, Mapping) else None
    for name, value in known.items() if isinstance(known, Mapping) else ():
        with suppress(ValueError):
            for sentence in untrusted(Environment.model_validate(value)):
                yield Mistake(("environments", name), sentence)
    for i, row in rows_of(content):
        if isinstance(row.environment, Environment):
            with suppress(LookupError):  # an unknown name, which is said elsewhere
                for sentence in untrusted(row.environment, row):
                    yield Mistake(("estimators", i, "environment"), sentence)


def _beyond_budgets(content: Any) -> Iterator[Mistake]:
    """Keywords of estimators that exceed the budget of their row."""
    common: dict[str, Any] = {}
    with suppress(ValueError, AttributeError):
        common = Budget.model_validate(content.get("budget") or {}).given()
    for i, row in rows_of(content):
        budget = {**common, **(row.budget.given() if row.budget else {})}
        with suppress(LookupError):  # an unknown name, which is said elsewhere
            for path, sentence in beyond(row.spec, budget):
                yield Mistake(("estimators", i, *path), sentence)
