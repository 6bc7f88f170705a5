"""Child process of the harness, which runs one case.

It is forked by a template that has imported this module (`mlffbench.system.template_process`), or is a fresh
interpreter: ``python -P -m mlffbench.harness.execution.worker``.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from numpy.random import mtrand

from mlffbench.harness.case import Case
from mlffbench.harness.execution.answer import write_answer, write_model
from mlffbench.harness.execution.staying import stay
from mlffbench.harness.extend import extend
from mlffbench.harness.run import run
from mlffbench.registry.trusted import trust
from mlffbench.system import checkpoint, progress
from mlffbench.system.failures import DiskFullError
from mlffbench.system.provenance import provenance

__all__ = ["main", "prepare"]


def prepare() -> None:
    """Find, once for all children, facts that cost time and that no case changes."""
    provenance()


def main() -> None:
    """Read an order as one line of JSON; write events, and the answer as files.

    Order: ``case``; ``answer``, the folder of the answer; ``unfinished``, that of checkpoints, or null;
    ``largest_model``, the bytes up to which the fitted model is written, null for any; ``results``, the
    results folder with the kept model that the case's tasks run on, or null for a fit. From another machine
    also ``folder``, the working folder, entered if it is here, too, and ``trusted``, what the user trusts. A
    line may come before it: ``environ``, variables to be set, and ``stay``, to answer one order after the
    other (`mlffbench.harness.execution.staying`).

    Events are lines of JSON: ``{"progress": [...]}``, then ``{"answering": true}`` and ``{"answered":
    true}``, or ``{"disk full": reason}`` or ``{"unwritable": reason}``.
    """
    events = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a framework prints must not mix with the events

    def send(kind: str, value: Any = True) -> None:
        with suppress(OSError, ValueError):  # a library has closed the pipe; the answer comes as files
            events.write(f"\n{json.dumps({kind: value})}\n")  # on a line of its own
            events.flush()

    order, stays = _order(), False
    if order is not None and "case" not in order:
        os.environ.update(order["environ"])
        stays, order = order["stay"], _order()
    if order is not None:
        _enter(order)
    if stays:
        stay(order, _order, partial(_answer, send=send), send)
    elif order is not None:
        mtrand.seed()  # numpy's global generator is another one in every process
        _answer(order, send)


def _order() -> dict[str, Any] | None:
    """The next line; None if no more will come."""
    line = sys.stdin.readline()
    return json.loads(line) if line.strip() else None


def _answer(order: dict[str, Any], send: Callable[..., None]) -> bool:
    """Run the case and write its answer; False if it has failed."""
    try:
        return _answered(order, send)
    except DiskFullError as error:
        send("disk full", str(error))
        return False


def _enter(order: dict[str, Any]) -> None:
    """Enter the working folder of a driver elsewhere, and share its user's trust."""
    with suppress(OSError):
        os.chdir(order.get("folder", "."))
    if order.get("trusted"):
        trust(*order["trusted"])


def _answered(order: dict[str, Any], send: Callable[..., None]) -> bool:
    """Run the case; write its answer; False if it has failed."""
    unfinished = Path(order["unfinished"]) if order["unfinished"] else None
    listening = progress.listen(lambda *report: send("progress", report))
    case, place = Case.from_json(order["case"]), Path(order["answer"])
    with listening, checkpoint.keep_in(unfinished):
        if order["results"]:
            outcome, predictions = extend(case, Path(order["results"])), None
        else:
            outcome, predictions = run(case, partial(write_model, place, largest=order["largest_model"]))
    send("answering")
    try:
        write_answer(place, outcome, predictions)
    except OSError as error:
        send("unwritable", str(error.strerror or error))
        return False
    send("answered")
    return outcome.failure is None


if __name__ == "__main__":
    main()
