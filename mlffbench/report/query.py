"""SQL over the tables of results, by DuckDB."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from mlffbench.report.results_folder import Results

__all__ = ["TABLES", "query_results"]

TABLES = ("cases", "scores", "failures")


def query_results(results: Results, query: str) -> pd.DataFrame:
    """Answer of a query over the tables `TABLES`, which are attributes of the results.

    Only tables that the query names are made. It sees no variable of Python.

    Raises
    ------
    ImportError
        DuckDB is not installed.
    ValueError
        The query is wrong; the message is DuckDB's.
    """
    try:
        import duckdb
    except ImportError:
        raise ImportError("SQL needs duckdb: pip install 'mlffbench[query]'") from None
    with duckdb.connect(":memory:", config={"python_enable_replacements": "false"}) as connection:
        for name in TABLES:
            if name in query.lower():
                connection.register(name, getattr(results, name))
        try:
            return connection.execute(query).df()
        except duckdb.Error as error:
            raise ValueError(f"{error}\nthe tables are {', '.join(TABLES)}") from None
