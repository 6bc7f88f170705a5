"""Command ``mlffbench results indicators``: the static scores that go with survival in molecular dynamics."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlffbench.cli.console import print_json, print_table, refusals, say
from mlffbench.cli.data.arguments import Json
from mlffbench.cli.results.filters import Folders, Problem, chosen_rows, results_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["indicators"]

Out = Annotated[Path | None, typer.Option(help="File of markdown with all rows, instead of the terminal.")]
Rows = Annotated[int, typer.Option(min=1, help="Most rows of a table.")]


def indicators(
    folders: Folders, problem: Problem = None, rows: Rows = 12, out: Out = None, json_: Json = False
) -> None:
    """Rank correlations of every static score with survival in MD, per problem and pooled, with intervals."""
    from mlffbench.report.tables.indicators import CAPTION, SUMMARY, indicator_tables

    with refusals():
        frame = results_of(folders).indicators
        if frame.empty:
            raise ValueError("no method has survival in these results: the suite needs the task md")
        frame = chosen_rows(frame, problem=problem)
        if out is not None:
            _write(frame, out)
            return
    if json_:
        print_json(frame.to_dict("records"))
        return
    for name, own in frame.groupby("problem", sort=False):
        say(f"{name}\n")
        summary, *details = indicator_tables(own)
        _print(summary, len(summary.rows))
        for table in details:
            _print(table, rows)
    say(f"{SUMMARY} {CAPTION}")


def _write(frame: pd.DataFrame, file: Path) -> None:
    from mlffbench.report.formats.indicators_file import render
    from mlffbench.system.atomic_write import atomic_write

    if file.suffix != ".md":
        raise ValueError(f"{file}: --out writes markdown, .md; 'mlffbench results export' CSV and parquet")
    with atomic_write(file) as stream:
        stream.write(render(frame, "Indicators of survival").encode())
    say(f"wrote {file}")


def _print(table: Any, most: int) -> None:
    say(table.title)
    cells = [[cell.text for cell in row.cells] for row in table.rows]
    print_table([column.name for column in table.columns], cells[:most], table.words)
    more = len(cells) - most
    say(f"and {more} more; --rows shows them\n" if more > 0 else "")
