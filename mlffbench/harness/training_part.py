"""Training part of a case: the labels that the fit used and ignored, and the errors on its own frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from mlffbench import registry
from mlffbench.data import Dataset, LazySequence, Missing, Score, Split
from mlffbench.forcefield import ForceField
from mlffbench.harness.case import Case
from mlffbench.harness.documents.parts import TRAIN, TRAINING, VALIDATION
from mlffbench.harness.group_results import answer_of
from mlffbench.harness.scoring import score
from mlffbench.system import progress
from mlffbench.system.failures import catch_failure

__all__ = ["TrainingResults", "label_use", "training_labels", "training_results"]

MOST = 100  # frames of a part that are predicted
LABELS = ("energy", "forces", "stress")
ELECTRONIC = {  # columns of numbers that frames may have been labelled with, and their names
    "total_charges": "charges",
    "total_magmoms": "magnetic moments",
}


@dataclass
class TrainingResults:
    """Errors on frames of the training part, the failures of those without, and the numbers of these frames.

    The parts are ``train``, frames that were trained on, and ``validation``, those held out to judge the fit.
    """

    scores: list[Score] = field(default_factory=list)
    failures: list[dict[str, Any]] = field(default_factory=list)
    frames: dict[str, int] = field(default_factory=dict)


def training_results(case: Case, model: ForceField, dataset: Dataset, split: Split) -> TrainingResults:
    """Predict at most 100 frames that were trained on, and 100 that were held out, and score them.

    A potential that exists already has no errors on its training part: it was not fitted to it.
    """
    results = TrainingResults()
    parts = _parts(model, split) if model.fitted_here else {}
    for done, (part, indices) in enumerate(parts.items()):
        progress.report("training part", done, len(parts))
        scores, failure = catch_failure(partial(_scores, case, model, dataset, part, indices))
        if failure is None:
            results.scores += scores
            results.frames[part] = len(indices)
        else:
            results.failures.append(asdict(Missing(part, "", **failure, task=TRAINING)))
    return results


def _parts(model: ForceField, split: Split) -> dict[str, np.ndarray]:
    """Frames that were trained on and that were held out, drawn at random where there are many."""
    held = np.isin(np.arange(len(split.train)), getattr(model, "validation_frames_", ()))
    parts = {TRAIN: split.train[~held], VALIDATION: split.train[held]}
    rng = np.random.default_rng(0)  # whatever the seed: methods are compared on the same frames
    return {name: _sample(part, rng) for name, part in parts.items() if len(part)}


def _sample(part: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return part if len(part) <= MOST else np.sort(rng.choice(part, MOST, replace=False))


def _scores(case: Case, model: ForceField, dataset: Dataset, part: str, indices: np.ndarray) -> list[Score]:
    """Errors on some frames of the training part, as on a test group."""
    answer = answer_of(model, dataset, part, indices)
    metrics = {name: registry.load("metrics", name) for name in case.metrics}
    scores = score(part, answer.n_atoms, answer.true, answer.predicted, metrics)
    return [replace(each, task=TRAINING) for each in scores]


def label_use(model: ForceField, dataset: Dataset, split: Split) -> dict[str, Any]:
    """Labels that the training frames have, with the numbers of these frames, and those that the fit ignored.

    `dataset` is the one that was loaded: its columns are no inputs of the case here.
    """
    given = training_labels(dataset, split)
    learned = model.learned_labels()
    return {"labels": given, "ignored": [label for label in given if label not in learned]}


def training_labels(dataset: Dataset, split: Split) -> dict[str, int]:
    """Numbers of the training frames by label; a stress counts in a cell alone, as everywhere."""
    labels = dataset.labels[split.train]
    counts = {name: _count(getattr(labels, name)) for name in LABELS}
    periodic = any(dataset.frames[i].pbc.all() for i in split.train[:MOST]) if counts["stress"] else False
    counts["stress"] *= periodic
    columns: Mapping[str, Any] = dataset.columns
    for column, name in ELECTRONIC.items():
        if column in columns:
            counts[name] = int(np.isfinite(np.asarray(columns[column], dtype=float)[split.train]).sum())
    return {name: n for name, n in counts.items() if n}


def _count(values: Sequence[Any] | np.ndarray | None) -> int:
    """Number of frames with a label."""
    if values is None:
        return 0
    if isinstance(values, LazySequence):
        return values.n_present()
    return sum(value is not None for value in values)
