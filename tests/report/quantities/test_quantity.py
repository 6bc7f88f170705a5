"""Judgement of numbers by the thresholds of their quantity."""

from __future__ import annotations

import math

import pytest

from mlffbench.report.quantities.quantity import Quantity


def entry(**changes):
    given = {"passed": 1.0, "failed": 10.0, **changes}
    return Quantity("task", "drift", "error", "energy drift", "dE", "meV", "A number.", **given)


@pytest.mark.parametrize(
    ("value", "status"),
    [(0.0, "passed"), (1.0, "passed"), (1.1, "marginal"), (10.0, "marginal"), (10.1, "failed"),
     (math.inf, "failed"), (math.nan, "failed")],
)  # fmt: skip
def test_lower_is_better(value, status):
    assert entry().judge(value) == status


def test_higher_is_better_and_a_target_counts_from_both_sides():
    higher = entry(direction="higher", passed=0.9, failed=0.5)
    assert [higher.judge(v) for v in (1.0, 0.6, 0.4)] == ["passed", "marginal", "failed"]
    target = entry(direction="target", target=1.0, passed=0.1, failed=0.5)
    assert [target.judge(v) for v in (0.95, 1.3, 0.2)] == ["passed", "marginal", "failed"]


def test_relative_bounds_need_a_reference():
    modulus = entry(passed=0.1, failed=0.3, relative=True)
    assert [modulus.judge(v, -100.0) for v in (10.0, 29.0, 31.0)] == ["passed", "marginal", "failed"]
    assert modulus.judge(10.0) is None
    assert modulus.judge(10.0, 0.0) is None
    assert modulus.thresholds == "passed ≤ 10 % of the reference, failed > 30 % of the reference"


def test_no_thresholds_no_judgement():
    assert entry(passed=None, failed=None).judge(1e9) is None
    assert entry(passed=None, failed=None).thresholds == ""
    assert entry().thresholds == "passed ≤ 1 meV, failed > 10 meV"


def test_errors_on_test_groups_are_shown_in_milli():
    assert Quantity("", "forces", "rmse", "force RMSE", "F", "eV/Å", "An error.").shown_unit == "meV/Å"
    assert entry().shown_unit == "meV"


@pytest.mark.parametrize(
    ("task", "unit", "timed"),
    [("md", "µs", True), ("md", "d", True), ("timing", "µs/atom", True), ("screening", "s", True),
     ("speed", "mJ/atom", True), ("md", "ps", False), ("md", "Å²/ps", False), ("search", "", False)],
)  # fmt: skip
def test_times_of_this_machine_are_told_from_simulated_ones(task, unit, timed):
    assert Quantity(task, "name", "metric", "name", "x", unit, "A number.").is_timed is timed
