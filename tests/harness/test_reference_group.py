"""The group that ranks, and the errors that count on it."""

from __future__ import annotations

import pytest

from mlffbench.harness.reference_group import in_reading_order, ranking_error, reference_group, series


def test_groups_in_reading_order():
    names = ["dihedral", "test_1200K", "test_600K", "test_300K"]
    assert series(names) == ["test_300K", "test_600K", "test_1200K"]
    assert in_reading_order(names, "test_600K") == ["test_600K", "test_300K", "test_1200K", "dihedral"]


@pytest.mark.parametrize(
    ("split", "group"),
    [
        ({"tests": {"hot": 3, "test": 3}, "in_domain": "test"}, "test"),
        ({"tests": {"dihedral": 3, "test_600K": 3, "test_300K": 3}, "in_domain": None}, "test_300K"),
        ({"tests": {"hot": 3, "cold": 3}}, "hot"),
        (None, None),
    ],
)
def test_the_group_that_ranks_is_the_first_in_reading_order(split, group):
    assert reference_group({"split": split}) == group


def test_errors_of_models_that_a_task_fitted_do_not_rank():
    def score(value, **more):
        return {"test": "test", "quantity": "forces", "metric": "rmse", "value": value, **more}

    scores = [score(0.2), score(0.9, task="learning_curve(sizes=[0.1])"), score(None)]
    document = {"split": {"tests": {"test": 3}}, "scores": scores}
    assert ranking_error(document) == (0.2, float("inf"))
