"""Numbers of tasks, compared as far as they have intervals and directions."""

from __future__ import annotations

from example_documents import measured, outcome, score

from mlffbench.report.comparison.pairs import Side, pair_rows
from mlffbench.report.comparison.tasks import compare_tasks
from mlffbench.report.results import Results


def compared(a, b):
    return compare_tasks(pair_rows(*(Side("x", Results.from_documents([d])) for d in (a, b))).pairs)


def of_task(task, value, quantity, metric, unit="", spread=0.1, **changes):
    one = {**score("300 K", value, quantity, unit, spread, metric), "task": task}
    return {**outcome("mace"), "scores": [one], **changes}


def test_numbers_without_intervals_have_changed_or_are_equal():
    rows = compared(measured("stiff", 140.0), measured("stiff", 151.0)).set_index("quantity")
    assert rows["verdict"].to_dict() == {"C11": "changed", "smoothness": "equal"}
    assert (rows["a"]["C11"], rows["b"]["C11"]) == (10.0, 1.0)


def test_the_better_direction_is_that_of_the_quantity():
    """A Wasserstein distance is the better the lower, the simulated time of a day the better the higher."""
    for (task, quantity, metric), verdict in {
        ("md", "radial_distribution", "wasserstein"): "worse",
        ("speed summary", "ns_per_day", ""): "better",
        ("my_task", "beauty", "value"): "changed",
    }.items():
        a, b = (of_task(task, value, quantity, metric, spread=0.01) for value in (0.2, 0.4))
        assert compared(a, b)["verdict"].item() == verdict


def test_times_of_another_machine_are_left_out():
    slow = of_task("speed", 20.0, "evaluate", "time_per_atom", "µs/atom")
    fast = of_task("speed", 10.0, "evaluate", "time_per_atom", "µs/atom")
    assert compared(slow, fast)["verdict"].item() == "better"
    other = {**fast, "provenance": {**fast["provenance"], "machine": {"cpu": "Xeon", "cores": 2}}}
    assert compared(slow, other).empty
