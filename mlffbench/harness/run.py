"""Run one case: dataset, split, fit, predictions, scores, tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from sklearn.utils.validation import has_fit_parameter

from mlffbench import registry
from mlffbench.data import Dataset, Split
from mlffbench.forcefield import ForceField
from mlffbench.harness.budget import fit_limit, within
from mlffbench.harness.case import Case
from mlffbench.harness.case_data import CaseData
from mlffbench.harness.fit_checkpoint import (
    forget_other_checkpoints,
    read_fit,
    sign_checkpoints,
    write_fit,
)
from mlffbench.harness.group_results import group_results, predictable
from mlffbench.harness.metadata import dataset_metadata, model_metadata, split_metadata
from mlffbench.harness.outcome import Outcome, failed
from mlffbench.harness.reference_level import reference_level
from mlffbench.harness.task_results import task_results
from mlffbench.harness.training_part import label_use, training_results
from mlffbench.system import earlier_work, elsewhere, progress
from mlffbench.system.deadline import deadline
from mlffbench.system.failures import TooLongError, catch_failure
from mlffbench.system.provenance import provenance
from mlffbench.system.timing import Measurement, measure

__all__ = ["run"]

LONG = 6.0  # s; a fit that took longer is kept until its case is finished
Predictions = dict[str, np.ndarray]
Keep = Callable[[ForceField], Mapping[str, Any]]


def run(case: Case, keep: Keep | None = None) -> tuple[Outcome, Predictions | None]:
    """Fit, predict and score one case; a failure is returned as an outcome.

    Parameters
    ----------
    keep : callable, optional
        Writes the fitted model; returns the ``reason`` if it does not.

    Returns
    -------
    outcome : Outcome
    predictions : dict of str to array, or None
        Truth and prediction of every test group (`mlffbench.harness.documents.predictions.unpack`).
    """
    read: list[CaseData] = []
    with elsewhere.costs() as children:
        value, failure = catch_failure(lambda: _flow(case, read, keep or _keep_nothing))
    if failure is not None:
        return failed(case, failure, read[0].inputs() if read else {}), None
    outcome, predictions = value
    others = {"elsewhere": list(children.values())} if children else {}
    return replace(outcome, provenance={**provenance(), **others}), predictions


def _keep_nothing(model: ForceField) -> dict[str, Any]:
    return {}


# ---------------------------------------------------------------- the flow
def _flow(case: Case, read: list[CaseData], keep: Keep) -> tuple[Outcome, Predictions]:
    """The outcome; `read` receives the data, whose digests a case that fails has, too."""
    progress.report("data", 0)
    data = CaseData.of(case)
    read.append(data)
    dataset, split = data.dataset, data.split()
    leaks = data.leaks(split)
    model, fit, resumed = _ready_model(case, data, split)
    tested = group_results(case, model, dataset, split, data.clusters(split))
    kept_model = keep(model)
    trained = training_results(case, model, dataset, split)
    done = task_results(case, model, dataset, predictable(split, tested.failures))
    return Outcome(
        case,
        dataset=dataset_metadata(data.plain),
        inputs=data.inputs(),
        split={**split_metadata(split), "leaks": leaks},
        training={**label_use(model, data.plain, split), "frames": trained.frames},
        reference=reference_level(case, data.plain, split),
        clusters=tested.clusters,
        scores=(*tested.scores, *trained.scores, *done.scores),
        test_failures=tuple(tested.failures),
        task_failures=(*trained.failures, *done.failures),
        curves=tuple(done.curves),
        conditions=tuple(done.conditions),
        timings={"fit": {**asdict(fit), "resumed": resumed}, "predict": tested.timings},
        profiles=tested.profiles,
        history=tuple(getattr(model, "history_", ())),
        model=model_metadata(model),
        kept_model=kept_model,
    ), tested.predictions


def _ready_model(case: Case, data: CaseData, split: Split) -> tuple[ForceField, Measurement, int]:
    """The fitted model after a first prediction, the cost of the fit, and how often it was resumed."""
    model, inputs = _model(case, data.dataset), data.key(split)
    forget_other_checkpoints(model, inputs)
    model, fit, resumed = _fitted(case, model, data, split)
    if case.tasks or fit.seconds >= LONG:
        sign_checkpoints(model, inputs)
        write_fit(model, fit, resumed)
    # first calls compile and allocate; they are not part of the pace
    model.predict([data.dataset.frames[i] for i in split.train[:2]])
    return model, fit, resumed


def _model(case: Case, dataset: Dataset) -> ForceField:
    """Build the estimator; seed and isolated-atom energies come from the case unless it sets its own, limits
    from the budget.
    """
    given = {"random_state": case.seed, "atomic_energies": dataset.atomic_energies}
    return registry.make(within(case.estimator, case.budget), ("estimators",), **given)


def _fitted(
    case: Case, model: ForceField, data: CaseData, split: Split
) -> tuple[ForceField, Measurement, int]:
    """Fit the model and measure the cost; after a kill, go on from the checkpoints.

    Returns
    -------
    ForceField
    Measurement
        Of this process, with the seconds of what earlier ones had done, and the memory of those that
        computed in other Pythons.
    int
        Number of earlier processes whose work was continued.

    Raises
    ------
    TooLongError
        A method that does not watch the clock took longer than its budget.
    """
    kept = read_fit(model)
    if kept is not None:
        return kept
    elsewhere.prepare_libraries(model)
    progress.report("fit", 0)
    frames, labels = [data.dataset.frames[i] for i in split.train], data.dataset.labels[split.train]
    grouped = {"groups": data.groups(split)} if has_fit_parameter(model, "groups") else {}
    limit = fit_limit(case.estimator, case.budget)
    late = f"the fit took longer than its budget of {limit or 0:g} s"
    with (
        deadline(limit, late),
        earlier_work.listen() as earlier,
        elsewhere.costs() as children,
        measure(str(getattr(model, "device", "cpu"))) as fit,
    ):
        model.fit(frames, labels, **grouped)
    fit.seconds += earlier.seconds
    fit.peak_memory_mb += sum(child["peak_memory_mb"] for child in children.values())
    if earlier.resumed and limit is not None and fit.seconds > limit:
        raise TooLongError(late)
    return model, fit, earlier.resumed
