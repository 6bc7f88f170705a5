"""Commands for results of suites: report, score; and the schema of suites."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlffbench.cli.console import console, print_json, refusals, stop
from mlffbench.cli.data.arguments import Json as JsonOnly

if TYPE_CHECKING:
    from mlffbench.harness.documents.store import Store
    from mlffbench.report.figures.parity import Predictions
    from mlffbench.report.results import Results

__all__ = ["print_report", "read_results", "report", "schema", "score", "write_files"]

Folder = Annotated[Path, typer.Argument(help="A results folder.", show_default=False)]
Folders = Annotated[
    list[Path], typer.Argument(metavar="FOLDER...", help="Results folders, or a folder of such folders.",
                               show_default=False)
]  # fmt: skip
Out = Annotated[
    Path | None, typer.Option(help="Folder of the files written.", show_default="the results folder")
]
Watch = Annotated[
    bool, typer.Option("--watch", help="Report again when documents change, until the run ends or Ctrl-C.")
]
RankBy = Annotated[
    str | None,
    typer.Option(
        metavar="ORDER", autocompletion=lambda: list(_orders()), show_default="in-domain-error",
        help="Order of the rows: in-domain-error, worst-group, tasks-passed, cost-at-equal-error, "
             "energy-error, fit-time, prediction-time or peak-memory. Ranks stay those of the error.",
    ),
]  # fmt: skip
Data = Annotated[
    list[str] | None,
    typer.Option(metavar="PATH", show_default=False,
                 help="Your own file as the suite names it: the page shows its structures. May be repeated."),
]  # fmt: skip
Every = Annotated[float, typer.Option(min=0.1, help="Seconds between two looks of --watch.")]


def report(
    folders: Folders, out: Out = None, rank_by: RankBy = None, data: Data = None, watch: Watch = False,
    every: Every = 2.0, json_: JsonOnly = False,
) -> None:  # fmt: skip
    """Print the leaderboard; write it as text and CSV, all scores as CSV and parquet, report.html.

    Of several folders each fit counts once; a case that two of them have fitted is a row a folder.
    """
    from mlffbench.cli.watched_report import watch_report

    with refusals():
        order = _order(rank_by)
        stores = _stores(folders, empty=watch)
        if len(stores) > 1 and out is None:
            stop(f"{len(stores)} results folders make one report; --out FOLDER names where to write it")
        if watch:
            watch_report(stores, out or stores[0].folder, every, json_, order, data or ())
        else:
            print_report(stores, out=out, as_json=json_, rank_by=order, data=data or ())


def score(
    folder: Folder,
    metric: Annotated[
        list[str] | None,
        typer.Option(help="A metric to add; may be repeated.", show_default="those that it has"),
    ] = None,
    json_: JsonOnly = False,
) -> None:
    """Compute errors and intervals of finished cases again, and new metrics; nothing is fitted."""
    from mlffbench.cli.finished import say_set_aside
    from mlffbench.harness.rescore import rescore

    metrics = metric or []
    with refusals():
        store = _store(folder)
        try:
            done, absent = rescore(store, metrics)
        except OSError as error:
            stop(f"cannot write results into {folder}: {error.strerror or error}; the scores are as before")
    if json_:
        print_json({"metrics": metrics, "cases": done, "without_predictions": absent, "folder": str(folder)})
    else:
        added = f"; {', '.join(metrics)} added" if metrics else ""
        cases = "case" if done == 1 else "cases"
        console().print(f"errors and intervals of {done} {cases} of {folder} computed again{added}")
        if (pack := store.pack()) and pack.steps:
            exact = f"errors in {pack.path.name} are rounded to 1/{pack.steps} of their standard deviation"
            console().print(f"careful: {exact}; cases without a file in predictions/ are scored from it")
    say_set_aside(store)
    damaged = {path.stem for path in store.set_aside}
    if missing := [id for id in absent if id not in damaged]:
        stop(
            f"no stored predictions for {_some(missing)}, or a run is computing them; "
            "run the suite again with --force to get those that are missing"
        )
    if len(missing) < len(absent) or not done:
        raise typer.Exit(1)


def schema() -> None:
    """Print the JSON schema of a suite file, for editors."""
    from mlffbench.harness.planning.suite_schema import suite_schema

    print_json(suite_schema())


def _orders() -> dict[str, str]:
    """Orders of merit by their words on the command line."""
    from mlffbench.report.verdict.orders import CHOICES

    return CHOICES


def _order(rank_by: str | None) -> str:
    """Order of merit of a word; '' for the default."""
    from mlffbench.registry import suggest

    orders = _orders()
    if rank_by is None:
        return ""
    if rank_by not in orders:
        stop(f"no order {rank_by!r}; there are {', '.join(orders)}{suggest(rank_by, list(orders))}")
    return orders[rank_by]


NO_RESULTS = "{} holds no results; a results folder is what 'mlffbench run SUITE' writes"


def _store(folder: Path) -> Store:
    from mlffbench.harness.documents.store import Store

    if not folder.is_dir() or not any(folder.glob("*.json")):
        stop(NO_RESULTS.format(folder))
    return Store(folder)


def _stores(folders: Sequence[Path], empty: bool) -> list[Store]:
    """The results folders, also those inside a folder of such folders; without documents only for `empty`."""
    from mlffbench.report.results_folder import stores_in

    stores = [store for folder in folders for store in stores_in(folder)]
    for store in stores if not empty else ():
        if not any(store.folder.glob("*.json")):
            stop(NO_RESULTS.format(store.folder))
    return stores


def print_report(
    stores: Sequence[Store], out: Path | None = None, as_json: bool = False, rank_by: str = "",
    data: Sequence[str] = (),
) -> None:  # fmt: skip
    """Print the tables, then write the report files."""
    from mlffbench.cli.finished import say_set_aside
    from mlffbench.cli.unfinished import say_unfinished
    from mlffbench.report.formats.terminal import render

    screen, folder = console(), out or stores[0].folder
    try:
        results, predictions = read_results(stores, rank_by)
        if not results.documents:
            stop(f"{_names(stores)} holds no results that can be used")
        if not as_json:
            screen.print(render(results))
        files = write_files(results, predictions, folder, data)
    except OSError as error:
        stop(f"{error}; 'mlffbench report {_names(stores)} --out FOLDER' writes elsewhere")
    finally:
        for store in stores:
            say_set_aside(store)
    if as_json:
        print_json({**_tables(results), "files": [str(file) for file in files]})
        return
    for file in files:
        screen.print(f"wrote {file}", highlight=False, soft_wrap=True)
    for store in stores:
        own = results.documents if len(stores) == 1 else store.documents()
        say_unfinished(store.folder, own)


def read_results(stores: Sequence[Store], rank_by: str = "") -> tuple[Results, Predictions]:
    """Results of folders as one, and the predictions by the ids of their documents."""
    from dataclasses import replace

    import numpy as np

    from mlffbench.report.combined_folders import combine_folders
    from mlffbench.report.suite_order import in_suite_order

    combined = combine_folders(stores)
    with np.errstate(all="ignore"):  # numbers of 1e308 become infinite, and are shown so
        results = in_suite_order(combined.documents, [store.folder for store in stores])
    return replace(results, rank_by=rank_by), combined.predictions


def write_files(
    results: Results, predictions: Predictions, folder: Path, data: Sequence[str] = ()
) -> list[Path]:
    """Write the files of a report, named after its suites; the page shows structures of the files `data`."""
    import numpy as np

    from mlffbench.report.formats.write import write
    from mlffbench.report.structures import frames_of

    title = ", ".join(dict.fromkeys(document["case"]["suite"] for document in results.documents))
    with np.errstate(all="ignore"):
        return write(results, predictions, folder, title, frames_of(results.documents, data))


def _names(stores: Sequence[Store]) -> str:
    return " ".join(str(store.folder) for store in stores)


def _tables(results: Results) -> dict[str, Any]:
    """Ranks and scores as lists of mappings."""
    from mlffbench.report.dataframes.leaderboard import leaderboard
    from mlffbench.report.dataframes.tidy_scores import tidy_scores

    frames = {"leaderboard": leaderboard(results), "scores": tidy_scores(results)}
    return {name: frame.astype(object).where(frame.notna(), None).to_dict("records")
            for name, frame in frames.items()}  # fmt: skip


def _some(names: list[str]) -> str:
    """The first ten names, and the number of the others."""
    return ", ".join(names[:10]) + (f" and {len(names) - 10:,} others" if len(names) > 10 else "")
