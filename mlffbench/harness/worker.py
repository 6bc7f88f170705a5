"""Child process of the harness: ``python -m mlffbench.harness.worker`` runs one case."""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np

from mlffbench.harness.case import Case
from mlffbench.harness.run import run
from mlffbench.system import checkpoint, progress

__all__ = ["main"]


def main() -> None:
    """Read ``{case, predictions, unfinished}`` as one line of JSON; write events, then the outcome."""
    events = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a framework prints must not mix with the events
    order = json.loads(sys.stdin.readline())
    threading.Thread(target=_die_with_the_parent, daemon=True).start()

    def send(**event: Any) -> None:
        events.write(json.dumps(event) + "\n")
        events.flush()

    unfinished = Path(order["unfinished"]) if order["unfinished"] else None
    listening = progress.listen(lambda *report: send(progress=report))
    with listening, checkpoint.keep_in(unfinished):
        outcome, predictions = run(Case.from_json(order["case"]))
    if predictions is not None:
        np.savez(order["predictions"], **predictions)  # type: ignore[arg-type]
    send(outcome=outcome.to_json())


def _die_with_the_parent() -> None:
    """Exit when standard input closes: the parent has died."""
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    main()
