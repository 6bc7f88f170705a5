"""Child process of the harness, which runs one case.

It is forked by a template that has imported this module (`mlffbench.system.template_process`), or is a fresh
interpreter: ``python -P -m mlffbench.harness.worker``.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from numpy.random import mtrand

from mlffbench.harness.answer import write_answer
from mlffbench.harness.case import Case
from mlffbench.harness.run import run
from mlffbench.system import checkpoint, progress
from mlffbench.system.failures import DiskFullError
from mlffbench.system.provenance import provenance

__all__ = ["main", "prepare"]


def prepare() -> None:
    """Find, once for all children, facts that cost time and that no case changes."""
    provenance()


def main() -> None:
    """Read ``{case, answer, unfinished}`` as one line of JSON; write events, and the answer as files.

    Events are lines of JSON: ``{"progress": [...]}``, then ``{"answering": true}`` and ``{"answered":
    true}``, or ``{"disk full": reason}`` or ``{"unwritable": reason}``.
    """
    events = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a framework prints must not mix with the events

    def send(kind: str, value: Any = True) -> None:
        with suppress(OSError, ValueError):  # a library has closed the pipe; the answer comes as files
            events.write(f"\n{json.dumps({kind: value})}\n")  # on a line of its own
            events.flush()

    mtrand.seed()  # numpy's global generator is another one in every process
    order = json.loads(sys.stdin.readline())
    try:
        _answer(order, send)
    except DiskFullError as error:
        send("disk full", str(error))


def _answer(order: dict[str, Any], send: Callable[..., None]) -> None:
    """Run the case; write its answer."""
    unfinished = Path(order["unfinished"]) if order["unfinished"] else None
    listening = progress.listen(lambda *report: send("progress", report))
    with listening, checkpoint.keep_in(unfinished):
        outcome, predictions = run(Case.from_json(order["case"]))
    send("answering")
    try:
        write_answer(Path(order["answer"]), outcome, predictions)
    except OSError as error:
        send("unwritable", str(error.strerror or error))
    else:
        send("answered")


if __name__ == "__main__":
    main()
