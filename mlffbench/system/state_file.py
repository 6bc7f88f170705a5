"""State of an iteration in one file: arrays and plain facts below their checksum, without code."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

from mlffbench.system import earlier_work
from mlffbench.system.array_archive import arrays_of
from mlffbench.system.atomic_write import atomic_write
from mlffbench.system.regular_file import check_regular

__all__ = ["PERIOD", "StateFile"]

PERIOD = "MLFFBENCH_CHECKPOINT_SECONDS"  # environment variable: seconds between two states
SECONDS = 60.0
SHARE = 0.01  # of the time that writing may take
LEAST = 0.1  # of the period: work that ends sooner leaves no state
FACTS = "facts"  # name of the array that holds the facts as JSON

State = tuple[dict[str, Any], dict[str, np.ndarray]]


class StateFile:
    """A state that is written now and then, and read once.

    Parameters
    ----------
    path : Path or None
        None: nothing is kept.

    Attributes
    ----------
    seconds : float
        Wall time of the work so far, that of earlier processes included.
    """

    def __init__(self, path: Path | None) -> None:
        self.path, self.start = path, monotonic()
        self.period = float(os.environ.get(PERIOD) or SECONDS)
        self._after(0.0)

    def _after(self, cost: float) -> None:
        """Wait for the period, or for a hundred times what the last state cost, whichever is longer."""
        self.due = monotonic() + max(self.period, cost / SHARE)

    @property
    def seconds(self) -> float:
        return monotonic() - self.start

    def read(self) -> State | None:
        """The state of a process that was killed; None if there is none, or it is damaged or was changed."""
        state = None if self.path is None else _read(self.path)
        if state is None or not earlier_work.note(state[0]["work"]):
            return None  # also if this process does the same work again, as in a comparison of times
        self.start -= state[0]["work"]["seconds"]
        return state

    def keep(self, state: Callable[[], State]) -> None:
        """Write the state if it is time."""
        if self.path is not None and monotonic() >= self.due:
            self._write(self.path, state)

    def keep_last(self, state: Callable[[], State]) -> None:
        """Write the state at the end of the work, for what comes after it, unless the work was short."""
        if self.path is not None and self.seconds >= LEAST * self.period:
            self._write(self.path, state)

    def _write(self, path: Path, state: Callable[[], State]) -> None:
        begun = monotonic()
        facts, arrays = state()
        with suppress(OSError):  # no room, or a folder that cannot be written: the work goes on without
            _write(path, {**facts, "work": earlier_work.stamp(self.seconds)}, arrays)
        self._after(monotonic() - begun)


def _write(path: Path, facts: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
    packed = io.BytesIO()
    everything: dict[str, Any] = {FACTS: np.frombuffer(json.dumps(facts).encode(), np.uint8), **arrays}
    np.savez(packed, **everything)
    content = packed.getbuffer()
    with atomic_write(path) as out:
        out.write(hashlib.sha256(content).hexdigest().encode() + b"\n")
        out.write(content)


def _read(path: Path) -> State | None:
    try:
        check_regular(path)
        digest, _, content = path.read_bytes().partition(b"\n")
        if hashlib.sha256(content).hexdigest().encode() != digest:
            return None
        arrays = arrays_of(io.BytesIO(content))
        facts = json.loads(arrays.pop(FACTS).tobytes())
    except (OSError, ValueError, KeyError):
        return None
    return (facts, arrays) if "work" in facts else None
