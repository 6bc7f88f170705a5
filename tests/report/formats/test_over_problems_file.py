"""across_problems.csv."""

from __future__ import annotations

import io

import pandas as pd
import pytest
from example_documents import outcome
from example_over_problems import on_problems

from mlffbench.report.formats import over_problems_file
from mlffbench.report.results import Results


def read(documents):
    return pd.read_csv(io.StringIO(over_problems_file.render(Results.from_documents(documents))))


def test_a_row_a_method_with_the_numbers_of_the_tables():
    errors = {
        "a": [0.01] * 4 + [0.03],
        "b": [0.02] * 5,
        "c": [0.05] * 5,
        "=d": [0.001, 0.001, None, 0.001, 0.001],
    }
    frame = read(on_problems(errors)).set_index("method")
    assert list(frame.index) == ["a", "b", "c", "'=d"]
    assert frame.loc["a", "mean rank"] == pytest.approx(1.2)
    assert frame.loc["a", "high"] == pytest.approx(1.7553, abs=1e-4)
    assert frame.loc["a", "win rate"] == pytest.approx(0.9)
    assert frame.loc["c", "place"] == 3
    assert frame.loc["'=d", "problems"] == 4
    assert "data2" in frame.loc["'=d", "lacks"]
    assert frame.loc["'=d", ["mean rank", "place"]].isna().all()


def test_one_problem_has_the_columns_alone():
    frame = read([outcome("a")])
    assert frame.empty
    assert "random weights, worst" in frame
