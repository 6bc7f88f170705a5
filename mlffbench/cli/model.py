"""Command ``mlffbench model``: the kept model of a row, and the lines that use it."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlffbench.cli.completion import complete_methods
from mlffbench.cli.console import console, file_size, print_json, refusals, stop, table, tried
from mlffbench.cli.data.arguments import Json
from mlffbench.cli.model_page import print_model

if TYPE_CHECKING:
    from mlffbench.harness.documents.store import Store
    from mlffbench.report.results import Results
    from mlffbench.report.row_choice import ChosenRow

__all__ = ["model"]


def model(
    folder: Annotated[Path, typer.Argument(metavar="RESULTS", help="A results folder.", show_default=False)],
    method: Annotated[
        str | None,
        typer.Argument(
            metavar="[METHOD]",
            help="A row of the leaderboard, or 'best'. Without one all kept models are listed.",
            show_default=False,
            autocompletion=complete_methods,
        ),
    ] = None,
    problem: Annotated[
        str | None, typer.Option(help="The problem, or a part of its name, where there are several.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="The seed, where there are several.")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Copy the model to this file.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file of --out.")] = False,
    json_: Json = False,
) -> None:
    """Find the fitted model of a method: its file, facts, and the lines of ASE that use it."""
    with refusals():
        store, results = _results(folder)
        if method is None and (out or overwrite or problem is not None or seed is not None):
            raise ValueError(f"name the method too: mlffbench model {folder} best ...")
        if method is None:
            _print_list(store, results, json_)
            return
        from mlffbench.report.row_choice import choose_row

        row = choose_row(results, method, problem, seed)
        file = store.kept_model(row.document["id"])
        if file is None:
            stop(_gone(store, row))
        _check_output(out, overwrite, file)
        refusal = None
        if out is not None:
            _, refusal = tried(out, partial(_copy, file, out))
        facts = _facts(row, file, None if refusal else out)
        if json_:
            print_json(facts)
        else:
            print_model(facts)
        if refusal:
            stop(refusal)


def _results(folder: Path) -> tuple[Store, Results]:
    """Results of a folder.

    Raises
    ------
    ValueError
        It holds none.
    """
    from mlffbench.cli.finished import say_set_aside
    from mlffbench.harness.documents.store import Store
    from mlffbench.report.results import Results

    store = Store(folder)
    documents = store.documents() if folder.is_dir() else []
    if not documents:
        hint = "a results folder is what 'mlffbench run SUITE' writes"
        raise ValueError(f"{folder} {'holds no results' if folder.exists() else 'does not exist'}; {hint}")
    say_set_aside(store)
    return store, Results.from_documents(documents)


def _gone(store: Store, row: ChosenRow) -> str:
    """Reason why a model is not there, and the way to one."""
    reason = store.missing_model(row.document["id"])
    return (
        f"{row.label}, seed {row.seed}: {reason}; to have one, write keep_models: all in the suite and run "
        "it with --force, which fits again"
    )


def _check_output(out: Path | None, overwrite: bool, file: Path) -> None:
    """Refuse to replace a file that was not meant."""
    if out is None:
        return
    if out.is_dir():
        raise ValueError(f"--out {out} is a folder; name a file, such as {out / file.name}")
    if out.exists() and out.samefile(file):
        raise ValueError(f"--out {out} is the kept model itself")
    if out.exists() and not overwrite:
        raise ValueError(f"{out} exists; --overwrite replaces it")


def _copy(file: Path, out: Path) -> None:
    from mlffbench.system.atomic_write import atomic_write

    with file.open("rb") as source, atomic_write(out) as target:
        shutil.copyfileobj(source, target)


def _facts(row: ChosenRow, file: Path, copy: Path | None) -> dict[str, Any]:
    """All that is known of a kept model."""
    from mlffbench.report.problems import dig
    from mlffbench.report.row_choice import in_domain_errors
    from mlffbench.report.wording import ase_lines

    document = row.document
    estimator = document["case"]["estimator"]
    settings = dig(document, "model", "params") or estimator.get("params") or {}
    return {
        "path": str(file), "bytes": file.stat().st_size, "copy": None if copy is None else str(copy),
        "method": row.label, "estimator": estimator["name"], "problem": row.problem, "seed": row.seed,
        "settings": {k: v for k, v in settings.items() if v is not None},
        "training_frames": dig(document, "split", "n_train"), "dataset": dig(document, "dataset", "name"),
        "level": dig(document, "dataset", "card", "level"),
        "elements": dig(document, "dataset", "elements"), "errors": in_domain_errors(document),
        "fit_seconds": dig(document, "timings", "fit", "seconds"),
        "usage": list(ase_lines(str(copy or file), _trusted(estimator["name"]))),
    }  # fmt: skip


def _trusted(estimator: str) -> str | None:
    """Module of somebody else's estimator, which the file needs to be loaded."""
    return estimator.partition(":")[0] if ":" in estimator else None


def _print_list(store: Store, results: Results, json_: bool) -> None:
    """Print the models of a folder, the best first, with their sizes or the reason why there is none."""
    from mlffbench.report.row_choice import rows_of

    rows = []
    for row in rows_of(results):
        id = row.document["id"]
        file = store.kept_model(id)
        rows.append({
            "problem": row.problem, "method": row.label, "seed": row.seed,
            "path": None if file is None else str(file), "bytes": file and file.stat().st_size,
            "reason": None if file else store.missing_model(id),
        })  # fmt: skip
    if json_:
        print_json(rows)
        return
    screen = console()
    for problem in dict.fromkeys(row["problem"] for row in rows):
        screen.print(problem, style="bold")
        cells = [
            [r["method"], str(r["seed"]), file_size(r["bytes"]) if r["path"] else r["reason"]]
            for r in rows
            if r["problem"] == problem
        ]
        screen.print(table(["method", "seed", "model"], cells, words=3))
    screen.print(f"mlffbench model {store.folder} METHOD: its file and the lines that use it")
