"""Loop over cases: one child process each; only the parent writes results."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Container, Sequence
from pathlib import Path
from typing import Any, Protocol

import joblib
import numpy as np

from mlffbench.harness.case import Case
from mlffbench.harness.outcome import failed
from mlffbench.harness.store import Store
from mlffbench.system.child_process import ChildProcess

__all__ = ["Observer", "execute", "pending"]


class Observer(Protocol):
    """Callbacks of a run: a case starts, progresses, finishes."""

    def started(self, case: Case) -> None: ...
    def progressed(
        self, case: Case, stage: str, step: int, total: int | None, values: dict[str, float]
    ) -> None: ...
    def finished(self, case: Case, document: dict[str, Any]) -> None: ...


def pending(
    cases: Sequence[Case],
    store: Store,
    force: bool = False,
    retry: bool = False,
    changed: Container[str] = (),
) -> list[Case]:
    """The cases still to run: those not stored or `changed`, failed ones with `retry`, all with `force`."""

    def wanted(case: Case) -> bool:
        document = store.load(case.id)
        return document is None or force or case.id in changed or (retry and document["status"] == "failed")

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
    children: set[ChildProcess] = set()
    threads = max(1, (os.cpu_count() or 1) // jobs)
    try:
        joblib.Parallel(n_jobs=jobs, backend="threading")(
            joblib.delayed(_run_one)(case, store, observer, children, threads, time_limit) for case in cases
        )
    finally:
        for child in list(children):
            child.kill()


def _run_one(
    case: Case,
    store: Store,
    observer: Observer,
    children: set[ChildProcess],
    threads: int,
    time_limit: float | None,
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
    children: set[ChildProcess],
    threads: int,
    time_limit: float | None,
) -> dict[str, Any]:
    """Run the case in a child process; return its document, or a failure document if it dies."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
        child = ChildProcess(["-m", "mlffbench.harness.worker"], threads=threads, errors=errors)
        children.add(child)
        try:
            with child.time_limit(time_limit):
                document = _outcome(child, case, order, observer)
                child.wait()
            if document is not None:
                return document
            errors.seek(0)
            return failed(case, {**child.failure(time_limit), "traceback": errors.read()[-4000:]}).to_json()
        finally:
            child.close()
            children.discard(child)


def _outcome(
    child: ChildProcess, case: Case, order: dict[str, Any], observer: Observer
) -> dict[str, Any] | None:
    """The document that the child sends last; None if the child dies first."""
    child.send(json.dumps(order))
    for line in child.lines():
        event = json.loads(line)
        if "outcome" in event:
            return event["outcome"]
        observer.progressed(case, *event["progress"])
    return None
