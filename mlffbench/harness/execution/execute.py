"""Loop over cases: one child process each; only the parent writes results."""

from __future__ import annotations

import os
import shutil
from collections.abc import Container, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from mlffbench.harness.case import Case
from mlffbench.harness.documents.kept_models import SMALL
from mlffbench.harness.documents.store import Store
from mlffbench.harness.execution.case_queue import ANSWER, CaseQueue, Observer, remove_empty
from mlffbench.harness.execution.placement import Executor
from mlffbench.harness.executors.local import Local
from mlffbench.system.folder_lock import claim

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
) -> None:
    """Run cases in processes that an executor gives them.

    Interrupting, killing or losing the machine loses no finished case. Of a case in flight that has tasks,
    the fit and the finished pieces of the tasks stay in the store's ``unfinished`` folder. A case that
    another run computes in the same folder is left to it, and is run here only if the other gives up.

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
        Repetitions of a case whose process was lost with its worker.

    Raises
    ------
    DiskFullError
        The disk is full; the case is not stored as failed.
    OSError
        The results cannot be written.
    """
    _tidy(store)
    with executor or Local() as entered:
        CaseQueue(cases, store, observer, entered, time_limit, fresh, extended, keep_models, retries).run()


def _tidy(store: Store) -> None:
    """Remove what killed runs have left half-written."""
    store.clean()
    if not store.unfinished_folder.is_dir():
        return
    inside = os.scandir(store.unfinished_folder)
    for folder in [Path(entry) for entry in inside if entry.is_dir(follow_symlinks=False)]:
        with claim(folder) as abandoned:
            if abandoned and folder.name.startswith(ANSWER):
                shutil.rmtree(folder, ignore_errors=True)
            if abandoned:
                remove_empty(folder)
