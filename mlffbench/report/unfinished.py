"""Cases that a suite asks for and that have not finished."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["UnfinishedCase"]


@dataclass(frozen=True)
class UnfinishedCase:
    """A case without a document: its problem, row and seed, and whether a process works on it now."""

    problem: str
    method: str
    seed: int
    state: Literal["running", "waiting"]
