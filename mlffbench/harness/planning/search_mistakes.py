"""Mistakes in the searches of a suite: values, budgets, and what cannot be tuned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from mlffbench.data import Spec
from mlffbench.harness.planning.row import Budget, Search
from mlffbench.harness.planning.row_mistakes import rows_of
from mlffbench.harness.planning.tuned_rows import TUNED, beyond_budget
from mlffbench.system.parameter_values import value_faults
from mlffbench.system.settings_source import Mistake

__all__ = ["search_mistakes"]

Place = tuple[Any, ...]


def search_mistakes(content: Any) -> Iterator[Mistake]:
    """Yield mistakes in the searches that can be read; values are keywords of the estimator that searches."""
    if not isinstance(content, Mapping):
        return
    budget, common = _given(Budget.model_validate, content.get("budget")), content.get("search")
    if isinstance(common, Mapping):
        yield from _faults((), common, budget)
        if common.get("space") is not None:
            sentence = "a space is of one estimator: name the row's own space beside it"
            yield Mistake(("search", "space"), sentence)
    for i, row in rows_of(content):
        if isinstance(row.search, Search):
            own = {**budget, **(row.budget.given() if row.budget else {})}
            yield from _faults(("estimators", i), row.search.given(), own)
            if row.spec.name == TUNED:
                yield Mistake(("estimators", i, "search"), f"{row.label!r} is tuned already")


def _faults(place: Place, search: Mapping[str, Any], budget: Mapping[str, Any]) -> Iterator[Mistake]:
    known = {word: value for word, value in search.items() if word in Search.model_fields}
    for path, sentence in value_faults("estimators", Spec(TUNED, known)):
        yield Mistake((*place, "search", *path[1:]), sentence.removeprefix(f"{TUNED}: "))
    for word, sentence in beyond_budget(known, budget):
        yield Mistake((*place, "search", word), sentence)


def _given(read: Any, value: Any) -> dict[str, Any]:
    """Values of a part of the suite; none of a part that is faulty, which is said elsewhere."""
    with suppress(ValueError):
        return read(value or {}).given()
    return {}
