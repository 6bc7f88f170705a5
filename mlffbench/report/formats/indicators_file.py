"""Indicators of survival as a file of markdown: the answer of a suite that ran molecular dynamics."""

from __future__ import annotations

import pandas as pd

from mlffbench.report.formats.markdown import safe, table_text
from mlffbench.report.tables.indicators import indicator_tables

__all__ = ["render"]


def render(frame: pd.DataFrame, title: str) -> str:
    """Tables of every problem and of all pooled.

    Parameters
    ----------
    frame : DataFrame
        Rows of `mlffbench.report.dataframes.indicators.indicators`.
    title : str
    """
    parts = [f"# {safe(title)}"]
    for name, own in frame.groupby("problem", sort=False):
        parts += [f"## {safe(str(name))}", *map(table_text, indicator_tables(own))]
    return "\n\n".join(parts) + "\n"
