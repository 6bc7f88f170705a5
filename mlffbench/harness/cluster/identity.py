"""Identity of an installed mlffbench: two processes compute the same only if it is equal."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mlffbench.system.versions import versions

__all__ = ["Identity", "identity"]

PACKAGE = Path(__file__).parents[2]


@dataclass(frozen=True)
class Identity:
    """Version of mlffbench, and digest of its source."""

    version: str
    source: str

    def __str__(self) -> str:
        return f"mlffbench {self.version} (source {self.source})"


@cache
def identity() -> Identity:
    """The mlffbench of this process."""
    digest = hashlib.sha256()
    for file in sorted(PACKAGE.rglob("*.py")):
        digest.update(f"{file.relative_to(PACKAGE)}\n".encode())
        digest.update(file.read_bytes())
    version = versions(("mlffbench",)).get("mlffbench", "of no version")
    return Identity(version, digest.hexdigest()[:12])
