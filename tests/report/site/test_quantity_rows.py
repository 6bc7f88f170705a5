"""Rows of quantities: the best method by the quantity's direction, the middle and the last one."""

from __future__ import annotations

import pytest
from example_documents import outcome, score
from example_site import no_predictions, suites

from mlffbench.report.quantities.catalogue import QUANTITIES
from mlffbench.report.results import Results
from mlffbench.report.site.quantity_rows import QuantityRow, quantity_rows
from mlffbench.report.site.suite import Suite


def test_errors_are_best_where_they_are_least():
    suite, _ = suites()
    rows = {(row.key, row.test): row for row in quantity_rows(suite) if row.problem.startswith("malon")}
    row = rows[("", "forces", "rmse"), "test_300K"]
    assert (row.best, row.n, row.unit) == ("mace", 2, "meV/Å")
    assert (row.value.order, row.median.order, row.worst.order) == (20.0, 20.0, 500.0)
    assert row.value.text == "20.0 ±2.0"
    assert row.entry.name == "force RMSE"


def rows_of(task: str, quantity: str, metric: str, unit: str) -> list[QuantityRow]:
    """Rows of a quantity of a task that two methods have, 0.1 and 0.9."""
    documents = []
    for label, value in (("low", 0.1), ("high", 0.9)):
        document = outcome(label)
        own = score("300 K", value, quantity, unit, None, metric) | {"task": task}
        documents.append(document | {"scores": [*document["scores"], own]})
    suite = Suite("s", Results.from_documents(documents), no_predictions)
    return [row for row in quantity_rows(suite) if row.key[1:] == (quantity, metric) and row.test == "300 K"]


def test_no_number_of_an_unknown_task_is_better_than_another():
    [row] = rows_of("somebody(else='s')", "novelty", "score", "")
    assert (row.key, row.entry, row.best) == (("somebody", "novelty", "score"), None, "")
    assert (row.value.order, row.worst.order) == (0.1, 0.9)


@pytest.mark.parametrize(("direction", "best"), [("higher", "high"), ("lower", "low"), ("target", "low")])
def test_the_registry_says_which_numbers_are_better(direction, best):
    known = [e for e in QUANTITIES if e.task and e.direction == direction and not e.is_pattern]
    entry = next(e for e in known if e.target in (None, 0.0))
    [row] = rows_of(f"{entry.task}(keyword=1)", entry.quantity, entry.metric, entry.unit)
    assert (row.key, row.best, row.n) == (entry.key, best, 2)


def timed(*apart: str) -> QuantityRow:
    """The row of a time that three methods have, of which some were fitted beside other cases."""
    documents = []
    for label, value in (("a", 3.0), ("b", 2.0), ("c", 1.0)):
        document = outcome(label)
        own = score("8 atoms", value, "evaluate", "µs/atom", None, "time_per_atom") | {"task": "speed"}
        document["timings"]["fit"]["alone"] = label not in apart
        documents.append(document | {"scores": [*document["scores"], own]})
    suite = Suite("s", Results.from_documents(documents), no_predictions)
    [row] = (row for row in quantity_rows(suite) if row.test == "8 atoms")
    return row


@pytest.mark.parametrize(
    ("apart", "best", "n", "value", "worst"),
    [("", "c", 3, 1.0, 3.0), ("c", "b", 2, 2.0, 3.0), ("ac", "b", 1, 2.0, 2.0), ("abc", "", 3, 1.0, 3.0)],
)
def test_times_of_unlike_conditions_are_never_the_best(apart, best, n, value, worst):
    row = timed(*apart)
    assert (row.best, row.n, row.value.order, row.worst.order) == (best, n, value, worst)


def test_errors_of_rows_timed_apart_are_compared():
    documents = [outcome("good", 0.01), outcome("bad", 0.02)]
    documents[0]["timings"]["fit"]["alone"] = False
    suite = Suite("s", Results.from_documents(documents), no_predictions)
    rows = {(row.key, row.test): row for row in quantity_rows(suite)}
    assert rows[("", "forces", "rmse"), "test_300K"].best == "good"
