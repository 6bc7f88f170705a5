"""Memory sizes as people write them: 8 GB."""

from __future__ import annotations

import re

__all__ = ["memory_size", "size_text"]

SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kMGT]?)(i?)B\s*", re.IGNORECASE)
POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


def memory_size(text: str) -> int:
    """Return the bytes of a text such as ``8 GB`` or ``512 MiB``.

    Raises
    ------
    ValueError
        It is no number with a unit.
    """
    parts = SIZE.fullmatch(text)
    if parts is None:
        raise ValueError(f"must be a number with a unit, such as 8 GB, not {text!r:.40}")
    number, prefix, binary = parts.groups()
    size = float(number) * (1024 if binary else 1000) ** POWERS[prefix.lower()]
    if not 1 <= size < 2**60:
        raise ValueError(f"must be the memory of a machine, such as 8 GB, not {text!r:.40}")
    return int(size)


def size_text(size: int) -> str:
    """Bytes in words, in GB."""
    return f"{size / 1e9:.3g} GB"
