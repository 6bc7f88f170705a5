"""Placement: the machine and process in which a case is computed, chosen by an executor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol, Self

from mlffbench.harness.case import Case

__all__ = ["Child", "Executor", "ExecutorError", "Start"]


class ExecutorError(RuntimeError):
    """The machines of an executor, or their scheduler, cannot be had or have gone."""


class Child(Protocol):
    """Process that runs `mlffbench.harness.execution.worker`, here or elsewhere.

    `mlffbench.system.child_process.ChildProcess` is one; its docstrings say what the methods owe.
    """

    @property
    def memory(self) -> int | None: ...
    @property
    def errors(self) -> str: ...
    def copy_errors(self, hear: Callable[[bytes], None]) -> None: ...
    def send(self, line: str) -> None: ...
    def lines(self) -> Iterator[str]: ...
    def time_limit(self, seconds: float | None) -> AbstractContextManager[None]: ...
    def failure(self, limit: float | None) -> dict[str, str]: ...
    def kill(self) -> None: ...
    def close(self, patience: float = 0.0) -> None: ...


Start = Callable[[int], Child]


class Executor(Protocol):
    """Context in which cases are given processes; a kind of the registry.

    Its constructor's keywords are those of a suite's ``executor:``. It keeps no list of cases: the run takes
    as many at once as it has `slots`, and writes all results itself.

    Attributes
    ----------
    slots : int
        Cases that can run at once.
    dashboard : str or None
        Link of a page on which the processes can be watched.
    """

    slots: int
    dashboard: str | None

    def __enter__(self) -> Self: ...
    def __exit__(self, *error: object) -> None:
        """End all processes that it has started."""

    def place(self, case: Case) -> AbstractContextManager[Start]:
        """Wait until there is room for a case, and hold it inside the ``with`` block.

        The value starts the process of the case; called again, with the number of earlier attempts, if that
        process was lost.
        """
        ...

    def lack(self, case: Case) -> str | None:
        """Sentence on what a case needs and can never have; None if it fits, as far as is known."""
        ...

    def is_alone(self, case: Case) -> bool:
        """True if the case has its device, and a new process, for itself, as comparable costs ask for."""
        ...

    def stop(self) -> None:
        """Let nobody wait for room any more: the run is ending."""
        ...

    def describe(self) -> list[str]:
        """Lines for ``run --dry-run``, as the job script, or for the start of a run once it is entered."""
        ...
