"""Loop over cases: one child process each; only the parent writes results."""

from __future__ import annotations

from collections.abc import Container, Sequence
from contextlib import AbstractContextManager

from mlffbench.harness.case import Case
from mlffbench.harness.documents.kept_models import SMALL
from mlffbench.harness.documents.store import Store
from mlffbench.harness.execution.case_queue import CaseQueue, Observer
from mlffbench.harness.execution.placement import Executor
from mlffbench.harness.executors.local import Local

__all__ = ["Observer", "execute"]


def execute(
    cases: Sequence[Case],
    store: Store,
    observer: Observer,
    executor: AbstractContextManager[Executor] | None = None,
    time_limit: float | None = None,
    fresh: bool = False,
    extended: Container[str] = (),
    keep_models: str = SMALL,
    retries: int = 1,
    replaced: Container[str] = (),
) -> None:
    """Run cases in processes that an executor gives them.

    Interrupting, killing or losing the machine loses no finished case. Of a case in flight that has tasks,
    the fit and the finished pieces of the tasks stay in the store's ``unfinished`` folder. A case that
    another run computes in the same folder, here or on another machine, is left to it, and is run here only
    if the other gives up, dies or is stopped for a minute.

    Parameters
    ----------
    executor : Executor, optional
        By default one case at a time on this machine. One that has been entered comes as ``nullcontext``.
    time_limit : float, optional
        Seconds a case may take; one that takes longer is stored as failed, kind ``timed out``.
    fresh : bool
        Start every case anew, without what is kept of it.
    extended : container of str
        Ids of finished cases: the tasks of these `cases` are added, on the kept model; nothing is fitted.
    keep_models : {"small", "all", "best", "none"}
        As in a suite; which of them is the best is known to `kept_models.discard_models` after the run.
    retries : int
        Repetitions of a case whose process was lost.
    replaced : container of str
        Ids of the finished cases that are computed again; others that another run has finished meanwhile are
        not.

    Raises
    ------
    DiskFullError
        The disk is full; the case is not stored as failed.
    OSError
        The results cannot be written.
    """
    _tidy(store)
    with executor or Local() as entered:
        CaseQueue(
            cases, store, observer, entered, time_limit, fresh, extended, keep_models, retries, replaced
        ).run()


def _tidy(store: Store) -> None:
    """Remove what killed runs have left half-written, and the leases that they held on this machine."""
    store.clean()
    leases = store.leases()
    for id in sorted({*store.unfinished.ids(), *leases.names()}):
        with leases.claim(id) as abandoned:
            if abandoned is not None:
                store.unfinished.remove_answers(id)
                store.unfinished.remove_empty(id)
