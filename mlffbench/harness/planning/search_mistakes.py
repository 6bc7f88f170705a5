"""Mistakes in the searches of a suite: values, budgets, and what cannot be tuned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from mlffbench import registry
from mlffbench.data import Spec
from mlffbench.estimators.tuning.limits import TUNED
from mlffbench.harness.budget import PARAMETERS
from mlffbench.harness.planning.row import Budget, Search
from mlffbench.harness.planning.row_mistakes import rows_of
from mlffbench.harness.planning.tuned_rows import LIMITS, beyond_budget
from mlffbench.system.parameter_values import value_faults
from mlffbench.system.settings_source import Mistake

__all__ = ["search_mistakes"]

Place = tuple[Any, ...]
LIMITED = {parameter: word for word, parameter in PARAMETERS.items()}  # parameters -> words of a budget


def search_mistakes(content: Any) -> Iterator[Mistake]:
    """Yield mistakes in the searches that can be read; values are keywords of the estimator that searches."""
    if not isinstance(content, Mapping):
        return
    budget, common = _given(Budget.model_validate, content.get("budget")), content.get("search")
    if isinstance(common, Mapping):
        yield from _faults(("search",), common, budget)
        if common.get("space") is not None:
            sentence = "a space is of one estimator: name the row's own space beside it"
            yield Mistake(("search", "space"), sentence)
    for i, row in rows_of(content):
        own = {**budget, **(row.budget.given() if row.budget else {})}
        yield from _inner_faults(("estimators", i), row.spec, own)
        if isinstance(row.search, Search):
            yield from _faults(("estimators", i, "search"), row.search.given(), own)
            if row.spec.name == TUNED:
                yield Mistake(("estimators", i, "search"), f"{row.label!r} is tuned already")
        elif row.spec.name == TUNED:
            yield from _beyond(("estimators", i, TUNED), row.spec.params, own)


def _faults(place: Place, search: Mapping[str, Any], budget: Mapping[str, Any]) -> Iterator[Mistake]:
    known = {word: value for word, value in search.items() if word in Search.model_fields}
    for path, sentence in value_faults("estimators", Spec(TUNED, known)):
        yield Mistake((*place, *path[1:]), sentence.removeprefix(f"{TUNED}: "))
    yield from _beyond(place, known, budget)


def _beyond(place: Place, search: Mapping[str, Any], budget: Mapping[str, Any]) -> Iterator[Mistake]:
    """Keywords of a search that exceed the budget, and parameters in its space that the budget sets."""
    for word, sentence in beyond_budget(search, budget):
        yield Mistake((*place, word), sentence)
    space = search.get("space")
    for key in space if isinstance(space, Mapping) else ():
        limit = LIMITED.get(str(key).rpartition("__")[2])
        if limit is not None and limit in budget:
            sentence = f"{key} belongs to the budget, {limit}: {budget[limit]:g}, not to the space"
            yield Mistake((*place, "space", key), sentence)


def _inner_faults(place: Place, spec: Spec, budget: Mapping[str, Any]) -> Iterator[Mistake]:
    """Searches inside a model, which a budget of searches does not reach."""
    limit = next((word for word in LIMITS.values() if word in budget), None)
    if limit is None:
        return
    with suppress(LookupError):  # an unknown name, which is said elsewhere
        for path in _inner_searches("estimators", spec.name, spec.params):
            sentence = (
                f"the budget, {limit}: {budget[limit]:g}, does not reach the search inside {spec.name!r}; "
                "tune the whole row with 'search' beside it, or take the limit from the budget"
            )
            yield Mistake((*place, *path), sentence)


def _inner_searches(kind: str, name: str, params: Mapping[str, Any]) -> Iterator[Place]:
    """Paths of the parts of a model that are searches."""
    for part, kinds in registry.parts(registry.load(kind, name)).items():
        if isinstance(value := params.get(part), str | Mapping):
            inner_kind, inner, inner_params = registry.resolve(value, kinds)
            if inner == TUNED:
                yield name, part
            wrapped = (name, part, *registry.wrapper(value, inner_kind, inner))
            yield from ((*wrapped, *path) for path in _inner_searches(inner_kind, inner, inner_params))


def _given(read: Any, value: Any) -> dict[str, Any]:
    """Values of a part of the suite; none of a part that is faulty, which is said elsewhere."""
    with suppress(ValueError):
        return read(value or {}).given()
    return {}
