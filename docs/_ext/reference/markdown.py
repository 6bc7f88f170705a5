"""Plain text of docstrings, cards and registries as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

__all__ = ["bullets", "code", "inline", "paragraphs", "parameters", "settings", "table"]

CODE = re.compile(r"``([^`]+)``|`([^`]+)`")
SPECIAL = re.compile(r"([\\*_\[\]<>|#$~])")
WORKS = re.compile(
    r"(?P<doi>\bdoi:\s?(?P<d>10\.\d+/[^\s,;)]*[^\s,;.)]))|(?P<arxiv>\barXiv:\s?(?P<a>\d{4}\.\d{4,5}))"
)
REQUIRED = "required"


def inline(text: str) -> str:
    """One line: code stays code, other signs mean themselves, DOIs and arXiv numbers become links."""
    text, at, pieces = " ".join(str(text).split()), 0, []
    for match in CODE.finditer(text):
        pieces += [_linked(text[at : match.start()]), code(match[1] or match[2])]
        at = match.end()
    return "".join([*pieces, _linked(text[at:])])


def _linked(text: str) -> str:
    at, pieces = 0, []
    for match in WORKS.finditer(text):
        address = f"https://doi.org/{match['d']}" if match["doi"] else f"https://arxiv.org/abs/{match['a']}"
        pieces += [_plain(text[at : match.start()]), f"[{_plain(match[0])}](<{address}>)"]
        at = match.end()
    return "".join([*pieces, _plain(text[at:])])


def _plain(text: str) -> str:
    return SPECIAL.sub(r"\\\1", text)


def code(text: Any) -> str:
    """A span of code."""
    words = " ".join(str(text).split())
    return f"`` {words} ``" if "`" in words else f"`{words}`"


def paragraphs(texts: Iterable[str]) -> str:
    """Paragraphs of plain text."""
    return "\n\n".join(inline(text) for text in texts if text)


def bullets(texts: Iterable[str]) -> str:
    """List of plain texts."""
    return "\n".join(f"- {inline(text)}" for text in texts if text)


def table(head: Sequence[str], rows: Iterable[Sequence[str]], align: str = "") -> str:
    """Table whose cells are Markdown; '' without rows. Columns are aligned by letters: l, r."""
    rows = list(rows)
    if not rows:
        return ""
    marks = ["---:" if letter == "r" else "---" for letter in align.ljust(len(head), "l")]
    lines = ([re.sub(r"(?<!\\)\|", r"\|", cell) for cell in cells] for cells in [list(head), marks, *rows])
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def settings(values: Mapping[str, Any]) -> str:
    """Table of two columns: names and plain values."""
    return table(["", ""], [[inline(name), inline(str(value))] for name, value in values.items() if value])


def parameters(rows: Iterable[Mapping[str, str]]) -> str:
    """List of parameters with types and defaults; those that share a text stand together."""
    together = [list(own) for _, own in groupby(rows, key=lambda row: row["text"] or row["name"])]
    return "\n".join(f"- {', '.join(map(_head, own))}{_meaning(own[0])}" for own in together)


def _head(row: Mapping[str, str]) -> str:
    default = REQUIRED if row["default"] == REQUIRED else f"default {code(row['default'])}"
    kind = f"{code(row['type'])}, " if row["type"] else ""
    return f"{code(row['name'])} ({kind}{default})"


def _meaning(row: Mapping[str, str]) -> str:
    return f"\n\n  {inline(row['text'])}\n" if row["text"] else ""
