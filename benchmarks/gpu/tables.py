"""Write the tables of docs/performance.md from the committed results.

    python benchmarks/gpu/tables.py

A table stands between two comments that name its folder. It holds every ratio of results/peers, and every
claim of results/gpu with the card's name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "performance.md"
NONE = "No result from a GPU is committed yet."
HEAD = "| measured | value | bound | | file |\n|---|---:|---:|---|---|"


def peers(folder: Path) -> str:
    """Ratios of times on a CPU."""
    rows = [row for document in _documents(folder) for row in _rows(document, unit="x")]
    return "\n".join([HEAD, *rows])


def gpu(folder: Path) -> str:
    """Claims by card, or the sentence that there are none."""
    by_card: dict[str, list[str]] = {}
    for document in _documents(folder):
        if document.get("small"):
            raise ValueError(f"{document['name']}.json is of the small form, which measures nothing")
        card = document["provenance"]["accelerator"]["name"]
        by_card.setdefault(card, []).extend(_rows(document))
    return "\n\n".join(f"{card}:\n\n" + "\n".join([HEAD, *rows]) for card, rows in by_card.items()) or NONE


def _documents(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.json"))]


def _rows(document: Mapping[str, Any], unit: str | None = None) -> list[str]:
    """A row for each claim, of all units or of one."""
    claims = [
        f"| {c['what']} | {_number(c['measured'])} {_unit(c['unit'])} | {'≤' if c['sense'] == '<=' else '≥'} "
        f"{_number(c['required'])} | {'' if c['holds'] else 'missed'} | `{document['name']}` |"
        for c in document["claims"]
        if unit is None or c["unit"] == unit
    ]
    facts = [
        f"| {f['what']} | {_number(f['measured'])} {f['unit']} |  |  | `{document['name']}` |"
        for f in document.get("facts", ())
    ]
    return claims + facts


def _number(value: float | None) -> str:
    return "not reached" if value is None else f"{value:.3g}"


def _unit(unit: str) -> str:
    return "×" if unit == "x" else unit


def page(text: str, results: Path) -> str:
    """The text with the tables of today's results."""
    for name, table in {"peers": peers, "gpu": gpu}.items():
        between = re.compile(rf"(<!-- results/{name} -->\n).*?(\n<!-- end -->)", re.S)
        new = table(results / name)
        text = between.sub(lambda match, new=new: match[1] + new + match[2], text)  # type: ignore[misc]
    return text


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), ROOT / "results"), encoding="utf-8")
