"""Curves of tasks, one row a point."""

from __future__ import annotations

from example_documents import measured, outcome

from mlffbench.report.dataframes.tidy_curves import tidy_curves
from mlffbench.report.results import Results


def test_a_curve_and_its_reference_are_rows():
    table = tidy_curves(Results.from_documents([measured("soft", 140.0, seed=1)]))
    assert table[["reference", "x", "y"]].values.tolist() == [
        [False, 0.0, 0.0], [False, 1.0, 140.0], [True, 0.0, 0.0], [True, 1.0, 150.0],
    ]  # fmt: skip
    first = table.iloc[0]
    assert (first["method"], first["seed"], first["task"]) == ("soft", 1, "properties")
    assert (first["curve"], first["x_label"]) == ("phonon density of states, diamond", "frequency (THz)")


def test_no_curve_is_no_row():
    assert tidy_curves(Results.from_documents([outcome("mace")])).columns.tolist()[-2:] == ["x", "y"]


def test_a_missing_point_is_nan():
    document = measured("soft", 140.0)
    document["curves"][0].update(y=[None, 1.0], reference_y=None)
    table = tidy_curves(Results.from_documents([document]))
    assert table["y"].isna().tolist() == [True, False]
