"""Tasks of a suite that none of its estimators can do with any of its data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from ase import Atoms

from mlffbench import registry
from mlffbench.data import Dataset, Spec
from mlffbench.forcefield import ForceField
from mlffbench.harness.planning.plan import Suite
from mlffbench.harness.planning.tuned_rows import searching_spec
from mlffbench.system.failures import catch_failure
from mlffbench.system.settings_source import Mistake
from mlffbench.tasks.common.refits import frame_count
from mlffbench.tasks.common.subtasks import unmet_before_fit

__all__ = ["Subject", "impossible_tasks", "models_of", "oversized_tasks"]

Subject = tuple[Dataset, Atoms, int]  # data of a problem, a frame to train on, number of those


def models_of(suite: Suite) -> tuple[list[ForceField], list[Mistake]]:
    """The estimators of a suite, not fitted, and mistakes for those that refuse their parameters.

    One that cannot be made here, as a package is missing, is left out.
    """
    models, mistakes = [], []
    for i, row in suite.rows:
        spec = searching_spec(row.spec, row)
        model, failure = catch_failure(partial(registry.make, spec, ("estimators",)))
        try:
            if failure is None:
                model._validate_params()
                models.append(model)
        except ValueError as error:
            mistakes.append(Mistake(("estimators", i), f"{row.spec.name}: {error}"))
    return models, mistakes


def impossible_tasks(
    tasks: Iterable[Spec], models: Iterable[ForceField], subjects: Mapping[int, Subject]
) -> list[Mistake]:
    """Mistakes for tasks whose needs no pair of an estimator and a problem meets."""
    pairs = [(model, dataset, atoms) for model in models for dataset, atoms, _ in subjects.values()]
    mistakes = []
    for i, task in enumerate(tasks):
        act = registry.load("tasks", task.name)
        reasons = [catch_failure(partial(unmet_before_fit, act, *pair))[0] for pair in pairs]
        if reasons and all(reason is not None for reason in reasons):
            why = "; ".join(dict.fromkeys(str(reason) for reason in reasons))
            mistakes.append(Mistake(("tasks", i), f"no estimator here can do the task {task.name!r}: {why}"))
    return mistakes


def oversized_tasks(tasks: Iterable[Spec], subjects: Mapping[int, Subject]) -> list[Mistake]:
    """Mistakes for tasks that ask for more training frames than the split of a problem has."""
    mistakes = []
    for i, task in enumerate(tasks):
        for word in getattr(registry.load("tasks", task.name), "frame_counts", ()):
            given = task.params.get(word, [])
            for amount in given if isinstance(given, list | tuple) else [given]:
                place = ("tasks", i, task.name, word)
                mistakes += [Mistake(place, fault) for fault in _frame_faults(word, amount, subjects)]
    return mistakes


def _frame_faults(word: str, amount: float, subjects: Mapping[int, Subject]) -> Iterator[str]:
    for dataset, _, n_train in subjects.values():
        try:
            frame_count(amount, n_train, word)
        except ValueError as error:
            yield f"{dataset.name}: {error}"
