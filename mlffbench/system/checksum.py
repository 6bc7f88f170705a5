"""What a file must hash to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Checksum"]


@dataclass(frozen=True)
class Checksum:
    """A digest that a file's content must have.

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
        """The digest of this kind that a file does have."""
        with file.open("rb") as stream:
            if self.kind == "SHA-256":
                return hashlib.file_digest(stream, "sha256").hexdigest()
            sha = hashlib.sha1(b"blob %d\0" % file.stat().st_size, usedforsecurity=False)
            while chunk := stream.read(1 << 20):
                sha.update(chunk)
            return sha.hexdigest()

    def fits(self, file: Path) -> bool:
        """Whether it is that file."""
        return self.of(file) == self.value

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"
