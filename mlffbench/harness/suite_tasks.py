"""Tasks of a suite that none of its estimators can do with any of its data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ase import Atoms

from mlffbench import registry
from mlffbench.data import Dataset, Spec
from mlffbench.forcefield import ForceField
from mlffbench.harness.plan import Suite
from mlffbench.system.failures import catch_failure
from mlffbench.system.settings_source import Mistake
from mlffbench.tasks.common.subtasks import unmet_before_fit

__all__ = ["Subject", "impossible_tasks", "models_of"]

Subject = tuple[Dataset, Atoms]  # data of a problem, and a frame to train on


def models_of(suite: Suite) -> list[ForceField]:
    """The estimators of a suite, not fitted; those that cannot be made here are left out."""
    made = [
        catch_failure(lambda spec=row.spec: registry.make(spec, ("estimators",))) for row in suite.estimators
    ]
    return [model for model, failure in made if failure is None]


def impossible_tasks(
    tasks: Iterable[Spec], models: Iterable[ForceField], subjects: Mapping[int, Subject]
) -> list[Mistake]:
    """Mistakes for tasks whose needs no pair of an estimator and a problem meets."""
    pairs = [(model, dataset, atoms) for model in models for dataset, atoms in subjects.values()]
    mistakes = []
    for i, task in enumerate(tasks):
        act = registry.load("tasks", task.name)
        reasons = [unmet_before_fit(act, *pair) for pair in pairs]
        if reasons and all(reason is not None for reason in reasons):
            why = "; ".join(dict.fromkeys(str(reason) for reason in reasons))
            mistakes.append(Mistake(("tasks", i), f"no estimator here can do the task {task.name!r}: {why}"))
    return mistakes
