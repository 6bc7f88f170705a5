"""Reasons why a file cannot be read, in words: the error of a reader, the text that was seen, the remedy."""

from __future__ import annotations

import re
from pathlib import Path

from ase.io.formats import open_with_compression

from mlffbench.datasets.formats.chemical_symbols import fault_of_symbol, is_word

__all__ = ["reason"]


def reason(error: Exception, file: Path | None = None) -> str:
    """Return the reason of an error raised while `file` was read."""
    if isinstance(error, UnicodeDecodeError):
        byte = error.object[error.start]
        return f"the byte {byte:#04x} is no text in UTF-8; save the file as UTF-8"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    word = error.args[0] if isinstance(error, KeyError) and error.args else None
    if is_word(word) and (text := fault_of_symbol(str(word))) is not None and len(str(word)) <= 3:
        line = None if file is None else _line_of(file, str(word))
        return text if line is None else f"line {line}: {text}"
    return f"{type(error).__name__}: {error}"


def _line_of(file: Path, word: str) -> int | None:
    """Number of the first line with a word that stands alone, counted from 1."""
    try:
        with open_with_compression(str(file), "rb") as packed:
            text = packed.read().decode(errors="replace")
    except OSError:
        return None
    match = re.search(rf"(?<![\w.]){re.escape(word)}(?![\w.])", text)
    return None if match is None else text.count("\n", 0, match.start()) + 1
