"""Run one case: dataset, split, fit, predictions, scores, tasks."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Any

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers

from mlffbench import registry
from mlffbench.data import Curve, Dataset, Labels, LazySequence, Missing, Score, Spec, Split
from mlffbench.forcefield import ForceField
from mlffbench.harness.case import Case
from mlffbench.harness.fit_checkpoint import forget_other_checkpoints, read_fit, write_fit
from mlffbench.harness.group_results import group_results, predictable
from mlffbench.harness.inputs import DataInputs, UsedColumns, case_inputs, checkpoint_key, named_files
from mlffbench.harness.metadata import dataset_metadata, leakage, model_metadata, split_metadata
from mlffbench.harness.outcome import Outcome, failed
from mlffbench.system import checkpoint, progress
from mlffbench.system.failures import catch_failure
from mlffbench.system.provenance import provenance
from mlffbench.system.timing import Measurement, measure
from mlffbench.tasks.common.subtasks import Row, unmet_need

__all__ = ["load_dataset", "run"]

Predictions = dict[str, np.ndarray]


def run(case: Case) -> tuple[Outcome, Predictions | None]:
    """Fit, predict and score one case; a failure is returned as an outcome.

    Returns
    -------
    outcome : Outcome
    predictions : dict of str to array, or None
        Truth and prediction of every test group (`mlffbench.harness.predictions.unpack`).
    """
    inputs: list[Callable[[], dict[str, Any]]] = []
    value, failure = catch_failure(lambda: _flow(case, inputs))
    if failure is not None:
        return failed(case, failure, inputs[0]() if inputs else {}), None
    outcome, predictions = value
    return replace(outcome, provenance=provenance()), predictions


# ---------------------------------------------------------------- the flow
def _flow(case: Case, inputs: list[Callable[[], dict[str, Any]]]) -> tuple[Outcome, Predictions]:
    """The outcome; `inputs` receives the function that digests those used so far, for a case that fails."""
    plain = load_dataset(case.dataset)
    if plain.digest != case.data_digest:
        raise ValueError(f"the data of {case.dataset} changed since the suite was planned; start it again")
    data, files = DataInputs.of(plain), named_files(case)
    dataset, columns = _watched(plain)
    inputs.append(partial(case_inputs, case, data, columns.used, files))
    split = registry.load("splits", case.split.name)(dataset, seed=case.seed, **case.split.params)
    leaks = leakage(plain, split)
    model = _model(case, dataset)
    forget_other_checkpoints(model, checkpoint_key(split, data))
    device = str(getattr(model, "device", "cpu"))
    train = [dataset.frames[i] for i in split.train]
    model, fit = _fitted(model, train, dataset.labels[split.train], device)
    model.predict(train[:2])  # first calls compile and allocate; they are not part of the pace
    tested = group_results(case, model, dataset, split)
    task_scores, curves, task_failures = _tasks(case, model, dataset, predictable(split, tested))
    return Outcome(
        case,
        dataset=dataset_metadata(plain),
        inputs=inputs[0](),
        split={**split_metadata(split), "leaks": leaks},
        scores=(*tested.scores, *task_scores),
        test_failures=tuple(tested.failures),
        task_failures=tuple(task_failures),
        curves=tuple(curves),
        timings={"fit": asdict(fit), "predict": tested.timings},
        profiles=tested.profiles,
        history=tuple(getattr(model, "history_", ())),
        model=model_metadata(model),
    ), tested.predictions


def _watched(dataset: Dataset) -> tuple[Dataset, UsedColumns]:
    """The dataset with columns that remember which are used, and frames that are copied on every access.

    A method that moves or removes atoms of its input does not change what others are compared with.
    """
    columns, frames = UsedColumns(dataset.columns), dataset.frames
    if not isinstance(frames, LazySequence):  # which reads a new frame every time
        numbers = frozenset(atomic_numbers[symbol] for symbol in dataset.elements)
        frames = LazySequence(partial(_copy, frames), np.arange(len(frames)), numbers=numbers)
    watched = replace(dataset, columns=columns, frames=frames)
    columns.used.clear()  # the dataset looks at the lengths of all
    return watched, columns


def _copy(frames: Sequence[Atoms], i: int) -> Atoms:
    return frames[i].copy()


def load_dataset(spec: Spec) -> Dataset:
    """Load the dataset that a suite names."""
    return registry.build("datasets", spec.name, spec.params)(**spec.params)


def _model(case: Case, dataset: Dataset) -> ForceField:
    """Build the estimator; seed and isolated-atom energies come from the case unless it sets its own."""
    given = {"random_state": case.seed, "atomic_energies": dataset.atomic_energies}
    return registry.make(case.estimator, ("estimators",), **given)


def _fitted(
    model: ForceField, frames: Sequence[Atoms], labels: Labels, device: str
) -> tuple[ForceField, Measurement]:
    """Fit the model and measure the cost; after a kill, read both from the checkpoint."""
    kept = read_fit(model)
    if kept is not None:
        return kept
    model.import_libraries()
    with measure(device) as fit:
        model.fit(frames, labels)
    write_fit(model, fit)
    return model, fit


# ---------------------------------------------------------------- tasks
def _tasks(
    case: Case, model: ForceField, dataset: Dataset, split: Split
) -> tuple[list[Score], list[Curve], list[dict[str, Any]]]:
    """Scores, curves and failures of all tasks; one failing task does not affect the others."""
    rows: list[Row] = []
    for done, task in enumerate(case.tasks):
        progress.report(f"task {task.name}", done, len(case.tasks))
        rows += [replace(row, task=str(task)) for row in _rows(task, case.seed, model, dataset, split)]
    by_type: dict[type, list[Any]] = {Score: [], Curve: [], Missing: []}
    for row in rows:
        by_type[type(row)].append(row)
    return by_type[Score], by_type[Curve], [asdict(row) for row in by_type[Missing]]


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
