"""Orders of merit."""

from __future__ import annotations

import math

from example_documents import outcome

from mlffbench.report.dataframes.frames import Frames
from mlffbench.report.results import Results
from mlffbench.report.verdict.board import Board
from mlffbench.report.verdict.merit import merits, worst_group
from mlffbench.report.verdict.orders import DEFAULT, MORE, ORDERS
from mlffbench.report.verdict.task_summary import TaskSummary


def board(*documents):
    results = Results.from_documents(documents)
    return Board(results.problems[0], Frames.from_results(results))


def orders(*documents):
    made = merits(board(*documents), TaskSummary((), ()))
    return {name: [(m.method, m.place, m.text) for m in order] for name, order in made.items()}


FLOOR = outcome("atomic_reference", 0.5, hot=1.1)


def test_the_floor_is_first_in_no_order():
    made = orders(FLOOR, outcome("fragile", 0.01, hot=40), outcome("robust", 0.05, hot=2))
    assert DEFAULT == "in-domain error" == next(iter(made))
    assert [m for m, *_ in made[DEFAULT]] == ["fragile", "robust", "atomic_reference"]
    assert made["worst group"] == [
        ("robust", 1, "100 ±10 on test_1200K"),
        ("fragile", 2, "400 ±40 on test_1200K"),
        ("atomic_reference", 3, "550 ±55 on test_1200K"),
    ]
    assert set(made) <= {*ORDERS, *MORE}
    assert [m for m, *_ in made["energy error"]] == ["fragile", "robust", "atomic_reference"], "all alike"


def test_the_worst_group_of_a_method_that_left_one_out_is_unknown():
    lazy = outcome("lazy", 0.001)
    lazy["scores"] = [s for s in lazy["scores"] if s["test"] != "test_1200K"]
    own = board(lazy, outcome("other", 0.05))
    assert worst_group(own, "lazy") is None
    assert worst_group(own, "other") == "test_1200K"


def test_costs_are_compared_near_the_best_only():
    slow = outcome("slow", 0.011)
    slow["timings"]["predict"]["test_300K"] = {
        **slow["timings"]["predict"]["test_300K"], "evaluate_seconds": 0.9
    }  # fmt: skip
    made = orders(outcome("best", 0.01), slow, outcome("far", 0.05), FLOOR)
    assert made["cost at equal error"] == [
        ("best", 1, "100"),
        ("slow", 2, "1060"),
        ("far", None, "more than twice the least error"),
        ("atomic_reference", None, "the baseline"),
    ]


def test_times_under_another_load_have_no_place():
    documents = [outcome("quiet", 0.01), outcome("alike", 0.011), outcome("busy", 0.012)]
    for document, load in zip(documents, (1.0, 1.1, 9.0), strict=True):
        document["provenance"] |= {"machine": {"cpu": "EPYC", "usable_cores": 2}, "load_average": load}
    made = orders(*documents)
    for name in ("fit time", "prediction time", "cost at equal error"):
        assert [(method, place) for method, place, _ in made[name]] == [
            ("quiet", 1), ("alike", 1), ("busy", None)
        ], name  # fmt: skip


def test_equal_values_share_a_place():
    made = merits(board(outcome("a", 0.01), outcome("b", 0.01), outcome("c", 0.02)), TaskSummary((), ()))
    assert [m.place for m in made[DEFAULT]] == [1, 1, 3]
    assert not any(math.isnan(m.value) for m in made[DEFAULT])
    assert "tasks passed" not in made
