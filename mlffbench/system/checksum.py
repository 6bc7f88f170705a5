"""Checksums of files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Checksum"]


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
