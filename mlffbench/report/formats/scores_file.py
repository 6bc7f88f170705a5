"""scores.csv and scores.parquet: every number of every fit, for other programs."""

from __future__ import annotations

from typing import BinaryIO

import pandas as pd
import pyarrow as pa
from pandas.api.types import is_string_dtype
from pyarrow import csv, parquet

from mlffbench.report.formats.csv_file import inert

__all__ = ["write_csv", "write_parquet"]


def write_parquet(scores: pd.DataFrame, file: BinaryIO) -> None:
    """Write the scores with the types of their columns."""
    parquet.write_table(pa.Table.from_pandas(scores, preserve_index=False), file)


def write_csv(scores: pd.DataFrame, file: BinaryIO) -> None:
    """Write the scores as comma-separated values, without texts that a spreadsheet would compute."""
    texts = {str(name): _inert(column) for name, column in scores.items() if _is_text(column)}
    csv.write_csv(pa.Table.from_pandas(scores.assign(**texts), preserve_index=False), file)


def _is_text(column: pd.Series) -> bool:
    return isinstance(column.dtype, pd.CategoricalDtype) or is_string_dtype(column)


def _inert(texts: pd.Series) -> pd.Series:
    """The texts, each different one looked at once."""
    changed = {text: safe for text in texts.unique() if (safe := inert(text)) != text}
    if not changed:
        return texts
    is_category = isinstance(texts.dtype, pd.CategoricalDtype)
    return texts.map(lambda text: changed.get(text, text)) if is_category else texts.replace(changed)
