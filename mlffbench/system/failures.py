"""Failure records: exceptions turned into kind, message and traceback."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

from mlffbench.data import InvalidPrediction

__all__ = ["catch_failure", "failure_of"]


def catch_failure(work: Callable[[], Any]) -> tuple[Any, dict[str, str] | None]:
    """Return the value of `work` and None, or None and ``kind``, ``message`` and ``traceback``."""
    try:
        return work(), None
    except Exception as error:
        return None, failure_of(error)


def failure_of(error: Exception) -> dict[str, str]:
    """Return ``kind``, ``message`` and ``traceback`` of an exception."""
    return {
        "kind": _kind(error),
        "message": f"{type(error).__name__}: {error}",
        "traceback": "".join(traceback.format_exception(error)),
    }


def _kind(error: Exception) -> str:
    kinds: dict[str, tuple[type[Exception], ...]] = {
        "not installed": (ImportError,),
        "out of memory": (MemoryError,),
        "diverged": (FloatingPointError,),
        "invalid prediction": (InvalidPrediction,),
        "unsupported input": (NotImplementedError, ValueError, LookupError, FileNotFoundError),
    }
    if type(error).__name__ == "OutOfMemoryError":  # torch's, without importing torch
        return "out of memory"
    return next((kind for kind, types in kinds.items() if isinstance(error, types)), "error")
