"""Numbers that one side lacks: lost, or never asked for."""

from __future__ import annotations

import pytest
from example_documents import outcome, score, without

from mlffbench.report.comparison.comparison import compare_sides
from mlffbench.report.comparison.one_sided import one_sided_lines
from mlffbench.report.comparison.pairs import Side
from mlffbench.report.results import Results

MD = "md(picoseconds=0.5)"
SPEC = {"name": "md", "params": {"picoseconds": 0.5}}
ON = "mace on malonaldehyde · official(train='train_300K'): "


def compared(a, b):
    return compare_sides(*(Side("x", Results.from_documents(documents)) for documents in (a, b)))


def verdicts(rows):
    """Verdicts and reasons of all numbers but the equal ones."""
    apart = rows[rows["verdict"] != "equal"]
    return {f"{row.test} {row.quantity}": (row.verdict, row.reason) for row in apart.itertuples()}


def with_md(seed=0, tasks=(SPEC,), tests=("300 K", "1200 K"), failures=(), task=MD):
    """A document whose molecular dynamics gave a number at these temperatures."""
    document = outcome("mace", seed=seed, task_failures=[{"task": task, **f} for f in failures])
    numbers = [score(t, 0.1, "radial_distribution", "", 0.1, "wasserstein") for t in tests]
    document["scores"] = [*document["scores"], *({**number, "task": task} for number in numbers)]
    document["case"] = {**document["case"], "tasks": list(tasks)}
    return document


def lacking(test, quantity, **changes):
    document = outcome("mace", **changes)
    document["scores"] = [s for s in document["scores"] if (s["test"], s["quantity"]) != (test, quantity)]
    return document


def test_a_group_that_b_cannot_predict_is_lost_and_fails_the_gate():
    b = outcome("mace")
    without([b], "mace", "test_300K")
    comparison = compared([outcome("mace")], [b])
    lost = ("lost", "unsupported input: Pt was not in training")
    assert verdicts(comparison.errors) == {"test_300K forces": lost, "test_300K energy_per_atom": lost}
    assert comparison.worse(0.5) == [
        f"{ON}2 errors on test_300K are lost: unsupported input: Pt was not in training"
    ]


def test_the_value_of_a_lost_number_is_shown():
    (row,) = [r for r in compared([outcome("mace")], [lacking("test_300K", "forces")]).errors.itertuples()
              if r.verdict == "lost"]  # fmt: skip
    assert (row.a, row.unit, row.reason) == (pytest.approx(20.0), "meV/Å", "no failure is recorded")
    assert row.b != row.b


def test_groups_and_metrics_that_b_was_not_asked_for_are_only_in_a():
    b = lacking("test_1200K", "forces")
    b["scores"] = [s for s in b["scores"] if s["test"] != "test_1200K"]
    b["split"] = {**b["split"], "tests": {"test_300K": 50, "proton_transfer": 17}}
    comparison = compared([outcome("mace")], [b])
    only = ("only in A", "B was not asked for it")
    assert verdicts(comparison.errors) == {"test_1200K forces": only, "test_1200K energy_per_atom": only}
    assert comparison.worse(0.0) == []
    b = lacking("test_300K", "forces")
    b["case"] = {**b["case"], "metrics": ["mae"]}
    assert verdicts(compared([outcome("mace")], [b]).errors) == {"test_300K forces": only}


def test_a_number_that_only_b_has_is_said_and_not_worse():
    a = outcome("mace")
    without([a], "mace", "test_300K")
    comparison = compared([a], [outcome("mace")])
    assert comparison.worse(0.0) == []
    assert one_sided_lines(comparison.numbers, "only in B") == [
        f"{ON}2 errors on test_300K are only in B: unsupported input: Pt was not in training"
    ]
    row = comparison.errors[comparison.errors["verdict"] == "only in B"].iloc[0]
    assert (row["a"] != row["a"], row["b"]) == (True, pytest.approx(20.0))


def test_a_task_that_crashed_is_lost():
    crash = {"test": "", "quantity": "", "kind": "diverged", "message": "an atom has left the cell\nat 3 fs"}
    comparison = compared([with_md()], [with_md(tests=(), failures=[crash])])
    lost = ("lost", "diverged: an atom has left the cell")
    assert verdicts(comparison.tasks) == dict.fromkeys(
        ["300 K radial_distribution", "1200 K radial_distribution"], lost
    )
    assert comparison.worse(0.05) == [f"{ON}2 numbers of {MD} are lost: diverged: an atom has left the cell"]


def test_the_reason_is_the_failure_of_the_number_or_names_the_part_that_failed():
    own = {"test": "1200 K", "quantity": "radial_distribution", "kind": "skipped", "message": "no frames"}
    part = {"test": "", "quantity": "300 K dynamics", "kind": "error", "message": "nan"}
    rows = compared([with_md()], [with_md(tests=(), failures=[part, own])]).tasks
    assert verdicts(rows) == {
        "300 K radial_distribution": ("lost", "300 K dynamics: error: nan"),
        "1200 K radial_distribution": ("lost", "skipped: no frames"),
    }


@pytest.mark.parametrize("tasks", [(), ({"name": "md", "params": {"picoseconds": 9.0}},)])
def test_a_task_that_b_was_not_asked_for_is_only_in_a(tasks):
    comparison = compared([with_md()], [with_md(tests=(), tasks=tasks)])
    assert set(verdicts(comparison.tasks).values()) == {("only in A", "B was not asked for it")}
    assert comparison.worse(0.0) == []


def test_a_number_of_one_seed_is_lost_with_that_seed():
    b = [with_md(0), with_md(1, tests=("300 K",))]
    rows = compared([with_md(0), with_md(1)], b).tasks
    assert verdicts(rows) == {"1200 K radial_distribution": ("lost", "seed 1: no failure is recorded")}


def test_seeds_that_a_lacks_or_both_lack_leave_the_others_to_compare():
    a, b = outcome("mace", 0.02), outcome("mace", 0.03)
    both = compared([a, lacking("test_300K", "forces", seed=1)], [b, lacking("test_300K", "forces", seed=1)])
    gained = compared([a, lacking("test_300K", "forces", seed=1)], [b, outcome("mace", 0.04, seed=1)])
    for comparison in (both, gained):
        rows = comparison.errors
        (row,) = rows[(rows["test"] == "test_300K") & (rows["quantity"] == "forces")].to_dict("records")
        assert (row["a"], row["b"]) == (pytest.approx(20.0), pytest.approx(30.0))


@pytest.mark.parametrize(
    ("kind", "verdict"), [("out of memory", "lost"), ("skipped", "only in A"), (None, "only in A")]
)
def test_times_are_lost_by_a_failure_only(kind, verdict):
    speed = {"tasks": [{"name": "speed", "params": {}}], "task": "speed"}
    failures = [{"test": "300 K", "quantity": "radial_distribution", "kind": kind, "message": ""}]
    b = with_md(tests=(), failures=failures if kind else (), **speed)
    comparison = compared([with_md(tests=("300 K",), **speed)], [b])
    assert comparison.tasks["verdict"].tolist() == [verdict]
    assert bool(comparison.worse(0.0)) is (verdict == "lost")


def test_an_error_that_was_not_finite_is_not_lost():
    comparison = compared([outcome("mace", float("inf"))], [lacking("test_300K", "forces")])
    assert "test_300K forces" not in verdicts(comparison.errors)
