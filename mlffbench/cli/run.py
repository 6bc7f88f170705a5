"""Command ``run``: the cases of a suite that have no result yet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, NoReturn

import typer

from mlffbench.cli.console import console, only_events, refusals, say, stop
from mlffbench.cli.data.arguments import Params
from mlffbench.cli.new import Budget, Only, Quick, names_of, run_source
from mlffbench.cli.suite import print_report

if TYPE_CHECKING:
    from mlffbench.cli.display import Display
    from mlffbench.cli.new import RunSource
    from mlffbench.harness.case import Case
    from mlffbench.harness.case_state import CaseState
    from mlffbench.harness.completion import Completed
    from mlffbench.harness.documents.store import Store
    from mlffbench.harness.execution.placement import Executor
    from mlffbench.harness.planning.executor import ExecutorChoice
    from mlffbench.harness.planning.plan import Suite
    from mlffbench.harness.planning.planned_run import PlannedRun

__all__ = ["chosen_cases", "run"]

SuiteFile = Annotated[
    Path,
    typer.Argument(
        help="A suite file (YAML; - is the standard input), or your own data: a file, folder or pattern.",
        show_default=False,
    ),
]
Out = Annotated[Path | None, typer.Option(help="Results folder.", show_default="results/<name of the suite>")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Print the cases, with state, time and memory, and stop.")
]
Force = Annotated[bool, typer.Option("--force", help="Fit finished cases again.")]
Retry = Annotated[bool, typer.Option("--retry", help="Repeat failed cases, and failed tasks.")]
Refit = Annotated[
    bool,
    typer.Option(
        "--refit",
        help="Fit finished cases again that lack a task or metric and have no model or predictions.",
    ),
]
Device = Annotated[str | None, typer.Option(help="Device of methods that support GPUs: cuda, cuda:1 ...")]
Jobs = Annotated[
    int | None,
    typer.Option(min=1, help="Number of cases run at the same time; they share the cores.", show_default="1"),
]
ExecutorName = Annotated[
    str | None,
    typer.Option(
        "--executor",
        help="Where the cases run: local, dask or slurm.",
        show_default="that of the suite, or local",
    ),
]
Scheduler = Annotated[
    str | None,
    typer.Option(help="Address of a dask scheduler on whose workers the cases run: tcp://host:8786."),
]
Json = Annotated[
    bool,
    typer.Option(
        "--json", help="Print events as lines of JSON, nothing else on stdout; with --dry-run the cases."
    ),
]


def run(
    context: typer.Context, suite: SuiteFile, out: Out = None, dry_run: DryRun = False, force: Force = False,
    retry: Retry = False, refit: Refit = False, device: Device = None, jobs: Jobs = None,
    executor: ExecutorName = None, scheduler: Scheduler = None,
    budget: Budget = None, only: Only = None, quick: Quick = False, param: Params = None, json: Json = False,
) -> None:  # fmt: skip
    """Run a suite, or one proposed for your data; the same command resumes a stopped run."""
    if not json:
        say(f"reading {suite}")  # what is imported below takes seconds
    from mlffbench.cli import finished
    from mlffbench.harness.case_state import case_states
    from mlffbench.harness.documents.store import Store
    from mlffbench.harness.planning.executor import ExecutorChoice

    events = only_events(context) if json and not dry_run else None
    with refusals():
        source = run_source(suite, budget, only, quick, param, err=json)
        plan = _planned(source, device, not dry_run, ExecutorChoice(jobs, executor, scheduler))
        store = Store(out or source.folder or Path("results") / plan.suite.name)
        source.check_folder(store.folder)
        cases = chosen_cases(plan.cases, names_of(only))
        states = _states(cases, store, plan, {"force": force, "retry": retry, "refit": refit})
        place = _executor(plan.suite)
        if dry_run:
            _print_states(plan, states, store, json, place.describe())
            return
        _check_can_run(plan, states, store, place)
    source.keep(store)
    _announce(states, store)
    completed = _complete(states, store, force, place, plan.suite, events)
    with refusals():
        print_report([store], data=plan.own_paths)
    finished.say_added(completed)
    finished.say_models(cases, store, completed)
    if completed.failed or not all(state.is_complete for state in case_states(cases, store)):
        raise typer.Exit(1)


def _states(cases: list[Case], store: Store, plan: PlannedRun, repeat: dict[str, bool]) -> list[CaseState]:
    """States of the cases; what is to be said about finished ones is printed."""
    from mlffbench.cli import finished
    from mlffbench.harness.case_state import case_states

    changed = {} if repeat["force"] else finished.with_changed_inputs(cases, store, plan.inputs)
    states = case_states(cases, store, **repeat, changed=changed)
    finished.say_set_aside(store, "its case is run again, and the file moved into set_aside")
    finished.say_changed(changed)
    finished.say_lacking(states)
    return states


def _check_can_run(plan: PlannedRun, states: list[CaseState], store: Store, executor: Executor) -> None:
    """Refuse a results folder that cannot be written, and cases that cannot run here."""
    from mlffbench.harness.completion import to_do
    from mlffbench.harness.planning.executor import refuse_oversized
    from mlffbench.harness.planning.plan import SuiteError

    todo = {case.id for case in to_do(states)}
    try:
        plan.refuse_unmet(todo)
        refuse_oversized(executor, to_do(states))
        if todo:
            store.check_rights()
    except SuiteError as error:
        _refuse(error)
    except OSError as error:
        stop(f"cannot write results into {store.folder}: {error.strerror or error}")


def _executor(suite: Suite) -> Executor:
    """Make the executor, or exit with a sentence on what it lacks."""
    from mlffbench.harness.execution.placement import ExecutorError
    from mlffbench.harness.planning.executor import executor_of

    try:
        return executor_of(suite)
    except ExecutorError as error:
        stop(str(error))


def _complete(
    states: list[CaseState],
    store: Store,
    force: bool,
    executor: Executor,
    suite: Suite,
    events: IO[str] | None,
) -> Completed:
    """Run the cases to do, or exit with a sentence on what ended the run."""
    from mlffbench.cli.display import GO_ON
    from mlffbench.cli.finished import rename_rows
    from mlffbench.harness.completion import complete, to_do
    from mlffbench.harness.execution.placement import ExecutorError
    from mlffbench.system.failures import DiskFullError

    todo = to_do(states)
    try:
        rename_rows([state.case for state in states], store)
        with executor if todo else nullcontext(executor):
            for line in executor.describe() if todo else ():
                console().print(line, highlight=False, soft_wrap=True, markup=False)
            display = _display(states, store, executor, suite, events)
            with _interruptible(display, force), display:
                return complete(
                    states, store, display, nullcontext(executor), suite.time_limit, force, suite.keep_models,
                    suite.retries,
                )  # fmt: skip
    except KeyboardInterrupt as signal:
        stop(f"interrupted ({signal or 'Ctrl-C'}) before the first case")
    except ExecutorError as error:
        stop(f"{error}; {GO_ON}")
    except DiskFullError as error:
        stop(f"the disk is full: {error}; {GO_ON}")
    except OSError as error:
        stop(f"cannot write results into {store.folder}: {error.strerror or error}; {GO_ON}")


def _display(
    states: list[CaseState], store: Store, executor: Executor, suite: Suite, events: IO[str] | None
) -> Display:
    """Observer of the run, for the terminal or for programs."""
    from mlffbench.cli.observers import observer
    from mlffbench.harness.completion import to_do

    added_to = {state.case.id for state in states if state.status == "finished"}
    return observer(
        console(), [state.case for state in states], to_do(states), store, executor.slots, suite.time_limit,
        events, added_to, executor.dashboard,
    )  # fmt: skip


@contextmanager
def _interruptible(display: Display, force: bool) -> Iterator[None]:
    """Say on Ctrl-C how far the run has come, and exit."""
    try:
        yield
    except KeyboardInterrupt as signal:
        display.interrupted(str(signal) or "Ctrl-C", force)
        raise typer.Exit(130) from None


def chosen_cases(cases: list[Case], only: list[str]) -> list[Case]:
    """Cases of the rows or methods of these names; all for none."""
    from mlffbench.registry import suggest

    known = {name for case in cases for name in (case.label, case.estimator.name)}
    for name in only:
        if name not in known:
            raise LookupError(f"no row {name!r} in the suite{suggest(name, known)}")
    return [case for case in cases if not only or {case.label, case.estimator.name} & set(only)]


def _planned(source: RunSource, device: str | None, fetch: bool, choice: ExecutorChoice) -> PlannedRun:
    """Plan the suite and print what is to be said about its data."""
    from mlffbench.harness.planning.plan import SuiteError
    from mlffbench.harness.planning.planned_run import plan_run

    try:
        plan = plan_run(source.suite, device, fetch, source.dataset, choice)
    except SuiteError as error:
        _refuse(error)
    for note in plan.notes:
        say(note, err=True)
    for warning in plan.warnings:
        say(f"careful: {warning}", err=True)
    return plan


def _refuse(error: ValueError) -> NoReturn:
    """Print the mistakes of a suite, a line each, and exit with code 2."""
    lines = str(error).splitlines()
    if len(lines) == 1 or lines[1].startswith(" "):  # one mistake, and the line where it is
        stop(str(error))
    say(f"mlffbench: {len(lines)} mistakes, nothing was started", err=True)
    for line in lines:
        say(line, err=True)
    raise typer.Exit(2)


def _print_states(
    plan: PlannedRun, states: list[CaseState], store: Store, as_json: bool, executor: list[str]
) -> None:
    """Print the table of a dry run."""
    from mlffbench.cli.dry_run import print_forecast, print_forecast_json
    from mlffbench.harness.forecast import forecast

    forecasts = forecast(plan, states, store)
    if as_json:
        print_forecast_json(forecasts, plan.suite.name, store.folder, executor)
        return
    for line in executor:
        say(line)
    print_forecast(forecasts)


def _environments(states: list[CaseState]) -> list[str]:
    """Sentences on the environments of the cases to do."""
    from mlffbench.harness.completion import to_do
    from mlffbench.system.python_environment import environment_sentences

    return environment_sentences(case.environment for case in to_do(states))


def _counts(states: list[CaseState]) -> str:
    """Numbers of cases, of those to run, and of those that get further tasks."""
    todo = sum(state.status == "to run" for state in states)
    more = sum(bool(state.tasks) and state.model is not None for state in states)
    return f"{len(states)} cases, {todo} to run" + (f", {more} to get further tasks" if more else "")


def _announce(states: list[CaseState], store: Store) -> None:
    bad = sum(state.status == "failed" for state in states)
    screen = console()
    screen.print(f"{_counts(states)}, results in {store.folder}", soft_wrap=True)
    if bad:
        screen.print(f"{bad} cases failed earlier and are not repeated; --retry repeats them")
    for line in _environments(states):
        say(line)
