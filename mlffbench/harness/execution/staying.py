"""Process that answers many orders, one after the other, and leaves when one has left traces in it."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

from mlffbench import registry
from mlffbench.harness.case import Case
from mlffbench.harness.case_data import keep_datasets
from mlffbench.system.failures import catch_failure
from mlffbench.system.process_state import changes, collect_garbage, process_state, seed_afresh

__all__ = ["stay"]

LARGEST_DATA = 64 * 2**20  # bytes of the datasets that stay in memory
GROWTH, LEAST_GROWTH = 0.25, 64 * 2**20  # beyond the memory after the first case, as a share, and in bytes

Order = dict[str, Any]


def stay(
    order: Order | None,
    next_order: Callable[[], Order | None],
    answer: Callable[[Order], bool],
    send: Callable[..., None],
) -> None:
    """Answer orders until there are no more, one fails, or the process is not as it was before it.

    After each order an event says if another may come: ``{"ready": bytes}``, the memory of the process, or
    ``{"leaves": [names]}`` of what has changed.

    Parameters
    ----------
    order : mapping
        The first one, see `mlffbench.harness.execution.worker.main`.
    next_order : callable
        Waits for the next one; None if no more will come.
    answer : callable
        Runs a case; False if it failed.
    send : callable
        ``(kind, value)`` of an event.
    """
    catch_failure(lambda: _import_libraries(order or {}))
    keep_datasets(LARGEST_DATA)
    gc.collect()
    gc.freeze()  # what is imported is not looked at again
    before, first_memory = process_state(), 0
    while order is not None:
        seed_afresh()
        is_good = answer(order)
        memory = collect_garbage()
        first_memory = first_memory or memory
        traces = changes(before, process_state())
        if memory > first_memory + max(LEAST_GROWTH, GROWTH * first_memory):
            traces.append("memory")
        if traces or not is_good:
            send("leaves", traces)
            return
        send("ready", memory)
        order = next_order()


def _import_libraries(order: Order) -> None:
    """Import what the method imports, whose own traces are no case's."""
    registry.make(Case.from_json(order["case"]).estimator, ("estimators",)).import_libraries()
