"""Cases that a run computes, a few at a time, each case by one run only."""

from __future__ import annotations

import secrets
import shutil
import threading
import time
from collections.abc import Container, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from mlffbench.harness.case import Case
from mlffbench.harness.documents.environment_locks import keep_lock
from mlffbench.harness.documents.kept_models import SMALL, largest_model
from mlffbench.harness.documents.store import Store
from mlffbench.harness.execution.answer import answered_model
from mlffbench.harness.execution.case_log import CaseLog
from mlffbench.harness.execution.case_process import CaseProcess
from mlffbench.harness.execution.placement import Executor, Start
from mlffbench.harness.execution.resources import is_timed
from mlffbench.harness.extend import with_tasks
from mlffbench.harness.outcome import failed
from mlffbench.system import checkpoint
from mlffbench.system.failures import INFRASTRUCTURE, failure_of
from mlffbench.system.lease import Lease, LeaseLost

__all__ = ["CaseQueue", "Observer"]

PATIENCE = 1.0  # s, for a child that has answered to tidy up and end
BEAT = 2.0  # s, between looks at the memory of the running cases
LOGS = "logs"  # folder of the log files
POLL = 0.5  # s, between looks at cases that another run computes
LOST = "worker lost"
INTERRUPTED = {"kind": "interrupted", "message": "the run ended before the case did", "traceback": ""}


class Observer(Protocol):
    """Callbacks of a run: a case starts, progresses, finishes; a case of another run only finishes.

    `beat` is called every other second with the memory of the processes of the running cases, in bytes;
    `waiting` when nothing is left but cases that another run is computing.
    """

    def started(self, case: Case) -> None: ...
    def beat(self, memory: Mapping[str, int | None]) -> None: ...
    def waiting(self, cases: Sequence[Case]) -> None: ...
    def progressed(
        self, case: Case, stage: str, step: int, total: int | None, values: dict[str, float]
    ) -> None: ...
    def finished(self, case: Case, document: dict[str, Any]) -> None: ...


class CaseQueue:
    """Cases that one process computes, in children, beside other processes in the same folder.

    A case belongs to the process that holds its lease (`mlffbench.system.lease`).

    Parameters
    ----------
    cases : sequence of Case
    store : Store
    observer : Observer
    executor : Executor
        Gives every case its process.
    time_limit : float or None
        Of each case, in s.
    fresh : bool
        Start every case anew, without what is kept of it.
    extended : container of str
        Ids of the finished cases to which the tasks given here are added, on the kept model.
    keep_models : str
        As in a suite.
    retries : int
        Repetitions of a case whose process was lost.
    replaced : container of str
        Ids of the finished cases that are computed again.
    """

    def __init__(
        self,
        cases: Sequence[Case],
        store: Store,
        observer: Observer,
        executor: Executor,
        time_limit: float | None,
        fresh: bool,
        extended: Container[str] = (),
        keep_models: str = SMALL,
        retries: int = 1,
        replaced: Container[str] = (),
    ) -> None:
        self.retries, self.replaced = retries, replaced
        self.token = secrets.token_hex(8)
        self.extended, self.largest_model = extended, largest_model(keep_models)
        self.cases, self.store, self.observer = cases, store, observer
        self.executor, self.time_limit, self.fresh = executor, time_limit, fresh
        self.before = {case.id: store.version(case.id) for case in cases}
        self.leases = store.leases()
        self.held: dict[str, Lease] = {}
        self.children: set[CaseProcess] = set()
        self.stopping = threading.Event()

    def run(self) -> None:
        """Run all cases; those that other runs are computing come last."""
        with self.leases, ThreadPoolExecutor(self.executor.slots) as pool:
            try:
                left = self.cases
                while left := self._round(pool, left):
                    self.observer.waiting(left)
                    time.sleep(POLL)
            except BaseException:
                self.stopping.set()
                self.executor.stop()
                raise
            finally:
                self.stopping.set()
                pool.shutdown(wait=False, cancel_futures=True)
                for child in list(self.children):
                    child.kill()

    def _round(self, pool: ThreadPoolExecutor, cases: Iterable[Case]) -> list[Case]:
        """Run the cases that no other run computes; return the others."""
        in_turn = sorted(cases, key=is_timed)  # those that share the machine come first
        futures = {pool.submit(self._run_one, case): case for case in in_turn}
        waiting: set[Future[bool]] = set(futures)
        while waiting:
            done, waiting = wait(waiting, BEAT, "FIRST_EXCEPTION")
            for future in done:
                future.result()
            self._beat()
        return [case for future, case in futures.items() if not future.result()]

    def _beat(self) -> None:
        """Tell the memory of the running cases; end those that another run has taken over."""
        children = list(self.children)
        self.observer.beat({child.case.id: child.memory for child in children})
        for child in children:
            lease = self.held.get(child.case.id)
            if lease is not None and lease.is_lost:
                child.kill()

    def _run_one(self, case: Case) -> bool:
        """Run a case and store its document; False if another run is computing it."""
        with self.leases.claim(case.id) as lease:
            if lease is None or self.stopping.is_set():
                return False
            self.held[case.id] = lease
            try:
                document = self._done_elsewhere(case) or self._placed(case)
            except LeaseLost:
                return False
            finally:
                del self.held[case.id]
            if document is not None:
                self.observer.finished(case, document)
        return True

    def _done_elsewhere(self, case: Case) -> dict[str, Any] | None:
        """The document of a case that another run has finished since this one was planned."""
        self.store.refresh()
        document = self.store.load(case.id)
        if document is None or _failure_kind(document) in INFRASTRUCTURE:
            return None
        is_new = self.store.version(case.id) != self.before[case.id]
        if case.id in self.extended:
            has_tasks = all(task in document["case"]["tasks"] for task in case.to_json()["tasks"])
            return document if is_new and has_tasks else None
        again = case.id in self.replaced
        return document if is_new or (document["status"] == "ok" and not again) else None

    def _placed(self, case: Case) -> dict[str, Any] | None:
        """Compute a case where the executor has room for it."""
        with self.executor.place(case) as start:
            return None if self.stopping.is_set() else self._compute(case, start)

    def _compute(self, case: Case, start: Start) -> dict[str, Any] | None:
        """Compute a case in a child and store its document; None if this run is being ended."""
        unfinished, folder = self.store.unfinished, self.store.unfinished_path(case.id)
        unfinished.remove_answers(case.id)  # of a run that died elsewhere
        place = unfinished.new_answer(case.id)
        try:
            if self.fresh and case.id not in self.extended:
                checkpoint.empty(folder)
            document = self._stored(case, place, folder, start)
        finally:
            shutil.rmtree(place, ignore_errors=True)
            unfinished.remove_empty(case.id)
        if document is None:
            self._note(case, failed(case, INTERRUPTED).to_json())
        elif document["status"] == "ok":
            self.store.forget_unfinished(case.id)
        return document

    def _note(self, case: Case, document: dict[str, Any]) -> None:
        """Store a failure that says nothing about the method, where no result was."""
        before = self.store.load(case.id)
        if before is None or _failure_kind(before) in INFRASTRUCTURE:
            with suppress(OSError):  # no room: the case has no document, which says as much
                self.held[case.id].renew()
                self.store.save(document, held=self.held[case.id].check)

    def _stored(self, case: Case, place: Path, unfinished: Path, start: Start) -> dict[str, Any] | None:
        """Compute a case in a child; in another one, if the first was lost."""
        document = None
        self.observer.started(case)
        results = str(self.store.folder.absolute()) if case.id in self.extended else None
        more = {"largest_model": self.largest_model, "results": results, "run": self.token}
        name = f"{case.id}.tasks.log" if results else f"{case.id}.log"  # that of the fit stays
        with CaseLog(self.store.folder / LOGS / name) as log:
            log.say(f"{case.label}: {case.estimator} on {case.dataset}, {case.split}, seed {case.seed}")
            for attempt in range(1 + self.retries):
                started = partial(start, attempt)
                child = CaseProcess(case, place, unfinished, started, self.time_limit, log, more)
                document = self._answered(child)
                if document is None or _failure_kind(document) != LOST or attempt == self.retries:
                    break
                log.say("its process was lost; the case is computed again")
            if document is not None and _failure_kind(document) in INFRASTRUCTURE:
                self._note(case, document)
        return document

    def _answered(self, child: CaseProcess) -> dict[str, Any] | None:
        """Store the answer of a child, unless it was lost; None if it died because this run is ending.

        Raises
        ------
        LeaseLost
            Another run has taken the case over.
        """
        begun = time.monotonic()
        self.children.add(child)
        try:
            if self.stopping.is_set():
                return None
            document, predictions = child.answer(self.observer.progressed)
            if child.died and self.stopping.is_set():
                return None
            self.held[child.case.id].renew()
            if child.lock is not None:
                keep_lock(self.store.folder, child.lock)
            document = _with_log(document, child.log)
            if _failure_kind(document) not in INFRASTRUCTURE:
                seconds = time.monotonic() - begun - child.entry_seconds
                document = self._kept(child, document, predictions, seconds)
            child.close(PATIENCE)
        finally:
            child.close()
            self.children.discard(child)
        child.log.say(_verdict(document, time.monotonic() - begun))
        return document

    def _kept(
        self, child: CaseProcess, document: dict[str, Any], predictions: Any, seconds: float
    ) -> dict[str, Any]:
        """Store an answer; return the document."""
        if child.case.id in self.extended:
            return self._extended(child.case, document, child.died)
        document = {**document, "timings": self._timings(child.case, document, seconds)}
        return self._saved(child.case, document, predictions, answered_model(child.place))

    def _timings(self, case: Case, document: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Timings with the seconds of the whole case; a fit says if it ran alone."""
        timings = {**document["timings"], "case": {"seconds": seconds}}
        if "fit" in timings:
            timings["fit"] = {**timings["fit"], "alone": self.executor.is_alone(case)}
        return timings

    def _saved(
        self, case: Case, document: dict[str, Any], predictions: Any, model: Path | None
    ) -> dict[str, Any]:
        """Store a document, or the failure that says why it cannot be one."""
        check = self.held[case.id].check
        try:
            kept = model if document["status"] == "ok" else None
            self.store.save(document, predictions, kept, check)
        except (ValueError, TypeError, KeyError) as error:
            document = failed(case, failure_of(error)).to_json()
            self.store.save(document, held=check)
        except FileNotFoundError:
            check()  # another run has taken the case, and its files, since they were last looked for
            raise
        return document

    def _extended(self, case: Case, added: dict[str, Any], died: bool) -> dict[str, Any]:
        """Store the results of further tasks in a case's document; nothing if the kept model is of no use.

        Returns
        -------
        dict
            The document, or the failure of the process.
        """
        document = self.store.load(case.id)
        if document is None or (added["status"] == "failed" and not died):
            return added
        document = with_tasks(document, added)
        self.store.save(document, held=self.held[case.id].check)
        return added if died else document


def _failure_kind(document: Mapping[str, Any]) -> str | None:
    return (document["failure"] or {}).get("kind")


def _with_log(document: dict[str, Any], log: CaseLog) -> dict[str, Any]:
    """The document; a failure names the log of its case."""
    if document["failure"] is None or not log.exists:
        return document
    return {**document, "failure": {**document["failure"], "log": f"{LOGS}/{log.path.name}"}}


def _verdict(document: dict[str, Any], seconds: float) -> str:
    failure = document["failure"]
    if failure is None:
        return f"finished after {seconds:.1f} s"
    return f"failed after {seconds:.1f} s, {failure['kind']}: {failure['message']}"
