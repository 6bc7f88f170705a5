"""Run one case: dataset, split, fit, predictions, scores, tasks."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from ase import Atoms

from mlffbench import registry
from mlffbench.data import Curve, Dataset, Labels, Missing, Score, Spec, Split
from mlffbench.forcefield import ForceField
from mlffbench.harness.case import Case
from mlffbench.harness.fit_checkpoint import forget_other_checkpoints, read_fit, write_fit
from mlffbench.harness.inputs import DataInputs, UsedColumns, case_inputs, checkpoint_key, named_files
from mlffbench.harness.metadata import (
    dataset_metadata,
    energy_profile,
    leakage,
    model_metadata,
    split_metadata,
)
from mlffbench.harness.outcome import Outcome, failed
from mlffbench.harness.predictions import pack
from mlffbench.harness.scoring import score
from mlffbench.system import checkpoint, progress
from mlffbench.system.failures import catch_failure, failure_of
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
    value, failure = catch_failure(lambda: _flow(case))
    if failure is not None:
        return failed(case, failure), None
    outcome, predictions = value
    return replace(outcome, provenance=provenance()), predictions


# ---------------------------------------------------------------- the flow
def _flow(case: Case) -> tuple[Outcome, Predictions]:
    plain = load_dataset(case.dataset)
    if plain.digest != case.data_digest:
        raise ValueError(f"the data of {case.dataset} changed since the suite was planned; start it again")
    data, files = DataInputs.of(plain), named_files(case)
    dataset, columns = _watched(plain)
    split = registry.load("splits", case.split.name)(dataset, seed=case.seed, **case.split.params)
    leaks = leakage(plain, split)
    model = _model(case, dataset)
    forget_other_checkpoints(model, checkpoint_key(split, data))
    device = str(getattr(model, "device", "cpu"))
    train = [dataset.frames[i] for i in split.train]
    model, fit = _fitted(model, train, dataset.labels[split.train], device)
    model.predict(train[:2])  # first calls compile and allocate; they are not part of the pace
    tested = _tested(case, model, dataset, split)
    task_scores, curves, task_failures = _tasks(case, model, dataset, _predictable(split, tested))
    return Outcome(
        case,
        dataset=dataset_metadata(plain),
        inputs=case_inputs(case, data, columns.used, files),
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


@dataclass
class _Tested:
    """Scores, timings, profiles and predictions of the test groups, and the failures of those without."""

    scores: list[Score] = field(default_factory=list)
    timings: dict[str, Any] = field(default_factory=dict)
    profiles: dict[str, Any] = field(default_factory=dict)
    predictions: Predictions = field(default_factory=dict)
    failures: list[dict[str, str]] = field(default_factory=list)


def _tested(case: Case, model: ForceField, dataset: Dataset, split: Split) -> _Tested:
    """Test the model on every group; the failure of one costs no other, the first of all is the case's."""
    tested, errors = _Tested(), []
    for done, (test, indices) in enumerate(split.tests.items()):
        progress.report("predict", done, len(split.tests))
        try:
            _test(tested, case, model, dataset, test, indices)
        except Exception as error:
            errors.append(error)
            tested.failures.append({"test": test, **failure_of(error)})
    if len(errors) == len(split.tests):
        raise errors[0]
    return tested


def _test(
    tested: _Tested, case: Case, model: ForceField, dataset: Dataset, test: str, indices: np.ndarray
) -> None:
    """Predict and score one test group."""
    device = str(getattr(model, "device", "cpu"))
    predicted, timing = _predict(model, [dataset.frames[i] for i in indices], device)
    truth, n_atoms = dataset.labels[indices], [len(dataset.frames[i]) for i in indices]
    scores = score(test, n_atoms, truth, predicted, _metrics(case))
    profile = energy_profile(test, dataset, indices, predicted)
    tested.scores += scores
    tested.timings[test] = timing
    tested.predictions |= pack(test, n_atoms, truth, predicted)
    tested.profiles |= profile


def _predictable(split: Split, tested: _Tested) -> Split:
    """The split without the test groups that could not be predicted, which no task can use either."""
    failed = {failure["test"] for failure in tested.failures}
    if not failed:
        return split
    tests = {test: indices for test, indices in split.tests.items() if test not in failed}
    return replace(split, tests=tests, in_domain=split.in_domain if split.in_domain in tests else None)


def _watched(dataset: Dataset) -> tuple[Dataset, UsedColumns]:
    """The dataset with columns that remember which of them are used."""
    columns = UsedColumns(dataset.columns)
    watched = replace(dataset, columns=columns)
    columns.used.clear()  # the dataset looks at the lengths of all
    return watched, columns


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
    with measure(device) as fit:
        model.fit(frames, labels)
    write_fit(model, fit)
    return model, fit


def _metrics(case: Case) -> dict[str, Callable[[np.ndarray, np.ndarray], float]]:
    return {name: registry.load("metrics", name) for name in case.metrics}


def _predict(model: ForceField, frames: Sequence[Atoms], device: str) -> tuple[Labels, dict[str, Any]]:
    with measure(device) as preparing:
        prepared = model.prepare(frames)
    with measure(device) as evaluating:
        predicted = model.evaluate(prepared)
    _refuse_nonfinite(predicted)
    return predicted, {
        "n_frames": len(frames),
        "n_atoms": sum(len(a) for a in frames),
        "prepare_seconds": preparing.seconds,
        "evaluate_seconds": evaluating.seconds,
        "peak_memory_mb": max(preparing.peak_memory_mb, evaluating.peak_memory_mb),
        "peak_gpu_memory_mb": evaluating.peak_gpu_memory_mb,
    }


def _refuse_nonfinite(labels: Labels) -> None:
    for name in ("forces", "stress"):
        for i, values in enumerate(getattr(labels, name) or ()):
            if values is not None and not np.isfinite(values).all():
                raise FloatingPointError(f"the predicted {name} of test frame {i} are not finite")
    if not np.isfinite(labels.energy).all():
        raise FloatingPointError("a predicted energy is not finite")


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
