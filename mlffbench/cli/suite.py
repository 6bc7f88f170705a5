"""Commands for results of suites: report, score; and the schema of suites."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlffbench.cli.console import console, print_json, refusals, stop
from mlffbench.cli.data.arguments import Json as JsonOnly

if TYPE_CHECKING:
    from mlffbench.harness.documents.store import Store
    from mlffbench.report.results import Results

__all__ = ["print_report", "report", "schema", "score"]

Folder = Annotated[Path, typer.Argument(help="A results folder.", show_default=False)]


def report(
    folder: Folder,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the files written.", show_default="the results folder")
    ] = None,
    json_: JsonOnly = False,
) -> None:
    """Print the leaderboard; write it as text and CSV, all scores as CSV and parquet, report.html."""
    with refusals():
        print_report(_store(folder), out=out, as_json=json_)


def score(
    folder: Folder,
    metric: Annotated[list[str], typer.Option(help="A metric to add; may be repeated.")],
    json_: JsonOnly = False,
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
    if json_:
        print_json({"metrics": metric, "cases": done, "without_predictions": absent, "folder": str(folder)})
    else:
        console().print(f"{', '.join(metric)} added to {done} cases of {folder}")
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


def _store(folder: Path) -> Store:
    from mlffbench.harness.documents.store import Store

    if not folder.is_dir() or not any(folder.glob("*.json")):
        stop(f"{folder} holds no results; a results folder is what 'mlffbench run SUITE' writes")
    return Store(folder)


def print_report(
    store: Store, ids: list[str] | None = None, out: Path | None = None, as_json: bool = False
) -> None:
    """Print the tables, then write the report files; only of the suite's cases if these are given."""
    import numpy as np

    from mlffbench.cli.finished import say_set_aside
    from mlffbench.cli.unfinished import say_unfinished
    from mlffbench.report.formats.terminal import render
    from mlffbench.report.formats.write import write
    from mlffbench.report.results import Results
    from mlffbench.report.suite_order import in_suite_order

    documents = store.documents(ids)
    if not documents:
        say_set_aside(store)
        stop(f"{store.folder} holds no results that can be used")
    screen, folder = console(), out or store.folder
    try:
        with np.errstate(all="ignore"):  # numbers of 1e308 become infinite, and are shown so
            results = in_suite_order(Results.from_documents(documents), [store.folder])
            if not as_json:
                screen.print(render(results))
            files = write(results, store.predictions, folder, documents[0]["case"]["suite"])
    except OSError as error:
        stop(f"{error}; 'mlffbench report {store.folder} --out FOLDER' writes elsewhere")
    finally:
        say_set_aside(store)
    if as_json:
        print_json({**_tables(results), "files": [str(file) for file in files]})
        return
    for file in files:
        screen.print(f"wrote {file}", highlight=False, soft_wrap=True)
    if ids is None:
        say_unfinished(store.folder, documents)


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
