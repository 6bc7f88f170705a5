"""Rows of a data frame as dictionaries."""

from __future__ import annotations

import pandas as pd

from mlffbench.report.dataframes.records import records


def test_rows_are_those_of_pandas_with_plain_numbers():
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": [0.5, float("inf")]}, index=[7, 3])
    assert records(frame) == frame.to_dict("records")
    assert type(records(frame)[0]["a"]) is int
    assert records(frame[:0]) == []
