"""Reference group of a document, the test group that ranks the methods, and the errors on it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

__all__ = ["in_reading_order", "ranking_error", "reference_group", "reference_scores", "series"]


def reference_group(document: Mapping[str, Any]) -> str | None:
    """The in-domain test group, else the first in reading order; None without groups."""
    split = document.get("split") or {}
    tests = in_reading_order(split.get("tests") or {}, split.get("in_domain"))
    return split.get("in_domain") or next(iter(tests), None)


def reference_scores(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Root mean square errors on the reference group; none of a task, which may have fitted other models."""
    group = reference_group(document)
    for score in document["scores"]:
        is_error = score["metric"] == "rmse" and not score.get("task") and score.get("value") is not None
        if is_error and score["test"] == group:
            yield score


def ranking_error(document: Mapping[str, Any]) -> tuple[float, float]:
    """RMSE of forces and of energies per atom on the reference group, infinite where there is none."""
    rmse = {score["quantity"]: score["value"] for score in reference_scores(document)}
    return rmse.get("forces", float("inf")), rmse.get("energy_per_atom", float("inf"))


def series(names: Iterable[str]) -> list[str]:
    """The largest family of names that differ in one number only (300K, 600K ...), by that number."""
    families: dict[str, list[tuple[float, str]]] = {}
    for name in names:
        for number in re.finditer(r"\d+(?:\.\d+)?", name):
            family = name[: number.start()] + "#" + name[number.end() :]
            families.setdefault(family, []).append((float(number[0]), name))
    largest = max(families.values(), key=len, default=[])
    return [name for _, name in sorted(largest)] if len(largest) > 1 else []


def in_reading_order(names: Iterable[str], in_domain: str | None) -> list[str]:
    """The in-domain group, then a numbered series by its number, then the rest as they came."""
    return list(_in_reading_order(tuple(names), in_domain))


@lru_cache(maxsize=1000)  # many cases have the same groups
def _in_reading_order(names: tuple[str, ...], in_domain: str | None) -> tuple[str, ...]:
    first = [in_domain] if in_domain and in_domain in names else []
    return tuple(dict.fromkeys([*first, *series(names), *names]))
