"""Values in which the documents of a problem differ, with the methods that have them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mlffbench.report.problems import Document, Problem, dig

__all__ = ["DATASET", "SPLIT", "Of", "at", "contrast", "differing_seeds", "methods_by_value", "some"]

Of = Callable[[Document], Any]
NAMED = 3  # methods that a sentence lists


def at(*keys: str) -> Of:
    """Function that gives a document's value under these keys."""
    return lambda document: dig(document, *keys)


DATASET = at("dataset", "digest")
SPLIT: Of = lambda d: dig(d, "split", "notes", "part_of") or dig(d, "split", "digest")  # of the whole one


def differing_seeds(problem: Problem, of: Of) -> list[str]:
    """Seeds whose documents have different values; one without a value does not count."""
    values: dict[Any, set[str]] = {}
    for document in problem.documents:
        if value := of(document):
            values.setdefault(document["case"].get("seed"), set()).add(_key(value))
    return [str(seed) for seed, distinct in values.items() if len(distinct) > 1]


def methods_by_value(problem: Problem, of: Of) -> dict[str, list[str]]:
    """Labels of the methods by the value, as JSON, that their finished documents have; none without one."""
    labels: dict[str, dict[str, None]] = {}
    for method in problem.methods:
        for document in method.done:
            if (value := of(document)) not in (None, "", {}, []):
                labels.setdefault(_key(value), {})[method.label] = None
    return {value: list(own) for value, own in labels.items()}


def contrast(labels: Mapping[str, Sequence[str]], name: str) -> str:
    """``threads 2 for a, 1 for b, c, d and 4 more``: each value with its methods, the rarest first."""
    rarest_first = sorted(labels.items(), key=lambda item: len(item[1]))
    each = (f"{json.loads(value)} for {some(own)}" for value, own in rarest_first)
    return f"{name} {', '.join(each)}"


def some(names: Sequence[str]) -> str:
    """The first names, and the number of the others."""
    more = len(names) - NAMED
    return f"{', '.join(names[:NAMED])} and {more} more" if more > 1 else ", ".join(names)


def _key(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
