"""Command ``mlffbench results export``: a table of results as a file of other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlffbench.cli.console import file_size, json_text, refusals, say
from mlffbench.cli.results.filters import (
    Kind,
    Method,
    Problem,
    Status,
    Where,
    chosen_rows,
    results_of,
)  # fmt: skip

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TABLES", "export", "table_of"]

TABLES = ("scores", "cases", "failures", "curves", "indicators")
SUFFIXES = (".parquet", ".csv", ".json")

Places = Annotated[
    list[Path],
    typer.Argument(metavar="FOLDER... FILE", help="Results folders, then the file.", show_default=False),
]
Table = Annotated[str, typer.Option(metavar="|".join(TABLES), help="The rows of the file.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace a file that exists.")]


def export(
    places: Places, table: Table = "scores", method: Method = None, problem: Problem = None,
    status: Status = None, kind: Kind = None, where: Where = None, overwrite: Overwrite = False,
) -> None:  # fmt: skip
    """Write a table of results as parquet, CSV or JSON; the suffix of the file chooses."""
    with refusals():
        *folders, file = places
        _check(folders, file, overwrite)
        rows = table_of(results_of(folders), table)
        rows = chosen_rows(rows, method, problem, status, kind, where)
        _write(rows, file)
    say(f"wrote {file}: {len(rows):,} {table}, {file_size(file.stat().st_size)}")


def table_of(results: Any, name: str) -> pd.DataFrame:
    """A table of results by its name."""
    from mlffbench.registry import suggest

    if name not in TABLES:
        raise LookupError(f"no table {name!r}{suggest(name, TABLES)}")
    return getattr(results, name)


def _check(folders: list[Path], file: Path, overwrite: bool) -> None:
    if not folders:
        raise ValueError("name a results folder and a file: mlffbench results export FOLDER scores.parquet")
    if file.suffix not in SUFFIXES:
        raise ValueError(f"{file}: the suffix must be one of {', '.join(SUFFIXES)}")
    if file.exists() and not overwrite:
        raise ValueError(f"{file} exists; --overwrite replaces it")


def _write(rows: pd.DataFrame, file: Path) -> None:
    from mlffbench.report.formats.scores_file import write_csv, write_parquet
    from mlffbench.system.atomic_write import atomic_write

    with atomic_write(file) as stream:
        if file.suffix == ".parquet":
            write_parquet(rows, stream)
        elif file.suffix == ".csv":
            write_csv(rows, stream)
        else:
            plain = rows.astype(object).where(rows.notna(), None).to_dict("records")
            stream.write(f"{json_text(plain)}\n".encode())
