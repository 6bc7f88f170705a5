"""State of each case of a suite: finished, failed or to run, and what a finished one lacks."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlffbench.data import Spec
from mlffbench.harness.case import Case
from mlffbench.harness.documents.store import Store
from mlffbench.system.failures import INFRASTRUCTURE

__all__ = ["CaseState", "case_states", "failed_tasks"]


@dataclass(frozen=True)
class CaseState:
    """State of a case: what the results folder holds of it, and what the suite asks for beyond that.

    Attributes
    ----------
    case : Case
    status : {"finished", "failed", "to run"}
        ``to run`` is fitted by this run, as is a case that was interrupted or lost with its process;
        ``failed`` failed earlier and is not repeated; ``finished`` is not fitted again, whatever it lacks.
    failure : mapping or None
        ``kind`` and ``message`` of the failure that is stored, also of a case that is to run again.
    tasks : tuple of Spec
        Tasks that the suite asks for and a finished case lacks.
    metrics : tuple of str
        Metrics that the suite asks for and a finished case lacks.
    model : Path or None
        The kept model, on which the lacking tasks can run.
    missing : str
        Reason why there is no kept model; empty if there is one, or no task is lacking.
    scorable : bool
        True if there are stored predictions, from which the lacking metrics can be scored.
    replaces : bool
        True for a case to run that has finished, and whose document the new one replaces.
    """

    case: Case
    status: str
    failure: Mapping[str, Any] | None = None
    tasks: tuple[Spec, ...] = ()
    metrics: tuple[str, ...] = ()
    model: Path | None = field(default=None, compare=False)
    missing: str = ""
    scorable: bool = True
    replaces: bool = False

    @property
    def is_complete(self) -> bool:
        """True for a finished case that has all that the suite asks for."""
        return self.status == "finished" and not self.tasks and not self.metrics

    @property
    def needs_refit(self) -> bool:
        """True if a finished case lacks something that only another fit can give (``run --refit``)."""
        return bool(self.tasks and self.model is None) or bool(self.metrics and not self.scorable)


def case_states(
    cases: Sequence[Case],
    store: Store,
    force: bool = False,
    retry: bool = False,
    refit: bool = False,
    changed: Container[str] = (),
) -> list[CaseState]:
    """Return the state of every case, in their order.

    Parameters
    ----------
    force, retry, refit : bool
        Fit all cases again, those that failed, those finished ones that lack what only a fit can give. With
        `retry`, tasks that failed as a whole count as lacking.
    changed : container of str
        Ids of the finished cases whose inputs have changed, which are run again.

    Notes
    -----
    ``status == "to run"``: a fit. ``finished`` with `tasks` or `metrics`: they are added without a fit, on
    the kept model and from stored predictions, unless `needs_refit`. Everything else is left as it is.
    """

    def state(case: Case) -> CaseState:
        document = store.head(case.id)
        if document is None:
            return CaseState(case, "to run")
        failure = document.get("failure")
        again = force or case.id in changed
        if again or (failure is not None and (retry or failure.get("kind") in INFRASTRUCTURE)):
            return CaseState(case, "to run", failure, replaces=failure is None)
        if failure is not None:
            return CaseState(case, "failed", failure)
        finished = _finished(case, document, store, retry)
        return CaseState(case, "to run", replaces=True) if refit and finished.needs_refit else finished

    return [state(case) for case in cases]


def _finished(case: Case, document: Mapping[str, Any], store: Store, retry: bool) -> CaseState:
    tasks, metrics = tuple(_lacking_tasks(case, document, retry)), _lacking_metrics(case, document)
    model = store.kept_model(case.id) if tasks else None
    missing = store.missing_model(case.id) if tasks and model is None else ""
    return CaseState(
        case, "finished", None, tasks, metrics, model, missing,
        scorable=not metrics or store.predictions(case.id) is not None,
    )  # fmt: skip


def _lacking_metrics(case: Case, document: Mapping[str, Any]) -> tuple[str, ...]:
    scored = {score["metric"] for score in document["scores"] if not score.get("task")}
    return tuple(name for name in case.metrics if name not in scored)


def _lacking_tasks(case: Case, document: Mapping[str, Any], retry: bool) -> Iterator[Spec]:
    """Yield the tasks that the document does not have; with `retry` those that failed as a whole, too."""
    if not case.tasks:
        return
    done = document["case"]["tasks"]
    failed = failed_tasks(document) if retry else set()
    for task, plain in zip(case.tasks, case.to_json()["tasks"], strict=True):
        if plain not in done or str(task) in failed:
            yield task


def failed_tasks(document: Mapping[str, Any]) -> set[str]:
    """Tasks of a case that failed as a whole, as text: no subtask of theirs is to blame, or skipped."""
    return {
        failure["task"]
        for failure in document.get("task_failures") or ()
        if failure.get("kind") != "skipped" and not (failure.get("test") or failure.get("quantity"))
    }
