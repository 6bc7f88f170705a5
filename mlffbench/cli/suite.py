"""Commands for suites: run, report, score, schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlffbench.cli.console import console, refusals, say, stop

if TYPE_CHECKING:
    from mlffbench.harness.case import Case
    from mlffbench.harness.planned_run import PlannedRun
    from mlffbench.harness.store import Store

__all__ = ["report", "run", "schema", "score"]

SuiteFile = Annotated[Path, typer.Argument(help="A suite file (YAML).", show_default=False)]
Folder = Annotated[Path, typer.Argument(help="A results folder.", show_default=False)]


def run(
    suite: SuiteFile,
    out: Annotated[
        Path | None, typer.Option(help="Results folder.", show_default="results/<name of the suite>")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the cases and stop.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Fit finished cases again.")] = False,
    retry: Annotated[bool, typer.Option("--retry", help="Repeat failed cases.")] = False,
    device: Annotated[
        str | None, typer.Option(help="Device of methods that support GPUs: cuda, cuda:1 ...")
    ] = None,
    jobs: Annotated[
        int, typer.Option(min=1, help="Number of cases run at the same time; they share the cores.")
    ] = 1,
    json: Annotated[
        bool, typer.Option("--json", help="Print events as lines of JSON, and nothing else on stdout.")
    ] = False,
) -> None:
    """Run a suite; finished cases are kept, so that the same command resumes a stopped run."""
    from mlffbench.cli import finished
    from mlffbench.harness.execute import pending
    from mlffbench.harness.store import Store

    _check_device(device)
    with refusals():
        plan = _planned(suite, device)
        cases, store = plan.cases, Store(out or Path("results") / plan.suite.name)
        changed = {} if force else finished.with_changed_inputs(cases, store, plan.inputs)
        todo = pending(cases, store, force, retry, changed)
        finished.say_set_aside(store, "its case is run again")
        finished.say_changed(changed)
        lacking = finished.say_lacking(cases, todo, store, suite)
        if dry_run:
            _print_cases(cases, {case.id for case in todo})
            return
    if not json:
        _announce(cases, todo, store)
    _execute(cases, todo, store, force, jobs, plan.suite.time_limit, json)
    with refusals():
        _report(store, [case.id for case in cases], stderr=json)
    if lacking or any((store.load(case.id) or {}).get("status") != "ok" for case in cases):
        raise typer.Exit(1)


def _execute(
    cases: list[Case],
    todo: list[Case],
    store: Store,
    force: bool,
    jobs: int,
    time_limit: float | None,
    json: bool,
) -> None:
    """Run the cases to do, or exit with a sentence on what ended the run."""
    from mlffbench.cli.display import GO_ON
    from mlffbench.cli.finished import rename_rows
    from mlffbench.cli.observers import observer
    from mlffbench.harness.execute import execute
    from mlffbench.system.failures import DiskFullError

    display = observer(console(), cases, todo, store, jobs, time_limit, json)
    try:
        rename_rows(cases, store)
        if todo:
            store.check_rights()
        with display:
            execute(todo, store, display, jobs, time_limit, force)
    except KeyboardInterrupt as signal:
        display.interrupted(str(signal) or "Ctrl-C", force)
        raise typer.Exit(130) from None
    except DiskFullError as error:
        stop(f"the disk is full: {error}; {GO_ON}")
    except OSError as error:
        stop(f"cannot write results into {store.folder}: {error.strerror or error}; {GO_ON}")


def report(
    folder: Folder,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the files written.", show_default="the results folder")
    ] = None,
) -> None:
    """Print the leaderboard; write leaderboard.md, leaderboard.csv and report.html."""
    with refusals():
        _report(_store(folder), out=out)


def score(
    folder: Folder,
    metric: Annotated[list[str], typer.Option(help="A metric to add; may be repeated.")],
) -> None:
    """Add metrics to finished cases from their stored predictions; nothing is fitted again."""
    from mlffbench.cli.finished import say_set_aside
    from mlffbench.harness.rescore import rescore

    with refusals():
        store = _store(folder)
        try:
            done, absent = rescore(store, metric)
        except OSError as error:
            stop(f"cannot write results into {folder}: {error.strerror or error}; the scores are as before")
    console().print(f"{', '.join(metric)} added to {done} cases of {folder}")
    say_set_aside(store)
    damaged = {path.stem for path in store.set_aside}
    if missing := [id for id in absent if id not in damaged]:
        stop(f"no stored predictions for {_some(missing)}; run the suite again with --force to get them")
    if len(missing) < len(absent) or not done:
        raise typer.Exit(1)


def schema() -> None:
    """Print the JSON schema of a suite file, for editors."""
    from mlffbench.harness.plan import suite_schema

    typer.echo(json.dumps(suite_schema(), indent=1))


def _planned(file: Path, device: str | None) -> PlannedRun:
    """Plan the suite and print what is to be said about its data, or exit with a sentence and code 2."""
    from mlffbench.harness.planned_run import plan_run

    plan = plan_run(file, device)
    for note in plan.notes:
        say(note, err=True)
    for warning in plan.warnings:
        say(f"careful: {warning}", err=True)
    return plan


def _check_device(name: str | None) -> None:
    """Refuse a device that torch does not see, before anything is fitted."""
    if name is None or name == "cpu":
        return
    from mlffbench.system.device import checked_device

    try:
        checked_device(name)
    except ValueError as error:
        stop(str(error))


def _print_cases(cases: list[Case], todo: set[str]) -> None:
    for case in cases:
        state = "to run  " if case.id in todo else "finished"
        say(f"{state}  {case.id}  {case.label}  {case.dataset}  {case.split}  seed {case.seed}")
    typer.echo(f"{len(cases)} cases, {len(todo)} to run")


def _announce(cases: list[Case], todo: list[Case], store: Store) -> None:
    running = {case.id for case in todo}
    stored = [store.load(case.id) for case in cases if case.id not in running]
    bad = sum(document is not None and document["status"] == "failed" for document in stored)
    screen = console()
    screen.print(f"{len(cases)} cases, {len(todo)} to run, results in {store.folder}", soft_wrap=True)
    if bad:
        screen.print(f"{bad} cases failed earlier and are not repeated; --retry repeats them")


def _store(folder: Path) -> Store:
    from mlffbench.harness.store import Store

    if not folder.is_dir() or not any(folder.glob("*.json")):
        stop(f"{folder} holds no results; a results folder is what 'mlffbench run SUITE' writes")
    return Store(folder)


def _report(
    store: Store, ids: list[str] | None = None, out: Path | None = None, stderr: bool = False
) -> None:
    """Print the tables, then write the report files; only of the suite's cases if these are given."""
    import numpy as np

    from mlffbench.cli.finished import say_set_aside
    from mlffbench.report.formats.terminal import render
    from mlffbench.report.formats.write import write
    from mlffbench.report.results import Results

    documents = store.documents(ids)
    if not documents:
        say_set_aside(store)
        stop(f"{store.folder} holds no results that can be used")
    screen, folder = console(stderr), out or store.folder
    try:
        with np.errstate(all="ignore"):  # numbers of 1e308 become infinite, and are shown so
            results = Results.from_documents(documents)
            screen.print(render(results))
            files = write(results, store.predictions, folder, documents[0]["case"]["suite"])
    except OSError as error:
        stop(f"{error}; 'mlffbench report {store.folder} --out FOLDER' writes elsewhere")
    finally:
        say_set_aside(store)
    for file in files:
        screen.print(f"wrote {file}", highlight=False, soft_wrap=True)


def _some(names: list[str]) -> str:
    """The first ten names, and the number of the others."""
    return ", ".join(names[:10]) + (f" and {len(names) - 10:,} others" if len(names) > 10 else "")
