"""Every control fails the task made for its error, and the true model passes all tasks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mlffbench import registry
from mlffbench.data import Dataset, Missing, Score, Split
from mlffbench.testing import controls

TASKS: dict[str, dict[str, Any]] = {
    "physics": {"n_lines": 2, "n_points": 120},
    "properties": {"solids": {"include": ["equation_of_state", "elastic"]}},
    "md": {"temperatures": [60.0], "n_trajectories": 1, "picoseconds": 0.1, "timestep": 4.0,
           "nve_picoseconds": 1.0, "protocol": {"frames": 4}},
    "structure_prediction": {"n_rattled": 2, "n_cells": 3, "sizes": [2, 4], "relaxation": {"steps": 60}},
    "screening": {"n": 24, "k": 5},
}  # fmt: skip
Scores = dict[tuple[str, str, str], float]
CAUGHT = [  # the control, the task made for it, the score that shows the error, its threshold
    ("NonConservative", "physics", ("Ar4", "energy_conservation", "relative_error"), 0.01),
    ("NonConservative", "physics", ("Ar4", "hessian_asymmetry", "error"), 1e-5),
    ("NonConservative", "md", ("60 K", "nve_drift", "error"), 2e-3),
    ("AbruptCutoff", "physics", ("Ar4", "smoothness", "energy_jump"), 1e-3),
    ("AbruptCutoff", "physics", ("Ar-Ar", "energy_jump", "error"), 1e-3),
    ("Noisy", "physics", ("Ar4", "rotation", "force"), 1e-2),
    ("Noisy", "screening", ("strained", "ranking", "kendall"), 0.2),
    ("WrongUnits", "properties", ("fcc", "C11", "error"), 1.0),
    ("WrongUnits", "properties", ("fcc", "bulk_modulus", "error"), 1.0),
    ("WrongStressSign", "properties", ("fcc", "C11", "error"), 1.0),
]
_rows: dict[tuple[str, str], list[Any]] = {}


def argon() -> tuple[Dataset, Split]:
    data = registry.load("datasets", "lennard_jones")(n_train=8, n_test=2)
    return data, registry.load("splits", "official")(data, seed=0)


def rows(control: str, task: str) -> list[Any]:
    """Rows of a task for a control, computed once."""
    if (control, task) not in _rows:
        data, split = argon()
        model = getattr(controls, control)(data.reference.truth, data.atomic_energies)
        model.fit([data.frames[i] for i in split.train], data.labels[split.train])
        _rows[control, task] = registry.load("tasks", task)(model, data, split, 0, **TASKS[task])
    return _rows[control, task]


def scores(control: str, task: str) -> Scores:
    """Values by test, quantity and metric."""
    return {(r.test, r.quantity, r.metric): r.value for r in rows(control, task) if isinstance(r, Score)}


def failed(control: str, task: str) -> list[str]:
    """Quantities that could not be measured, which counts as caught too."""
    return [r.quantity for r in rows(control, task) if isinstance(r, Missing) and r.kind != "skipped"]


@pytest.mark.parametrize(("control", "task", "key", "much"), CAUGHT)
def test_a_control_is_caught_by_the_task_made_for_it(control, task, key, much):
    measured = scores(control, task)
    if key not in measured:
        assert failed(control, task), f"{task} neither measured {key} nor failed: {sorted(measured)}"
        return
    assert measured[key] > much


@pytest.mark.parametrize(("control", "task", "key", "much"), CAUGHT)
def test_the_true_model_passes(control, task, key, much):
    assert scores("Analytic", task)[key] < much / 5


@pytest.mark.parametrize("task", TASKS)
def test_nothing_of_the_true_model_fails(task):
    assert not failed("Analytic", task)
    costs = ("time", "days", "steps", "calls", "seconds")
    for key, value in scores("Analytic", task).items():
        assert np.isfinite(value), key
        if task in ("properties", "screening") and not any(c in "_".join(key) for c in costs):
            assert value < 1e-3, f"{key} is {value} of the truth itself"
