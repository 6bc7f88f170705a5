"""Rows of quantities: the best method by the quantity's direction, the middle and the last one."""

from __future__ import annotations

import pytest
from example_documents import outcome, score
from example_site import no_predictions, suites

from mlffbench.report.results import Results
from mlffbench.report.site.quantity_rows import quantity_rows
from mlffbench.report.site.suite import Suite


def test_errors_are_best_where_they_are_least():
    suite, _ = suites()
    rows = {(row.key, row.test): row for row in quantity_rows(suite) if row.problem.startswith("malon")}
    row = rows[("", "forces", "rmse"), "test_300K"]
    assert (row.best, row.n, row.unit) == ("mace", 2, "meV/Å")
    assert (row.value.order, row.median.order, row.worst.order) == (20.0, 20.0, 500.0)
    assert row.value.text == "20.0 ±2.0"
    assert row.entry.name == "force RMSE"


@pytest.mark.parametrize(
    ("quantity", "metric", "best"),
    [("survival", "fraction", None), ("conservation", "error", "low")],
)
def test_the_registry_says_which_numbers_are_better(quantity, metric, best):
    documents = []
    for label, value in (("low", 0.1), ("high", 0.9)):
        document = outcome(label)
        own = score("300 K", value, quantity, "", None, metric) | {"task": "somebody(else='s')"}
        documents.append(document | {"scores": [*document["scores"], own]})
    suite = Suite("s", Results.from_documents(documents), no_predictions)
    [row] = [row for row in quantity_rows(suite) if row.key[1] == quantity]
    assert row.key == ("somebody", quantity, metric)  # a task that the registry does not know: none is better
    assert row.entry is None
    assert row.best == ""


def test_a_quantity_of_the_registry_whose_higher_numbers_are_better():
    from mlffbench.report.quantities.catalogue import QUANTITIES

    entry = next(
        e
        for e in QUANTITIES
        if e.direction == "higher" and e.task in ("md", "uncertainty") and not e.is_pattern
    )
    documents = []
    for label, value in (("low", 0.1), ("high", 0.9)):
        document = outcome(label)
        own = score("300 K", value, entry.quantity, entry.unit, None, entry.metric) | {
            "task": f"{entry.task}(a=1)"
        }
        documents.append(document | {"scores": [*document["scores"], own]})
    suite = Suite("s", Results.from_documents(documents), no_predictions)
    [row] = [row for row in quantity_rows(suite) if row.key == entry.key]
    assert (row.best, row.value.order, row.worst.order) == ("high", 0.9, 0.1)
