"""Reports of a run while it goes on: written again whenever documents have changed."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from mlffbench.cli.console import json_line, say, stop
from mlffbench.cli.suite import print_report, read_results, write_files
from mlffbench.cli.unfinished import unfinished_rows

if TYPE_CHECKING:
    from mlffbench.harness.documents.store import Store
    from mlffbench.system.lease import Leases

__all__ = ["watch_report"]

PATIENCE = 15.0  # s without a case that is being computed, after which a run has ended
REST = 4.0  # times the seconds that a report took, until the next one: the run needs the processor, too

State = frozenset[tuple[str, int, int, int]]


def watch_report(
    stores: Sequence[Store], folder: Path, every: float, as_json: bool, rank_by: str = "",
    data: Sequence[str] = (),
) -> None:  # fmt: skip
    """Write a report whenever documents change; return when the run has ended.

    A run has ended when all cases of the kept suites are there and none is being computed, or when it was
    computing some and has not for 15 seconds. The last report is printed whole.

    Parameters
    ----------
    stores : sequence of Store
    folder : Path
        That the reports are written into; each file is replaced whole.
    every : float
        Seconds between two looks at the files' names and times. After a report at least four times as long
        passes as it took.
    as_json : bool
        Print events as lines of JSON.
    rank_by : str
        Order of the rows, see `mlffbench.report.verdict.merit`.
    data : sequence of str
        The user's own files whose structures the page shows.
    """
    runs = _Runs([store.leases() for store in stores])
    reported: State = frozenset()
    counted, due = None, 0.0
    is_told = False
    while True:
        state, is_going = _state(stores), runs.are_going()
        if state != counted:
            counts, counted = _count(stores), state
        has_ended = not is_going and (runs.were_seen or counts.are_complete)
        if has_ended:
            break
        if not is_going and not is_told:
            names = ", ".join(str(store.folder) for store in stores)
            say(f"no case of {names} is being computed; waiting for a run, Ctrl-C ends", err=True)
            is_told = True
        if state != reported and time.monotonic() >= due and counts.done:
            began = time.monotonic()
            _say_report(counts, _write(stores, folder, rank_by, data), as_json)
            reported, due = state, time.monotonic() + REST * (time.monotonic() - began)
        time.sleep(every)
    if as_json:
        _send("ended", counts, _write(stores, folder, rank_by, data))
    else:
        print_report(stores, out=folder, rank_by=rank_by, data=data)


class _Runs:
    """Runs that compute cases of some folders, as their leases tell."""

    def __init__(self, leases: Sequence[Leases]) -> None:
        self._leases = leases
        self._seen_at = -float("inf")

    @property
    def were_seen(self) -> bool:
        return self._seen_at > 0

    def are_going(self) -> bool:
        """True while a case is being computed, and for a moment after it."""
        now = time.monotonic()
        if any(leases.living_names() for leases in self._leases):
            self._seen_at = now
        return now - self._seen_at < PATIENCE


@dataclass(frozen=True)
class _Counts:
    """Cases that have finished, those among them that failed, and all that the kept suites ask for."""

    done: int
    failed: int
    total: int | None
    are_complete: bool

    @property
    def words(self) -> str:
        whole = f"{self.done} cases" if self.total is None else f"{self.done} of {self.total} cases"
        return whole + (f", {self.failed} failed" if self.failed else "")


def _count(stores: Sequence[Store]) -> _Counts:
    documents = [store.documents() for store in stores]
    rows = [unfinished_rows(store.folder, own) for store, own in zip(stores, documents, strict=True)]
    flat = [document for own in documents for document in own]
    failed = sum(document["status"] == "failed" for document in flat)
    planned = [total for total, _ in rows]
    total = sum(planned) if all(planned) else None
    return _Counts(len(flat), failed, total, all(planned) and not any(missing for _, missing in rows))


def _state(stores: Sequence[Store]) -> State:
    """Names, times and sizes of all documents and kept suites: what a look costs."""
    found = []
    for store in stores:
        with os.scandir(store.folder) as entries:
            for entry in entries:
                if entry.name.endswith((".json", ".yaml")):
                    try:
                        status = entry.stat()
                    except OSError:  # replaced at this moment; the next look sees it
                        continue
                    found.append((entry.path, status.st_mtime_ns, status.st_size, status.st_ino))
    return frozenset(found)


def _write(stores: Sequence[Store], folder: Path, rank_by: str, data: Sequence[str]) -> list[Path]:
    results, predictions = read_results(stores, rank_by=rank_by)
    try:
        return write_files(results, predictions, folder, data)
    except OSError as error:
        stop(f"{error}; the former report stays")


def _say_report(counts: _Counts, files: Sequence[Path], as_json: bool) -> None:
    if as_json:
        _send("report", counts, files)
    else:
        page = next(str(file) for file in files if file.suffix == ".html")
        say(f"{datetime.now():%H:%M:%S} {counts.words}: wrote {page}")


def _send(event: str, counts: _Counts, files: Sequence[Path]) -> None:
    facts: dict[str, Any] = {
        "event": event, "time": datetime.now(UTC).isoformat(timespec="seconds"), "cases_done": counts.done,
        "cases_total": counts.total, "cases_failed": counts.failed, "files": [str(file) for file in files],
    }  # fmt: skip
    typer.echo(json_line(facts), nl=False)
