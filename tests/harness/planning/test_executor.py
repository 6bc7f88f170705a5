"""Executor of a run: that of the suite unless the command line says another."""

from __future__ import annotations

from dataclasses import replace

import pytest
from example_cases import case

from mlffbench.data import Spec
from mlffbench.harness.executors.local import Local
from mlffbench.harness.planning.executor import ExecutorChoice, is_here, refuse_oversized
from mlffbench.harness.planning.plan import SuiteError
from mlffbench.harness.planning.planned_run import plan_run

SLURM = Spec("slurm", {"partition": "gpu", "jobs": 4})
SUITE = {
    "name": "demo",
    "problems": [{"dataset": {"lennard_jones": {"n_train": 6, "n_test": 3}}}],
    "estimators": [{"painn": {"device": "cuda"}}],
}


@pytest.mark.parametrize(
    ("choice", "chosen"),
    [
        ({}, SLURM),
        ({"jobs": 2}, Spec("slurm", {"partition": "gpu", "jobs": 2})),
        ({"executor": "slurm"}, SLURM),
        ({"executor": {"slurm": {"partition": "cpu"}}}, Spec("slurm", {"partition": "cpu", "jobs": 4})),
        ({"executor": "local", "jobs": 3}, Spec("local", {"jobs": 3})),
        ({"scheduler": "tcp://head:8786"}, Spec("dask", {"scheduler": "tcp://head:8786"})),
    ],
)
def test_options_stand_before_the_suite(choice, chosen):
    assert ExecutorChoice(**choice).of(SLURM) == chosen


def test_devices_are_looked_for_where_the_cases_run(monkeypatch):
    def absent(device):
        raise ValueError(f"no {device} here")

    for module in ("planned_run", "requirements"):
        monkeypatch.setattr(f"mlffbench.harness.planning.{module}.checked_device", absent)
    assert plan_run(SUITE).unmet
    assert not plan_run(SUITE, device="cuda", choice=ExecutorChoice(executor="slurm")).unmet
    assert not plan_run(SUITE, choice=ExecutorChoice(scheduler="tcp://head:1")).unmet
    assert not is_here(SLURM)
    assert is_here(Spec("dask"))


def test_cases_that_can_never_run_are_refused():
    large = replace(case(), resources={"threads": 100_000})
    with pytest.raises(SuiteError, match=r"row 'row': 100000 threads are asked for"):
        refuse_oversized(Local(), [large])
    refuse_oversized(Local(), [case()])
