"""Text files in UTF-8; another encoding is named with the line where it shows."""

from __future__ import annotations

import codecs
from pathlib import Path

from mlffbench.system.regular_file import read_bytes

__all__ = ["read_text"]

MOST_BYTES = 100_000_000  # a split manifest of a million frames has half of it
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_text(file: Path, most: int = MOST_BYTES) -> str:
    """Read a text in UTF-8, with a byte order mark or without.

    Parameters
    ----------
    file : Path
    most : int
        Bytes that it may have.

    Raises
    ------
    OSError
        The file cannot be read, or is a directory, pipe or device.
    ValueError
        The file is larger, or not UTF-8; the message names file, line, byte and the likely encoding.
    """
    content = read_bytes(file, most)
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
