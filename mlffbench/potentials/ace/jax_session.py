"""Double precision and threads of jax; other users of jax in the process keep their precision."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import jax

__all__ = ["double_precision"]

POOL = "NPROC"  # environment variable that XLA reads once: threads of its pool for CPUs


@contextmanager
def double_precision() -> Iterator[None]:
    """Compute in float64 inside the block, in this thread alone: jax's own switch is for the process."""
    _start()
    with jax.enable_x64(True), jax.default_matmul_precision("highest"):
        yield


@cache
def _start() -> None:
    """Start jax's client with the threads that OMP_NUM_THREADS allows; XLA would take every core."""
    before, allowed = os.environ.get(POOL), os.environ.get("OMP_NUM_THREADS")
    if before is None and allowed is not None:
        os.environ[POOL] = allowed
    try:
        jax.devices()
    finally:
        if before is None:
            os.environ.pop(POOL, None)
