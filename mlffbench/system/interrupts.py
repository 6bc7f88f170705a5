"""Signals that end a command as Ctrl-C does: SIGTERM, and SIGHUP of a closed terminal."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["Interrupted", "interruptible"]

SIGNALS = tuple(signal.Signals[name] for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))

PATIENCE = 10.0  # s, for the end that the first signal began


class Interrupted(KeyboardInterrupt):
    """KeyboardInterrupt that names its signal."""


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise `Interrupted` in the main thread at the first of these signals, and ignore the next ones.

    One that comes ten seconds later raises again: Python may lose an exception that is raised in a callback.
    A signal that is ignored, as SIGHUP under ``nohup``, stays ignored. A ``with`` block that exits after a
    signal does so with the code that shells give to it.
    """
    possible = SIGNALS if threading.current_thread() is threading.main_thread() else ()
    usual = {
        number: handler
        for number in possible
        if (handler := signal.getsignal(number)) in (signal.SIG_DFL, signal.default_int_handler)
    }

    heard: list[int] = []
    heard_at = -math.inf

    def interrupt(number: int, _: FrameType | None) -> None:
        nonlocal heard_at
        if time.monotonic() - heard_at < PATIENCE:
            return
        heard_at = time.monotonic()
        heard.append(number)
        raise Interrupted(signal.Signals(number).name)

    for number in usual:
        signal.signal(number, interrupt)
    try:
        yield
    except SystemExit:
        if heard:
            raise SystemExit(128 + heard[0]) from None
        raise
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)
