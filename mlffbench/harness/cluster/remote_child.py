"""Child process on a worker of a cluster, with the interface of one on this machine."""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mlffbench.harness.case import Case
from mlffbench.harness.cluster.files import read_files, write_files
from mlffbench.harness.cluster.reservation import ENDED, Reservation
from mlffbench.harness.documents.store import Store
from mlffbench.harness.execution.answer import DOCUMENT
from mlffbench.harness.execution.resources import is_timed
from mlffbench.registry.trusted import trusted

__all__ = ["RemoteChild"]

KEPT_ERRORS = 4000  # bytes, the last ones
LARGEST = 1 << 30  # bytes of unfinished work that is sent to a worker


class RemoteChild:
    """Child process of one case, see `mlffbench.harness.execution.placement.Child`.

    Parameters
    ----------
    reservation : Reservation
        Its place; a worker holds it.
    """

    def __init__(self, reservation: Reservation) -> None:
        self._reservation = reservation
        self._lines: deque[str] = deque()
        self._order: dict[str, Any] = {}
        self._errors = b""
        self._hear: Callable[[bytes], None] = lambda _: None
        self.memory: int | None = None

    @property
    def errors(self) -> str:
        """The last lines of its standard error."""
        return self._errors.decode(errors="replace")

    def copy_errors(self, hear: Callable[[bytes], None]) -> None:
        """Call `hear` with what the process writes to standard error, in pieces."""
        self._hear = hear

    @contextmanager
    def time_limit(self, seconds: float | None) -> Iterator[None]:
        """Have the worker kill the process if the ``with`` block takes longer; None: no limit."""
        if seconds is not None:
            self._reservation.deliver({"limit": seconds})
        yield

    def send(self, line: str) -> None:
        """Send the order; if the worker is lost, `lines` yields nothing."""
        self._order = json.loads(line)
        timed = is_timed(Case.from_json(self._order["case"]))  # here, where the user's trust is known
        more = {"folder": os.getcwd(), "trusted": trusted(), "timed": timed}
        order = json.dumps({**self._order, **more})
        self._reservation.deliver({"order": order})

    def lines(self) -> Iterator[str]:
        """Yield the lines of its standard output until it has ended and its answer is here."""
        while self._lines:  # that were not taken before
            yield self._lines.popleft()
        for message in self._reservation.messages():
            self._take(message)
            while self._lines:
                yield self._lines.popleft()
        self.memory = None
        for name, files in ((self._reservation.result or {}).get("files") or {}).items():
            write_files(Path(self._order[name]), files, last=DOCUMENT)

    def _take(self, message: Mapping[str, Any]) -> None:
        self.memory = message.get("memory") or self.memory
        self._lines += message.get("lines") or ()
        if message.get("unseen"):
            self._reservation.deliver({"files": self._needed()})
        if errors := message.get("errors"):
            self._errors = (self._errors + errors)[-KEPT_ERRORS:]
            self._hear(errors)

    def failure(self, limit: float | None) -> dict[str, str]:
        """Return ``kind`` and ``message`` of a process that ended without an answer; `limit` in s."""
        if (loss := self._reservation.loss) is not None:
            return {"kind": "worker lost", "message": loss}
        ended = {"kind": "worker lost", "message": ENDED}
        return (self._reservation.result or {}).get("failure") or ended

    def kill(self) -> None:
        """End the process."""
        self._reservation.end()

    def close(self, patience: float = 0.0) -> None:
        """Give the process `patience` seconds to end by itself; then kill it."""
        for message in self._reservation.messages(patience):
            self._take(message)
        self.kill()

    def _needed(self) -> dict[str, bytes]:
        """Files that a worker needs of the folders that it does not see."""
        files: dict[str, bytes] = {}
        if self._order["unfinished"]:
            files |= _below("unfinished", Path(self._order["unfinished"]))
        if self._order["results"]:
            store = Store(Path(self._order["results"]))
            id = Case.from_json(self._order["case"]).id
            paths = (store.document_path(id), store.model_path(id))
            files |= {f"results/{p.relative_to(store.folder)}": p.read_bytes() for p in paths if p.is_file()}
        return files


def _below(name: str, folder: Path) -> dict[str, bytes]:
    """Files of a folder, unless they are too many to send."""
    if sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) > LARGEST:
        return {}
    return {f"{name}/{path}": content for path, content in read_files(folder).items()}
