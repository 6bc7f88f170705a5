"""Options that choose rows of a table of results: --method, --problem, --status, --kind, --where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import pandas as pd

    from mlffbench.report.results_folder import Results

__all__ = ["Folders", "Kind", "Method", "Problem", "Status", "Where", "chosen_rows", "results_of"]

Folders = Annotated[
    list[Path], typer.Argument(metavar="FOLDER...", help="Results folders.", show_default=False)
]
Method = Annotated[list[str] | None, typer.Option(help="A row of the leaderboard; may be repeated.")]
Problem = Annotated[list[str] | None, typer.Option(help="A problem, or a part of its name; may be repeated.")]
Status = Annotated[str | None, typer.Option(metavar="ok|failed", help="Cases that went well, or failed.")]
Kind = Annotated[list[str] | None, typer.Option(help="Kind of failure (timed out); may be repeated.")]
Where = Annotated[
    str | None,
    typer.Option(
        metavar="EXPRESSION", help="Condition on columns, as in pandas: 'error < 0.05 and seed == 0'."
    ),
]


def results_of(folders: Sequence[Path]) -> Results:
    """Read results folders; a line on stderr for each file that cannot be used."""
    import warnings

    from mlffbench.cli.console import say
    from mlffbench.report.results_folder import load_results

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # said below
        results = load_results(folders)
    for path, reason in list(results.set_aside.items())[:10]:
        say(f"set aside: {path}: {reason}; the others count", err=True)
    if (more := len(results.set_aside) - 10) > 0:
        say(f"set aside: {more:,} other files", err=True)
    return results


def chosen_rows(
    table: pd.DataFrame, method: Sequence[str] | None = None, problem: Sequence[str] | None = None,
    status: str | None = None, kind: Sequence[str] | None = None, where: str | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Rows of a table of cases, or of scores, that all options choose.

    Raises
    ------
    LookupError
        No row has such a method, problem, status or kind.
    ValueError
        The table has no such column, or the condition cannot be evaluated.
    """
    wanted: Mapping[str, Sequence[str]] = {
        "method": method or (), "problem": problem or (), "kind": kind or (),
        "status": [status] if status else (),
    }  # fmt: skip
    for column, names in wanted.items():
        if names:
            table = table[_matches(table, column, names)]
    return table if where is None else _where(table, where)


def _matches(table: pd.DataFrame, column: str, names: Sequence[str]) -> pd.Series:
    """Rows with one of the names; of a problem a part of the name is enough."""
    from mlffbench.registry import suggest

    if column not in table:
        raise ValueError(f"this table has no column {column}; it has {', '.join(map(str, table))}")
    known = [str(text) for text in table[column].unique() if text]
    hits: set[str] = set()
    for name in names:
        same = {text for text in known if text == name}
        if column == "problem":
            same = same or {text for text in known if name.lower() in text.lower()}
        if not same:
            raise LookupError(f"no {column} {name!r}{suggest(name, known)}")
        hits |= same
    return table[column].isin(hits)


def _where(table: pd.DataFrame, condition: str) -> pd.DataFrame:
    try:
        return table.query(condition, engine="python")
    except Exception as error:  # pandas raises errors of many kinds
        columns = ", ".join(map(str, table))
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(f"--where {condition!r}: {first}; the columns are {columns}") from None
