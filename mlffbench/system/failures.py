"""Failure records: exceptions turned into kind, message and traceback, of bounded length."""

from __future__ import annotations

import errno
import sqlite3
import traceback
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError
from typing import Any

from mlffbench.data import InvalidData, InvalidPrediction
from mlffbench.system.plain_text import shortened

__all__ = [
    "INFRASTRUCTURE", "KINDS", "DiskFullError", "LostProcessError", "TooLongError", "catch_failure",
    "failure_of",
]  # fmt: skip

KINDS = (  # of failures, in documents and on leaderboards
    "not installed", "unsupported input", "invalid data", "invalid prediction", "out of memory", "timed out",
    "diverged", "interrupted", "worker lost", "internal error",
)  # fmt: skip
INFRASTRUCTURE = ("interrupted", "worker lost")  # say nothing about a method: such a case is run again

MOST_MESSAGE, MOST_TRACEBACK = 2_000, 10_000  # characters
FULL = (errno.ENOSPC, errno.EDQUOT)
FULL_WORDS = (  # of those that hide the errno: SQLite, torch, numpy
    "no space left on device", "disk is full", "failed writing file", "requested and",
)  # fmt: skip

DEVICE_WORDS = ("CUDA out of memory", "CUDA error: out of memory", "CUBLAS_STATUS_ALLOC_FAILED",
                "MPS backend out of memory", "RESOURCE_EXHAUSTED")  # fmt: skip


class DiskFullError(OSError):
    """No room on a disk: no verdict on what was computed, which is to be repeated when there is room."""


class LostProcessError(Exception):
    """Process that was killed from outside: no verdict on what it computed."""


class TooLongError(Exception):
    """Work that took longer than it may."""


def catch_failure(work: Callable[[], Any]) -> tuple[Any, dict[str, str] | None]:
    """Return the value of `work` and None, or None and ``kind``, ``message`` and ``traceback``.

    Raises
    ------
    DiskFullError
        The disk was full.
    """
    try:
        return work(), None
    except Exception as error:
        return None, failure_of(error)


def failure_of(error: Exception) -> dict[str, str]:
    """Return ``kind``, ``message`` and ``traceback`` of an exception; the end of a long text is cut.

    A lack of memory also has ``where``, the memory that ran out: ``host`` or ``GPU``.

    Raises
    ------
    DiskFullError
        The exception says that the disk is full.
    """
    summary = traceback.TracebackException.from_exception(error)
    said = str(summary)  # also where str(error) raises
    if any(map(_is_of_full_disk, _chain(error))):
        raise DiskFullError(_cut(said)) from error
    memory = _memory(error, said)
    return {
        "kind": "out of memory" if memory else _kind(error),
        **({"where": memory} if memory else {}),
        "message": _cut(f"{type(error).__name__}: {said}{_remedy(error)}"),
        "traceback": _cut("".join(summary.format()), MOST_TRACEBACK),
    }


def _remedy(error: Exception) -> str:
    """Remedy of a package that another one looks for and does not bring."""
    if not isinstance(error, PackageNotFoundError):
        return ""
    return f"; pip install {error.name}, or add it to the requirements of the method's environment"


def _cut(text: str, most: int = MOST_MESSAGE) -> str:
    """A text of bounded length that UTF-8 can hold."""
    return shortened(text, most).encode("utf-8", "backslashreplace").decode()


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The exception and those that it came from."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _is_of_full_disk(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno in FULL
    if isinstance(error, DiskFullError):
        return True
    if not isinstance(error, OSError | RuntimeError | sqlite3.Error):
        return False
    said = "".join(traceback.format_exception_only(error))[:MOST_MESSAGE].lower()
    return any(words in said for words in FULL_WORDS)


def _memory(error: Exception, said: str) -> str:
    """The memory that ran out: ``host`` or ``GPU``; '' if none did."""
    if isinstance(error, RuntimeError):  # torch's, cupy's and jax's, without importing them
        if "DefaultCPUAllocator: " in said:
            return "host"
        if type(error).__name__ == "OutOfMemoryError" or any(words in said for words in DEVICE_WORDS):
            return "GPU"
    lacks = isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM)
    return "host" if lacks else ""


def _kind(error: Exception) -> str:
    kinds: dict[str, tuple[type[Exception], ...]] = {
        "not installed": (ImportError,),
        "timed out": (TooLongError,),
        "worker lost": (LostProcessError,),
        "diverged": (FloatingPointError,),
        "invalid data": (InvalidData,),
        "invalid prediction": (InvalidPrediction,),
        "unsupported input": (NotImplementedError, ValueError, LookupError, FileNotFoundError),
    }
    return next((kind for kind, types in kinds.items() if isinstance(error, types)), "internal error")
