"""Pages of the measured quantities, one a task, from their registry."""

from __future__ import annotations

from collections.abc import Iterator

from mlffbench.report.quantities.catalogue import QUANTITIES
from mlffbench.report.quantities.glossary import TITLES
from mlffbench.report.quantities.quantity import Quantity
from reference.committed import quantity_values
from reference.markdown import code, inline, table
from reference.page import Page

__all__ = ["quantity_pages"]

DIRECTIONS = {
    "lower": "Lower is better.",
    "higher": "Higher is better.",
    "target": "The nearer to {target:g}, the better.",
    "none": "No number is better than another.",
}


def quantity_pages() -> Iterator[Page]:
    """A page a task, with a section a quantity."""
    for task in dict.fromkeys(entry.task for entry in QUANTITIES):
        entries = [entry for entry in QUANTITIES if entry.task == task]
        title = TITLES.get(task, f"Task {task}")
        yield Page(
            task or "errors", f"{title}: {len(entries)} quantities.", more="\n\n".join(map(_section, entries))
        )


def _section(entry: Quantity) -> str:
    """Section of a quantity, its rows in the order of the reference."""
    rows = {
        "Definition": inline(entry.sentence),
        "Symbol": inline(entry.symbol),
        "Unit": inline(entry.unit or "none"),
        "Names in documents": ", ".join(code(name) for name in entry.key if name),
        "Reference values": _values(entry),
        "How to read": " ".join(filter(None, [_direction(entry), _bounds(entry), _broken(entry)])),
        "Papers": inline(entry.source),
    }
    heading = f"{entry.name}, {entry.metric}" if entry.metric else entry.name
    return f"## {inline(heading)}\n\n{table(['', ''], [[k, v] for k, v in rows.items() if v])}"


def _direction(entry: Quantity) -> str:
    return DIRECTIONS[entry.direction].format(target=entry.target or 0.0)


def _bounds(entry: Quantity) -> str:
    text = entry.thresholds
    return f"{inline(text[:1].upper() + text[1:])}." if text else ""


def _broken(entry: Quantity) -> str:
    return "" if entry.broken is None else f"Beyond {entry.broken:g} the structure has collapsed or exploded."


def _values(entry: Quantity) -> str:
    known = quantity_values().get(entry.key)
    if known is None:
        return ""
    numbers = f"{known['n']} in committed results, from {known['least']:.3g} to {known['largest']:.3g}"
    return f"{numbers}, median {known['median']:.3g} ({', '.join(known['suites'])})"
