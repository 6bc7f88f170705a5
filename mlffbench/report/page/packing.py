"""Texts of a page, compressed: a browser needs no network and no library to unpack them."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

__all__ = ["packed", "packed_json", "unpacked"]


def packed(text: str) -> str:
    """The text, deflated (RFC 1950) and in base64: letters, digits, ``+``, ``/`` and ``=`` only."""
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()


def packed_json(value: Any) -> str:
    """A value of plain JSON, packed."""
    return packed(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def unpacked(text: str) -> str:
    """Invert `packed`."""
    return zlib.decompress(base64.b64decode(text)).decode()
