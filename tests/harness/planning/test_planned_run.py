"""Planning of a run: from a file, a mapping or a suite, without a process."""

from __future__ import annotations

import pytest
import yaml

from mlffbench.harness.planning.executor import ExecutorChoice
from mlffbench.harness.planning.plan import SuiteError
from mlffbench.harness.planning.planned_run import plan_run
from mlffbench.harness.planning.read_suite import read_suite

SUITE = {
    "name": "demo",
    "problems": [{"dataset": {"lennard_jones": {"n_train": 6, "n_test": 3}}}],
    "estimators": ["atomic_reference", {"morse": {"cutoff": 8.0}}],
}


def test_file_mapping_and_suite_give_the_same_cases(tmp_path):
    file = tmp_path / "suite.yaml"
    file.write_text(yaml.safe_dump(SUITE, sort_keys=False))
    plans = [plan_run(suite) for suite in (file, str(file), SUITE, read_suite(file))]
    assert [case.label for case in plans[0].cases] == ["atomic_reference", "morse"]
    assert all(plan == plans[0] for plan in plans)
    assert set(plans[0].inputs) == {str(plans[0].cases[0].dataset)}


def test_the_place_in_a_mapping_is_named_by_its_path():
    wrong = {**SUITE, "estimators": ["atomic_reference", {"morse": {"cutoff": "five"}}]}
    with pytest.raises(SuiteError, match=r"^estimators\[1\]\.morse\.cutoff: morse: cutoff must be a number"):
        plan_run(wrong)
    with pytest.raises(SuiteError, match=r"^suite: 'name' is missing$"):
        plan_run({k: v for k, v in SUITE.items() if k != "name"})


def test_what_this_machine_has_not_is_refused_unless_the_cases_run_elsewhere():
    large = {"lennard_jones": {}, "as": "large", "resources": {"threads": 5000}}
    suite = {**SUITE, "estimators": ["atomic_reference", large]}
    plan = plan_run(suite)
    (refused,) = [case for case in plan.cases if case.id in plan.unmet]
    assert refused.label == "large"
    with pytest.raises(SuiteError, match=r"^estimators\[1\].*: row 'large': 5000 threads are asked for, and"):
        plan.refuse_unmet({refused.id})
    plan.refuse_unmet({case.id for case in plan.cases} - {refused.id})
    assert not plan_run(suite, choice=ExecutorChoice(scheduler="tcp://elsewhere:8786")).unmet
    assert len(plan_run({**SUITE, "resources": {"memory": "900 TB"}}).unmet) == 2
