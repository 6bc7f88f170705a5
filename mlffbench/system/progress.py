"""Progress reports of long computations, sent to one listener if there is one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["listen", "report", "watch"]

Listener = Callable[[str, int, int | None, dict[str, float]], None]
_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


def report(stage: str, step: int, total: int | None = None, **values: float) -> None:
    """Say that `step` of `total` of `stage` is done, with numbers worth showing (``loss=0.1``)."""
    listener = _listener.get()
    if listener is not None:
        listener(stage, step, total, values)


@contextmanager
def listen(listener: Listener) -> Iterator[None]:
    """Send every report made inside the ``with`` block to `listener`."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


@contextmanager
def watch(watcher: Listener) -> Iterator[None]:
    """Let `watcher` hear every report made inside the ``with`` block, before the listener does.

    An exception that it raises ends what reported.
    """
    outer = _listener.get()

    def both(stage: str, step: int, total: int | None, values: dict[str, float]) -> None:
        watcher(stage, step, total, values)
        if outer is not None:
            outer(stage, step, total, values)

    with listen(both):
        yield
