"""Command ``mlffbench reproduce``: published errors beside those measured here."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import nullcontext, redirect_stdout
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlffbench.cli.console import console, print_json, refusals, stop
from mlffbench.cli.data.arguments import Json as JsonOnly
from mlffbench.cli.new import Only
from mlffbench.cli.run import run

if TYPE_CHECKING:
    import pandas as pd

    from mlffbench.harness.planning.plan import Suite
    from mlffbench.report.results import Results

__all__ = ["reproduce"]

Target = Annotated[
    Path,
    typer.Argument(
        metavar="RESULTS|SUITE",
        help="A results folder, or a suite with published errors, which is run first.",
        show_default=False,
    ),
]
Against = Annotated[
    Path | None,
    typer.Option(
        "--against",
        help="Suite with the published errors.",
        show_default="the one kept in the results folder",
    ),
]
Out = Annotated[
    Path | None, typer.Option(help="Results folder of a suite.", show_default="results/<name of the suite>")
]
Device = Annotated[str | None, typer.Option(help="Device of methods that support GPUs: cuda, cuda:1 ...")]
NoRun = Annotated[bool, typer.Option("--no-run", help="Fit nothing: compare what has been measured.")]


def reproduce(
    context: typer.Context, target: Target, against: Against = None, out: Out = None, no_run: NoRun = False,
    only: Only = None, device: Device = None, json_: JsonOnly = False,
) -> None:  # fmt: skip
    """Compare published errors with those measured here; ends with code 1 if one is not reproduced."""
    with refusals():
        folder, suite = _source(target, against, out)
    if not suite.published:
        stop(f"{against or target} has no published errors: no section 'published'")
    if not target.is_dir() and not no_run:
        _run(partial(run, context, target, out=folder, only=only, device=device), json_)
    with refusals():
        results = _results(folder, suite)
        _print(results, folder, json_)


def _source(target: Path, against: Path | None, out: Path | None) -> tuple[Path, Suite]:
    """Results folder, and the suite with the published errors."""
    from mlffbench.harness.documents.kept_suite import KEPT, suite_of
    from mlffbench.harness.planning.read_suite import read_suite

    if not target.is_dir():
        if against is not None:
            raise ValueError("--against is for a results folder; a suite brings its own published errors")
        suite = read_suite(target)
        return out or Path("results") / suite.name, suite
    if out is not None:
        raise ValueError("--out is for a suite; a results folder is where its results are")
    kept = read_suite(against) if against is not None else suite_of(target)
    if kept is None:
        raise ValueError(f"{target} keeps no {KEPT} that can be read; --against names the suite")
    return target, kept


def _run(run_suite: Callable[[], None], as_json: bool) -> None:
    """Run the cases without a result; those that fail are verdicts too."""
    try:
        with redirect_stdout(sys.stderr) if as_json else nullcontext():
            run_suite()
    except typer.Exit as end:
        if end.exit_code != 1:
            raise


def _results(folder: Path, suite: Suite) -> Results:
    from mlffbench.harness.documents.store import Store
    from mlffbench.report.results import Results

    documents = Store(folder).documents() if folder.is_dir() else []
    return Results.from_documents(documents, [suite])


def _print(results: Results, folder: Path, as_json: bool) -> None:
    """Print verdicts, reasons and protocols, and end with 1 if one counts against the exit code."""
    from mlffbench.report.dataframes.reproduced import protocols, reproduced
    from mlffbench.report.formats.terminal import render_tables
    from mlffbench.report.tables.reproduced import reproduced_tables

    errors = reproduced(results)
    if as_json:
        tables = {"errors": errors, "protocols": protocols(results)}
        records = {name: frame.to_dict("records") for name, frame in tables.items()}
        print_json({**records, "folder": str(folder)})
    else:
        screen = console()
        screen.print(render_tables(reproduced_tables(results), screen.width))
        screen.print(_summary(errors), soft_wrap=True)
    if _counted(errors):
        raise typer.Exit(1)


def _lacking(errors: pd.DataFrame) -> pd.Series:
    """True for errors that were missed, not decided or not measured."""
    from mlffbench.report.dataframes.reproduced import LACKING

    return errors["verdict"].isin(LACKING)


def _counted(errors: pd.DataFrame) -> int:
    """Number of errors that were not reproduced, without a reason in the suite."""
    return int((_lacking(errors) & (errors["exempt"] == "")).sum())


def _summary(errors: pd.DataFrame) -> str:
    """``8 published errors: 5 reproduced, 2 missed, 1 not run; 2 of these count``."""
    counts = ", ".join(f"{n} {verdict}" for verdict, n in errors["verdict"].value_counts(sort=False).items())
    counted = _counted(errors)
    end = f"{counted} without a reason in the suite" if counted else "none without a reason in the suite"
    return f"{len(errors)} published errors: {counts}" + (
        f"; of those not reproduced, {end}" if _lacking(errors).any() else ""
    )
