"""Run of a suite from a script or a notebook: the command ``mlffbench run`` as a function."""

from __future__ import annotations

import warnings
from collections.abc import Container, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlffbench.cli.new import RunSource
    from mlffbench.harness.case import Case
    from mlffbench.harness.case_state import CaseState
    from mlffbench.harness.documents.store import Store
    from mlffbench.harness.execution.placement import Executor
    from mlffbench.harness.planning.planned_run import PlannedRun
    from mlffbench.report.results_folder import Results

__all__ = ["run"]


def run(
    suite: str | PathLike[str] | Mapping[str, Any],
    out: str | PathLike[str] | None = None,
    *,
    jobs: int | None = None,
    device: str | None = None,
    executor: str | Mapping[str, Any] | None = None,
    scheduler: str | None = None,
    force: bool = False,
    retry: bool = False,
    refit: bool = False,
    progress: bool = True,
    budget: str | float | None = None,
    only: str | Sequence[str] = (),
    quick: bool = False,
    **params: Any,
) -> Results:
    """Run a suite, or one proposed for your data; what has finished is kept, a second call resumes a first.

    The fits run in child processes, as for ``mlffbench run``: Ctrl-C, or the stop button of a notebook, loses
    no finished case, and a script needs no ``if __name__ == "__main__"``.

    Parameters
    ----------
    suite : path, str or mapping
        A suite file, its text, or its content; a results folder, which is run again; or your data, see
        `mlffbench.load_dataset`.
    out : path, optional
        Results folder; by default ``results/<name of the suite>``.
    jobs, device, executor, scheduler, force, retry, refit
        Options of ``mlffbench run``; an executor also with its keywords, as in a suite.
    progress : bool
        Show bars and the choices of a proposal on stderr.
    only : str or list of str
        Methods, or rows of a suite.
    budget, quick, **params
        Of data: the time that the run may take, fewer methods and tasks, keywords of the dataset.

    Raises
    ------
    SuiteError
        A ValueError: the suite or its data cannot be used; one line a mistake.
    OSError, ExecutorError
        The results cannot be written; machines of the executor, or their scheduler, cannot be had.
    """
    from mlffbench.cli.new import names_of
    from mlffbench.harness.planning.executor import ExecutorChoice
    from mlffbench.harness.planning.planned_run import plan_run

    source = _source(suite, progress, budget, only, quick, params)
    choice = ExecutorChoice(jobs, executor, scheduler)
    plan = plan_run(source.suite, device, dataset=source.dataset, choice=choice)
    for sentence in plan.warnings:
        warnings.warn(sentence, stacklevel=2)
    repeat = {"force": force, "retry": retry, "refit": refit}
    return _results(plan, source, out, names_of(only), progress, repeat)


def _results(
    plan: PlannedRun,
    source: RunSource,
    out: str | PathLike[str] | None,
    only: list[str],
    progress: bool,
    repeat: dict[str, bool],
) -> Results:
    """Run the chosen cases of a plan; report on all of them."""
    from mlffbench.cli.run import chosen_cases
    from mlffbench.harness.documents.store import Store
    from mlffbench.harness.planning.executor import executor_of
    from mlffbench.report.results_folder import Results

    store = Store(Path(out or source.folder or Path("results") / plan.suite.name))
    source.check_folder(store.folder)
    chosen = replace(plan, cases=chosen_cases(plan.cases, only))
    _complete(chosen, source, store, executor_of(plan.suite), progress, repeat)
    results = Results([store], [case.id for case in plan.cases])
    results.report(data=plan.own_paths)
    return results


def _complete(
    plan: PlannedRun,
    source: RunSource,
    store: Store,
    executor: Executor,
    progress: bool,
    repeat: dict[str, bool],
) -> None:
    """Run the cases that have no result yet, and the tasks and metrics that finished ones lack."""
    from mlffbench.cli.finished import removed_models, rename_rows
    from mlffbench.harness.completion import complete, to_do
    from mlffbench.harness.planning.executor import refuse_oversized

    states = _states(plan, store, repeat, progress)
    todo = to_do(states)
    plan.refuse_unmet({case.id for case in todo})
    refuse_oversized(executor, todo)
    rename_rows(plan.cases, store)
    if todo:
        store.check_rights()
    source.keep(store, "mlffbench.run")
    added_to = {state.case.id for state in states if state.status == "finished"}
    suite = plan.suite
    with (
        executor if todo else nullcontext(executor),
        _observer(progress, plan, todo, store, executor.slots, added_to) as observer,
    ):
        completed = complete(
            states, store, observer, nullcontext(executor), suite.time_limit, repeat["force"],
            suite.keep_models, suite.retries,
        )  # fmt: skip
    for sentence in removed_models(plan.cases, store, completed):
        warnings.warn(sentence, stacklevel=4)


def _states(plan: PlannedRun, store: Store, repeat: dict[str, bool], progress: bool) -> list[CaseState]:
    """States of the cases; warns of what only another fit can give."""
    from mlffbench.cli.finished import say_changed, with_changed_inputs
    from mlffbench.harness.case_state import case_states

    changed = {} if repeat["force"] else with_changed_inputs(plan.cases, store, plan.inputs)
    if progress:
        say_changed(changed)
    states = case_states(plan.cases, store, **repeat, changed=changed)
    if refits := sum(state.needs_refit for state in states):
        warnings.warn(
            f"{refits} finished cases lack tasks or metrics, and the models or predictions to compute them "
            "from; refit=True fits these cases again",
            stacklevel=5,
        )
    return states


def _source(
    suite: str | PathLike[str] | Mapping[str, Any],
    progress: bool,
    budget: str | float | None,
    only: str | Sequence[str],
    quick: bool,
    params: Mapping[str, Any],
) -> RunSource:
    """The suite, or a proposal for data."""
    from mlffbench.cli.new import RunSource, is_suite
    from mlffbench.harness.documents.kept_suite import KEPT

    given = {"budget": budget, "quick": quick, **params}
    options = [name for name, value in given.items() if value or name in params]
    if isinstance(suite, Mapping) or (isinstance(suite, str) and "\n" in suite):
        source = RunSource(suite)
    elif (Path(suite) / KEPT).is_file():
        source = RunSource(Path(suite) / KEPT, folder=Path(suite))
    elif is_suite(Path(suite)):
        source = RunSource(Path(suite))
    else:
        return _proposed(suite, progress, budget, only, quick, params)
    if options:
        raise TypeError(f"{', '.join(options)}: options for data, not for a suite; change the suite")
    return source


def _proposed(
    data: Any,
    progress: bool,
    budget: str | float | None,
    only: str | Sequence[str],
    quick: bool,
    params: Mapping[str, Any],
) -> RunSource:
    """Suite proposed for data that pass the checks."""
    from mlffbench.cli.console import say
    from mlffbench.cli.new import RunSource, names_of
    from mlffbench.datasets.checks import admit_quietly
    from mlffbench.harness.inputs import is_own_data
    from mlffbench.harness.planning.proposal import propose
    from mlffbench.registry.load_dataset import dataset_spec, load_dataset

    dataset = load_dataset(data, **params)
    spec = dataset_spec(data, params)
    for sentence in admit_quietly(dataset) if is_own_data(spec) else ():
        warnings.warn(sentence, stacklevel=4)
    proposal = propose(dataset, spec, budget, names_of(only), quick)
    for word, sentence in proposal.reasons if progress else ():
        say(f"{word}: {sentence}", err=True)
    return RunSource(proposal.suite, proposal, dataset=dataset)


class _Silent:
    """Observer that shows nothing."""

    def started(self, case: Case) -> None: ...
    def progressed(self, case: Case, *_: Any) -> None: ...
    def beat(self, memory: Mapping[str, int | None]) -> None: ...
    def waiting(self, cases: Sequence[Case]) -> None: ...
    def finished(self, case: Case, document: dict[str, Any]) -> None: ...


def _observer(
    progress: bool, plan: PlannedRun, cases: Sequence[Case], store: Store, jobs: int, added_to: Container[str]
) -> Any:
    """Context of a display of the run, or of silence."""
    if not progress or not cases:
        return nullcontext(_Silent())
    from mlffbench.cli.console import console
    from mlffbench.cli.observers import observer

    limit = plan.suite.time_limit
    return observer(console(stderr=True), plan.cases, cases, store, jobs, limit, added_to=added_to)
