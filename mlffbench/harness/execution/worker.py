"""Child process of the harness, which runs one case.

It is forked by a template that has imported this module (`mlffbench.system.template_process`), or is a fresh
interpreter: ``python -P -m mlffbench.harness.execution.worker``.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from numpy.random import mtrand

from mlffbench.harness.case import Case
from mlffbench.harness.execution.answer import write_answer, write_model
from mlffbench.harness.execution.entry import check_entered, enter, environment_record, lock_text
from mlffbench.harness.execution.staying import stay
from mlffbench.harness.extend import extend
from mlffbench.harness.outcome import Outcome, failed
from mlffbench.harness.run import run
from mlffbench.registry.trusted import trust
from mlffbench.system import checkpoint, progress
from mlffbench.system.failures import DiskFullError, failure_of
from mlffbench.system.provenance import provenance

__all__ = ["main", "prepare"]

MODULE = "mlffbench.harness.execution.worker"


def prepare() -> None:
    """Find, once for all children, facts that cost time and that no case changes."""
    provenance()


def main() -> None:
    """Read an order as one line of JSON; write events, and the answer as files.

    Order: ``case``; ``answer``, the folder of the answer; ``unfinished``, that of checkpoints, or null;
    ``largest_model``, the bytes up to which the fitted model is written, null for any; ``results``, the
    results folder with the kept model that the case's tasks run on, or null for a fit; ``run``, a name of the
    run. From another machine also ``folder``, the working folder, entered if it is here, too, and
    ``trusted``, what the user trusts. A line may come before it: ``environ``, variables to be set, and
    ``stay``, to answer one order after the other (`mlffbench.harness.execution.staying`). The process of a
    case with an environment goes on as the Python of that environment (`mlffbench.harness.execution.entry`).

    Events are lines of JSON: ``{"progress": [...]}``, then ``{"answering": true}`` and ``{"answered":
    true}``, or ``{"disk full": reason}`` or ``{"unwritable": reason}``. In an environment ``{"entered":
    lock}`` comes first, with its packages as text.
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
        _share(order)
    answer = partial(_answer, send=send, events=events.fileno())
    if stays:
        stay(order, _order, answer, send)
    elif order is not None:
        mtrand.seed()  # numpy's global generator is another one in every process
        answer(order)


def _order() -> dict[str, Any] | None:
    """The next line; None if no more will come."""
    line = sys.stdin.readline()
    return json.loads(line) if line.strip() else None


def _answer(order: dict[str, Any], send: Callable[..., None], events: int) -> bool:
    """Run the case and write its answer; False if it has failed."""
    try:
        if refused := _entered(order, send, events):
            return _written(order, refused, None, send)
        return _answered(order, send)
    except DiskFullError as error:
        send("disk full", str(error))
        return False


def _share(order: dict[str, Any]) -> None:
    """Share the working folder and the trust of the user who sent an order from elsewhere."""
    with suppress(OSError):
        os.chdir(order.get("folder", "."))
    if order.get("trusted"):
        trust(*order["trusted"])


def _entered(order: dict[str, Any], send: Callable[..., None], events: int) -> Outcome | None:
    """Go on in the environment of the case, if it has one; the outcome of a case that cannot."""
    case = Case.from_json(order["case"])
    if case.environment is None:
        return None
    try:
        if "entered" not in order:
            send("progress", ["environment", 0, None, {}])
            enter(order, MODULE, events)
        check_entered(order["entered"])
    except ImportError as error:
        return failed(case, failure_of(error))
    send("entered", lock_text())
    return None


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
    if case.environment is not None:
        record = {"environment": environment_record(case.environment, lock_text())}
        outcome = replace(outcome, provenance={**outcome.provenance, **record})
    return _written(order, outcome, predictions, send)


def _written(
    order: dict[str, Any], outcome: Outcome, predictions: Mapping[str, Any] | None, send: Callable[..., None]
) -> bool:
    """Write the answer; False if the case has failed, or the answer cannot be written."""
    send("answering")
    try:
        write_answer(Path(order["answer"]), outcome, predictions)
    except OSError as error:
        send("unwritable", str(error.strerror or error))
        return False
    send("answered")
    return outcome.failure is None


if __name__ == "__main__":
    main()
