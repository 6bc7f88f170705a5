"""Time limit of a part of this process, which goes on afterwards."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mlffbench.system.failures import TooLongError

__all__ = ["deadline"]


class _Expired(BaseException):
    """Raised in the middle of anything, past what catches an `Exception`."""


@contextmanager
def deadline(seconds: float | None, sentence: str) -> Iterator[None]:
    """Stop a ``with`` block that takes longer, and say so; None: no limit.

    A signal interrupts Python code. Compiled code, and threads other than the main one, are not interrupted:
    there the block is refused when it ends.

    Raises
    ------
    TooLongError
        The block took longer; `sentence` says so.
    """
    if seconds is None:
        yield
        return
    begun, inside = time.monotonic(), True

    def expire(*_: Any) -> None:
        if inside:
            raise _Expired

    on_main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGALRM, expire) if on_main else None
    try:
        if on_main:
            signal.setitimer(signal.ITIMER_REAL, seconds)
        yield
        inside = False
    except _Expired:
        raise TooLongError(sentence) from None
    finally:
        inside = False
        if on_main:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
    if time.monotonic() - begun > seconds:
        raise TooLongError(sentence)
