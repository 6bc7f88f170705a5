"""Completion of a suite: fits of cases to run, tasks and metrics that finished ones lack, kept models."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from mlffbench import registry
from mlffbench.harness.case import Case
from mlffbench.harness.case_state import CaseState, failed_tasks
from mlffbench.harness.documents.kept_models import SMALL, Discarded, discard_models
from mlffbench.harness.documents.store import Store
from mlffbench.harness.execution.execute import Observer, execute
from mlffbench.harness.execution.placement import Executor
from mlffbench.harness.rescore import add_metrics

__all__ = ["Completed", "complete", "to_do"]


@dataclass(frozen=True)
class Completed:
    """Additions to finished cases, and the models that were removed.

    Attributes
    ----------
    fits : int
        Cases that were to be fitted.
    tasks, metrics : dict of str to int
        Numbers of the finished cases to which a task, or a metric, was added.
    failed : dict of str to int
        Numbers of those where a task failed as a whole.
    discarded : list of Discarded
        Models that ``keep_models`` does not keep.
    """

    fits: int
    tasks: dict[str, int]
    metrics: dict[str, int]
    failed: dict[str, int]
    discarded: list[Discarded]


def to_do(states: Sequence[CaseState]) -> list[Case]:
    """Cases for the children: those to be fitted, and finished ones with the tasks that are added to them."""
    return [
        state.case if state.status == "to run" else replace(state.case, tasks=state.tasks)
        for state in states
        if state.status == "to run" or (state.tasks and state.model is not None)
    ]


def complete(
    states: Sequence[CaseState],
    store: Store,
    observer: Observer,
    executor: AbstractContextManager[Executor] | None = None,
    time_limit: float | None = None,
    fresh: bool = False,
    keep_models: str = SMALL,
    retries: int = 1,
) -> Completed:
    """Give a results folder all that its suite asks for and that is possible without `CaseState.needs_refit`.

    Parameters
    ----------
    states : sequence of CaseState
        See `case_states`.
    keep_models : {"small", "all", "best", "none"}
        As in a suite.

    Others, and what is raised, as for `execute`.
    """
    metrics = _add_metrics(states, store)
    cases = to_do(states)
    extended = {state.case.id for state in states if state.status == "finished"}
    replaced = {state.case.id for state in states if state.replaces}
    if cases:
        execute(cases, store, observer, executor, time_limit, fresh, extended, keep_models, retries, replaced)
    outcomes = [outcome for state in states for outcome in _added_tasks(state, store)]
    tasks, failed = (dict(Counter(t for t, good in outcomes if good is kind)) for kind in (True, False))
    discarded = discard_models(store, [state.case for state in states], keep_models)
    return Completed(sum(state.status == "to run" for state in states), tasks, metrics, failed, discarded)


def _add_metrics(states: Sequence[CaseState], store: Store) -> dict[str, int]:
    """Score the metrics that finished cases lack; return how many cases got each."""
    scored: list[str] = []
    with store.leases() as leases:
        for state in states:
            functions = {name: registry.load("metrics", name) for name in state.metrics}
            if functions and add_metrics(store, state.case.id, functions, leases):
                scored += functions
    return dict(Counter(scored))


def _added_tasks(state: CaseState, store: Store) -> list[tuple[str, bool]]:
    """The tasks that a finished case lacked and has now, with False for one that failed as a whole."""
    document = store.load(state.case.id) if state.tasks else None
    if document is None:
        return []
    failed = failed_tasks(document)
    plain = replace(state.case, tasks=state.tasks).to_json()["tasks"]
    return [
        (str(task), str(task) not in failed)
        for task, stored in zip(state.tasks, plain, strict=True)
        if stored in document["case"]["tasks"]
    ]
