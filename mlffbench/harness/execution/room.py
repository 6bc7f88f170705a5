"""Room on a machine: cores, memory and GPUs, given to cases in the order in which they ask."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from mlffbench.harness.execution.resources import Resources
from mlffbench.system.machine import Machine

__all__ = ["Room", "Share"]


@dataclass(frozen=True)
class Share:
    """Part of the machine that a case holds.

    Attributes
    ----------
    threads : int
    gpus : tuple of str
        Names of its GPUs.
    """

    threads: int
    gpus: tuple[str, ...] = ()


@dataclass
class _Taken:
    """Resources that the running cases hold; cores count `jobs` parts each."""

    cores: int = 0
    memory: int = 0
    cases: int = 0
    alone: bool = False
    gpus: set[int] = field(default_factory=set)


class Room:
    """Room on a machine for a number of cases at once.

    Cases come in the order in which they ask: none is passed over for ever. A case whose times are compared
    waits until nothing runs on its device, and nothing else starts there before it has ended: without a GPU
    the device is the machine; with one it is the GPU, and the cores for its threads.

    Parameters
    ----------
    machine : Machine
    jobs : int
        Cases that may run at once; one that does not say how many threads it needs has its part of them.
    """

    def __init__(self, machine: Machine, jobs: int) -> None:
        self.machine, self.jobs = machine, jobs
        self._taken, self._waiting = _Taken(), deque[object]()
        self._changed = threading.Condition()

    @contextmanager
    def share(self, needed: Resources) -> Iterator[Share]:
        """Wait for a share of the machine and hold it inside the ``with`` block."""
        turn = object()
        with self._changed:
            self._waiting.append(turn)
            self._changed.wait_for(lambda: self._waiting[0] is turn and self._has_room(needed))
            self._waiting.popleft()
            gpus = self._take(needed)
            self._changed.notify_all()
        try:
            named = gpus if needed.gpu is None else []  # `cuda:1` is found by its number among all
            yield Share(self.threads(needed), tuple(self.machine.gpus[i] for i in named))
        finally:
            with self._changed:
                self._give_back(needed, gpus)
                self._changed.notify_all()

    def threads(self, needed: Resources) -> int:
        """Threads of a case: as many as it asks for, else its share of the cores, alone all of them."""
        if needed.threads is not None:
            return needed.threads
        return self.machine.cores if _is_alone(needed) else max(1, self.machine.cores // self.jobs)

    def _parts(self, needed: Resources) -> int:
        """Parts of the cores that a case takes; each core has `jobs` of them."""
        return self.machine.cores if needed.threads is None else needed.threads * self.jobs

    def _has_room(self, needed: Resources) -> bool:
        taken = self._taken
        if taken.alone or (taken.cases and _is_alone(needed)):
            return False
        return (
            taken.cases < self.jobs
            and taken.cores + self._parts(needed) <= self.machine.cores * self.jobs
            and taken.memory + needed.memory <= self.machine.memory
            and self._free_gpus(needed) is not None
        )

    def _free_gpus(self, needed: Resources) -> list[int] | None:
        """Numbers of GPUs for a case; None if too few are free."""
        if not needed.gpus:
            return []
        wanted = range(len(self.machine.gpus)) if needed.gpu is None else [needed.gpu]
        free = [i for i in wanted if i not in self._taken.gpus]
        return free[: needed.gpus] if len(free) >= min(needed.gpus, len(wanted)) else None

    def _take(self, needed: Resources) -> list[int]:
        gpus = self._free_gpus(needed) or []
        self._taken.cores += self._parts(needed)
        self._taken.memory += needed.memory
        self._taken.cases += 1
        self._taken.alone = self._taken.alone or _is_alone(needed)
        self._taken.gpus |= set(gpus)
        return gpus

    def _give_back(self, needed: Resources, gpus: list[int]) -> None:
        self._taken.cores -= self._parts(needed)
        self._taken.memory -= needed.memory
        self._taken.cases -= 1
        self._taken.alone = self._taken.alone and not _is_alone(needed)
        self._taken.gpus -= set(gpus)


def _is_alone(needed: Resources) -> bool:
    """True if nothing else may run on the machine."""
    return needed.is_timed and not needed.gpus
