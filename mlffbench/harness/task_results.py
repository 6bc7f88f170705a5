"""Tasks of a case: their scores and curves, or the reasons why there are none."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any

from mlffbench import registry
from mlffbench.data import Conditions, Curve, Dataset, Missing, Score, Spec, Split
from mlffbench.forcefield import ForceField
from mlffbench.harness.case import Case
from mlffbench.system import checkpoint, progress
from mlffbench.system.failures import catch_failure
from mlffbench.tasks.common.subtasks import Row, unmet_need

__all__ = ["TaskResults", "task_results"]


@dataclass
class TaskResults:
    """Scores and curves of all tasks, their conditions, and the failures of those without."""

    scores: list[Score] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    conditions: list[Conditions] = field(default_factory=list)
    failures: list[dict[str, Any]] = field(default_factory=list)


def task_results(case: Case, model: ForceField, dataset: Dataset, split: Split) -> TaskResults:
    """Run the tasks on a fitted model; one that fails does not affect the others."""
    results = TaskResults()
    for done, task in enumerate(case.tasks):
        progress.report(f"task {task.name}", done, len(case.tasks))
        for row in _rows(task, case.seed, model, dataset, split):
            _keep(results, replace(row, task=str(task)))
    return results


def _keep(results: TaskResults, row: Row) -> None:
    if isinstance(row, Score):
        results.scores.append(row)
    elif isinstance(row, Curve):
        results.curves.append(row)
    elif isinstance(row, Conditions):
        results.conditions.append(row)
    else:
        results.failures.append(asdict(row))


def _rows(task: Spec, seed: int, model: ForceField, dataset: Dataset, split: Split) -> Iterable[Row]:
    """Rows of one task; its checkpoints lie in a folder of their own."""
    act = registry.build("tasks", task.name, task.params)
    reason = unmet_need(act, model, dataset, split)
    if reason is not None:
        return [Missing("", "", "skipped", reason)]
    folder = checkpoint.folder()
    with checkpoint.keep_in(None if folder is None else folder / _folder_name(task)):
        rows, failure = catch_failure(partial(act, model, dataset, split, seed, **task.params))
    return rows if failure is None else [Missing("", "", **failure)]


def _folder_name(task: Spec) -> str:
    digest = hashlib.sha256(str(task).encode()).hexdigest()[:8]
    return f"{re.sub(r'[^A-Za-z0-9]+', '_', task.name)}-{digest}"
