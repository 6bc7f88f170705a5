"""Circumstances under which two sides were computed: versions, machines, settings that differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mlffbench.report.budgets import budget_text
from mlffbench.report.comparison.pairs import Pair
from mlffbench.report.conditions import FACETS
from mlffbench.report.contrast import Of, at
from mlffbench.report.problems import Document, dig
from mlffbench.report.wording import flat

__all__ = ["changed_circumstances", "timed_alike"]

Change = tuple[str, str, str]  # facet, and its values on both sides
FACTS: dict[str, Of] = {
    "revision": lambda d: str(dig(d, "provenance", "revision") or "")[:10],
    "Python": at("provenance", "python"),
    **FACETS,
    "precision": at("model", "dtype"),
    "isolated atoms": lambda d: str(dig(d, "inputs", "atomic_energies") or "")[:10],
}


def changed_circumstances(pairs: Sequence[Pair]) -> list[Change]:
    """Facts that are not the same on both sides, with their values; parameters of rows of one label, too."""
    a, b = ([d for pair in pairs for d in getattr(pair, side).done] for side in "ab")
    packages = dict.fromkeys(name for d in (*a, *b) for name in dig(d, "provenance", "packages") or {})
    facts = {**FACTS, **{name: at("provenance", "packages", name) for name in packages}}
    changes = [(name, _values(a, of), _values(b, of)) for name, of in facts.items()]
    known = [change for change in changes if change[1] and change[2] and change[1] != change[2]]
    return [*known, *(change for pair in pairs for change in _settings(pair))]


def timed_alike(pair: Pair) -> bool:
    """True if the times of both sides were measured on one kind of machine with the same settings."""
    return all(_values(pair.a.done, of) == _values(pair.b.done, of) for of in FACETS.values())


def _values(documents: Iterable[Document], of: Of) -> str:
    values = dict.fromkeys(flat(v) for d in documents if (v := of(d)) not in (None, "", {}, []))
    return ", ".join(values)


def _settings(pair: Pair) -> list[Change]:
    """Parameters and budget of two rows of one label that differ."""
    if pair.a.label != pair.b.label:
        return []
    case_a, case_b = pair.a.done[0]["case"], pair.b.done[0]["case"]
    params_a, params_b = (case["estimator"].get("params") or {} for case in (case_a, case_b))
    names = dict.fromkeys((*params_a, *params_b))
    settings = [(name, _setting(params_a, name), _setting(params_b, name)) for name in names]
    limits = [budget_text(case.get("budget")) or "none" for case in (case_a, case_b)]
    settings.append(("budget", limits[0], limits[1]))
    return [(f"{pair.label}: {name}", old, new) for name, old, new in settings if old != new]


def _setting(params: dict[str, Any], name: str) -> str:
    return flat(params[name]) if name in params else "default"
