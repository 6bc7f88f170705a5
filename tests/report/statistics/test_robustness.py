"""Robustness of orders by hand."""

from __future__ import annotations

import numpy as np

from mlffbench.report.statistics.robustness import robustness

CELLS = {
    ("A", "force"): [1.0, 2.0, 3.0], ("A", "energy"): [1.0, 3.0, 2.0],
    ("B", "force"): [1.0, 2.0, 3.0], ("B", "energy"): [3.0, 1.0, 2.0],
}  # fmt: skip


def test_places_by_hand():
    """Mean ranks 1.5, 2, 2.5; without B 1, 2.5, 2.5; without forces 2, 2, 2."""
    found = robustness(CELLS, ["a", "b", "c"])
    assert found.place.tolist() == [1, 2, 3]
    assert found.without_dataset.tolist() == [[1, 2], [1, 2.5], [2.5, 3]]
    assert found.without_metric.tolist() == [[1, 2], [2, 2], [2, 3]]
    assert found.random_weights[0, 0] == 1
    assert set((2 * found.random_weights).ravel() % 1) == {0.0}, "places, whole or shared by two"
    assert found.p_first.argmax() == 0
    assert found.p_first.sum() >= 1


def test_problems_on_one_dataset_are_one_cell_of_each_metric():
    """Two more problems on the data of A, with its errors, change nothing."""
    again = {(name, metric): CELLS["A", metric] for name in ("A2", "A3") for metric in ("force", "energy")}
    once = robustness(CELLS, ["a", "b", "c"])
    found = robustness({**CELLS, **again}, ["a", "b", "c"], {"A": 0, "A2": 0, "A3": 0, "B": 1})
    for name in ("place", "without_dataset", "without_metric", "random_weights", "p_first"):
        assert getattr(found, name).tolist() == getattr(once, name).tolist(), name


def test_method_without_a_cell_has_no_place_and_is_named():
    found = robustness({**CELLS, ("C", "force"): [1.0, np.nan, 2.0]}, ["a", "b", "c"])
    assert found.methods == ("a", "c")
    assert found.missing == {"b": (("C", "force"),)}
