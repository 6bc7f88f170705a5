"""Command ``mlffbench results sql``: a query over the tables of results folders."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from mlffbench.cli.console import print_json, print_table, refusals, say
from mlffbench.cli.data.arguments import Json
from mlffbench.cli.results.filters import results_of

__all__ = ["sql"]

Words = Annotated[
    list[str],
    typer.Argument(metavar="FOLDER... QUERY", help="Results folders, then the query.", show_default=False),
]


def sql(words: Words, json_: Json = False) -> None:
    """Query the tables cases, scores and failures with SQL (DuckDB)."""
    with refusals():
        *folders, query = words
        if not folders:
            raise ValueError('name a results folder and a query: mlffbench results sql FOLDER "SELECT ..."')
        from mlffbench.report.query import query_results

        answer = query_results(results_of([Path(folder) for folder in folders]), query)
    if json_:
        print_json(answer.astype(object).where(answer.notna(), None).to_dict("records"))
        return
    numbers = answer.dtypes.map(lambda kind: kind.kind in "iuf").tolist()
    words_first = numbers.index(True) if True in numbers else len(numbers)
    cells = [[_text(value) for value in row] for row in answer.itertuples(index=False)]
    print_table([str(name) for name in answer.columns], cells, words_first)
    say(f"{len(answer):,} rows")


def _text(value: Any) -> str:
    """A cell in words; ``-`` for a missing number, text or date."""
    import pandas as pd

    value = value.tolist() if hasattr(value, "tolist") else value
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return "-"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
