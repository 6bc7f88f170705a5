"""Plain text: no escape sequence, no control character, no half of a character, no more than can be read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

__all__ = ["LONGEST", "plain_text", "plain_texts", "shortened"]

LONGEST = 20_000  # characters; the middle of a longer text is left out
ESCAPES = re.compile(  # ECMA-48: commands to the terminal, as long as they go
    r"(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # title, link, device
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"  # colours, cursor, screen
    r"|\x1b[ -/]*[0-~]?"
)
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
SURROGATES = re.compile(r"[\ud800-\udfff]")  # halves of a character: no UTF-8


def plain_text(text: str) -> str:
    """Text without commands to a terminal: tabs and line ends are the only control characters left.

    Marks of the writing direction count as control characters, as they can show a text in another order.

    Examples
    --------
    >>> plain_text("\\x1b[31mred\\x1b[0m\\x07 \\ud800\\r\\nnext")
    'red �\\nnext'
    """
    if text.isprintable() and len(text) <= LONGEST:
        return text
    lines = ESCAPES.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    plain = SURROGATES.sub("\ufffd", CONTROLS.sub("", lines))
    return shortened(plain, LONGEST)


def shortened(text: str, most: int) -> str:
    """Start and end of a text of more than `most` characters, with the number of those between."""
    if len(text) <= most:
        return text
    half = most // 2 - 30
    return f"{text[:half]} ... ({len(text) - 2 * half:,} characters left out) ... {text[-half:]}"


def plain_texts(value: Any) -> Any:
    """Nested mappings and lists with every text made plain, keys too."""
    if isinstance(value, str):
        return plain_text(value)
    if isinstance(value, Mapping):
        return {plain_text(str(key)): plain_texts(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain_texts(inner) for inner in value]
    return value
