"""The loop over cases: each in a process of its own, finished ones skipped, results stored by the parent."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import joblib
import numpy as np

from mlffbench.harness.plan import Case
from mlffbench.harness.run import failed
from mlffbench.harness.store import Store
from mlffbench.labelling.worker_pool import THREADS

__all__ = ["Observer", "execute", "pending"]


class Observer(Protocol):
    """Who watches a run; no progress bar is one too."""

    def started(self, case: Case) -> None: ...
    def progressed(
        self, case: Case, stage: str, step: int, total: int | None, values: dict[str, float]
    ) -> None: ...
    def finished(self, case: Case, document: dict[str, Any]) -> None: ...


def pending(cases: Sequence[Case], store: Store, force: bool = False, retry: bool = False) -> list[Case]:
    """The cases still to run: not stored, or failed with `retry`, or all with `force`."""

    def wanted(case: Case) -> bool:
        document = store.load(case.id)
        return document is None or force or (retry and document["status"] == "failed")

    return [case for case in cases if wanted(case)]


def execute(
    cases: Sequence[Case], store: Store, observer: Observer, jobs: int = 1, time_limit: float | None = None
) -> None:
    """Run cases, `jobs` at a time, each in a fresh interpreter with an equal share of the cores.

    Interrupting, killing or losing the machine loses no finished case. Of a case in flight that has tasks,
    the fit and the finished pieces of the tasks stay in the store's ``unfinished`` folder.

    Parameters
    ----------
    time_limit : float, optional
        Seconds a case may take; one that takes longer is stored as failed, kind ``timed out``.
    """
    store.clean()
    children = _Children()
    threads = max(1, (os.cpu_count() or 1) // jobs)
    try:
        joblib.Parallel(n_jobs=jobs, backend="threading")(
            joblib.delayed(_run_one)(case, store, observer, children, threads, time_limit) for case in cases
        )
    finally:
        children.stop()


def _run_one(
    case: Case, store: Store, observer: Observer, children: _Children, threads: int, time_limit: float | None
) -> None:
    observer.started(case)
    unfinished = store.unfinished_path(case.id) if case.tasks else None
    with tempfile.TemporaryDirectory(prefix="mlffbench-") as scratch:
        arrays = Path(scratch) / "predictions.npz"
        order = {
            "case": case.to_json(),
            "predictions": str(arrays),
            "unfinished": unfinished and str(unfinished),
        }
        document = _converse(case, order, observer, children, threads, time_limit)
        predictions = None
        if arrays.exists() and document["status"] == "ok":
            with np.load(arrays) as archive:
                predictions = dict(archive)
        store.save(document, predictions)
        if document["status"] == "ok":
            store.forget_unfinished(case.id)
    observer.finished(case, document)


def _converse(
    case: Case,
    order: dict[str, Any],
    observer: Observer,
    children: _Children,
    threads: int,
    time_limit: float | None,
) -> dict[str, Any]:
    """Hand the case to a child, pass its progress on, return its document or the document of its death."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as complaints:
        child = children.start(threads, complaints)
        late = threading.Event()
        timer = threading.Timer(time_limit or 0, _end_late, (child, late))
        if time_limit is not None:
            timer.start()
        try:
            document = _listen(child, case, order, observer)
            child.wait()
        finally:
            timer.cancel()
            children.end(child)
        if document is not None:
            return document
        complaints.seek(0)
        return failed(case, _death(child, late.is_set(), time_limit, complaints.read())).to_json()


def _end_late(child: subprocess.Popen[str], late: threading.Event) -> None:
    late.set()
    child.kill()


def _listen(
    child: subprocess.Popen[str], case: Case, order: dict[str, Any], observer: Observer
) -> dict[str, Any] | None:
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        child.stdin.write(json.dumps(order) + "\n")
        child.stdin.flush()
    except BrokenPipeError:
        return None
    for line in child.stdout:
        event = json.loads(line)
        if "outcome" in event:
            return event["outcome"]
        observer.progressed(case, *event["progress"])
    return None


def _death(child: subprocess.Popen[str], late: bool, limit: float | None, complaints: str) -> dict[str, str]:
    if late:
        kind, message = "timed out", f"took longer than the suite's time_limit of {limit:g} s"
    elif child.returncode == -signal.SIGKILL:
        kind, message = "out of memory", "the process was killed (signal 9), most often for want of memory"
    else:
        kind, message = "error", f"the process ended with code {child.returncode} and left no result"
    return {"kind": kind, "message": message, "traceback": complaints[-4000:]}


class _Children:
    """The processes alive, so that an interrupt can end them all."""

    def __init__(self) -> None:
        self.alive: set[subprocess.Popen[str]] = set()

    def start(self, threads: int, complaints: Any) -> subprocess.Popen[str]:
        environment = {**os.environ, **{name: str(threads) for name in THREADS}}
        child = subprocess.Popen(
            [sys.executable, "-m", "mlffbench.harness.run"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaints, text=True, env=environment,
        )  # fmt: skip
        self.alive.add(child)
        return child

    def end(self, child: subprocess.Popen[str]) -> None:
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                pipe.close()
        self.alive.discard(child)

    def stop(self) -> None:
        for child in list(self.alive):
            child.kill()
