"""Text files in UTF-8; another encoding is named with the line where it shows."""

from __future__ import annotations

import codecs
from pathlib import Path

__all__ = ["read_text"]

UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_text(file: Path) -> str:
    """Read a text in UTF-8, with a byte order mark or without.

    Raises
    ------
    OSError
        The file cannot be read.
    ValueError
        The file is not UTF-8; the message names file, line, byte and the likely encoding.
    """
    content = Path(file).read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        guess = "UTF-16?" if content.startswith(UTF_16) else "Latin-1 or Windows-1252?"
        raise ValueError(_sentence(file, content, error.start, guess)) from None
    if "\0" in text:
        raise ValueError(_sentence(file, content, content.index(b"\0"), "UTF-16?"))
    return text


def _sentence(file: Path, content: bytes, place: int, guess: str) -> str:
    line = content[:place].count(b"\n") + 1
    byte = f"byte 0x{content[place]:02x} at {place}"
    return f"{file}:{line}: the file is not UTF-8 ({byte}: {guess}); save it as UTF-8"
