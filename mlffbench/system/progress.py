"""Progress reports of long computations, sent to one listener if there is one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["listen", "report"]

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
