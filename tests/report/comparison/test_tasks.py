"""Numbers of tasks, compared as far as they have intervals and directions."""

from __future__ import annotations

import numpy as np
import pytest
from example_documents import measured, outcome, score
from scipy.stats import ttest_ind_from_stats

from mlffbench.report.comparison.pairs import Side, pair_rows
from mlffbench.report.comparison.tasks import compare_tasks
from mlffbench.report.results import Results


def compared(a, b):
    sides = (Side("x", Results.from_documents(d if isinstance(d, list) else [d])) for d in (a, b))
    return compare_tasks(pair_rows(*sides).pairs)


def of_task(task, value, quantity, metric, unit="", spread=0.1, seed=0, **changes):
    one = {**score("300 K", value, quantity, unit, spread, metric), "task": task}
    return {**outcome("mace", seed=seed), "scores": [one], **changes}


def of_seeds(values, quantity="radial_distribution", metric="wasserstein"):
    return [of_task("md", value, quantity, metric, spread=None, seed=seed)
            for seed, value in enumerate(values)]  # fmt: skip


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


@pytest.mark.parametrize(
    ("a", "b"),
    [((0.20, 0.22), (0.62, 0.64)), ((0.20, 0.22, 0.27), (0.24, 0.30, 0.33)), ((0.3, 0.5), (0.1, 0.2))],
)
def test_numbers_of_a_few_seeds_are_compared_by_the_t_test_of_welch(a, b):
    """Of two seeds a side, s.e. 0.01 each, a difference of 0.42 has p = 1.1e-3; a normal test says 5e-6."""
    row = compared(of_seeds(a), of_seeds(b)).iloc[0]
    statistics = [f(own) for own in (b, a) for f in (np.mean, lambda x: np.std(x, ddof=1), len)]
    truth = ttest_ind_from_stats(*statistics, equal_var=False)
    one_sided = ttest_ind_from_stats(*statistics, equal_var=False, alternative="greater")
    assert row["p_value"] == pytest.approx(truth.pvalue)
    assert row["p_better"] == pytest.approx(one_sided.pvalue)  # a distance: B is better if it is less


def test_a_number_that_is_the_better_the_higher():
    rows = [of_task("speed summary", value, "ns_per_day", "", spread=0.01) for value in (0.2, 0.4)]
    assert compared(*rows)["p_better"].item() > 0.99


def test_a_number_that_has_no_direction_has_no_probability_of_being_better():
    rows = [of_task("my_task", value, "beauty", "value", spread=0.01) for value in (0.2, 0.4)]
    assert np.isnan(compared(*rows)["p_better"].item())


def test_a_number_that_is_not_finite_in_b_alone_is_worse():
    finite = of_task("md", 0.2, "radial_distribution", "wasserstein", spread=None)
    lost = of_task("md", float("nan"), "radial_distribution", "wasserstein", spread=None)
    for (a, b), verdict in {
        (0, 1): ("worse", "b is not finite"), (1, 0): ("better", "a is not finite"), (1, 1): ("equal", ""),
    }.items():  # fmt: skip
        row = compared((finite, lost)[a], (finite, lost)[b]).iloc[0]
        assert (row["verdict"], row["reason"]) == verdict
