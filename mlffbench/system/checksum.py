"""Checksums of files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Checksum", "checksums_of_named_files", "texts"]


@dataclass(frozen=True)
class Checksum:
    """Expected digest of a file.

    Parameters
    ----------
    value : str
        Hexadecimal.
    kind : {"SHA-256", "git blob id"}
        The blob id is SHA-1 of ``blob <size>\\0`` and the content: what git calls a file.
    """

    value: str
    kind: str = "SHA-256"

    def of(self, file: Path) -> str:
        """Compute the digest of a file, of this algorithm."""
        with file.open("rb") as stream:
            if self.kind == "SHA-256":
                return hashlib.file_digest(stream, "sha256").hexdigest()
            sha = hashlib.sha1(b"blob %d\0" % file.stat().st_size, usedforsecurity=False)
            while chunk := stream.read(1 << 20):
                sha.update(chunk)
            return sha.hexdigest()

    def fits(self, file: Path) -> bool:
        """Return True if the file has this digest."""
        return self.of(file) == self.value

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


def checksums_of_named_files(value: Any, folder: Path = Path()) -> dict[str, str]:
    """SHA-256 of every file that a text inside nested mappings and lists names, by that text."""
    names = sorted({text for text in texts(value) if _is_file(folder, text)})
    return {name: Checksum("").of(folder / name) for name in names}


def texts(value: Any) -> Iterator[str]:
    """Every text inside nested mappings and lists, their keys too: specs have names as keys."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        inside = [*value, *value.values()] if isinstance(value, Mapping) else value
        for inner in inside:
            yield from texts(inner)


def _is_file(folder: Path, text: str) -> bool:
    try:
        return (folder / text).is_file()
    except (OSError, ValueError):  # too long for a name, or with a null byte
        return False
