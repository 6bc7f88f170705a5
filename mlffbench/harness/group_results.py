"""Test groups of a case: predictions with their scores and timings, or the reasons why there are none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from ase import Atoms

from mlffbench import registry
from mlffbench.data import LEFT_OUT, Dataset, InvalidPrediction, Labels, Score, Split
from mlffbench.forcefield import ForceField
from mlffbench.harness.case import Case
from mlffbench.harness.clusters import Clusters, blocks_of, cluster_results
from mlffbench.harness.documents.predictions import pack
from mlffbench.harness.metadata import energy_profile
from mlffbench.harness.scoring import score
from mlffbench.system import progress
from mlffbench.system.failures import failure_of
from mlffbench.system.timing import measure

__all__ = [
    "DERIVATIVES", "LARGEST", "Answer", "GroupResults", "answer_of", "group_results", "predictable",
    "true_labels",
]  # fmt: skip

LARGEST = 1e100  # eV, eV/Å, eV/Å³: the squares and sums of larger predictions may overflow
DERIVATIVES = ("forces", "stress")


@dataclass
class GroupResults:
    """Scores, errors by cluster, timings, profiles and predictions of the test groups, and failures."""

    scores: list[Score] = field(default_factory=list)
    clusters: dict[str, Any] = field(default_factory=dict)
    timings: dict[str, Any] = field(default_factory=dict)
    profiles: dict[str, Any] = field(default_factory=dict)
    predictions: dict[str, np.ndarray] = field(default_factory=dict)
    failures: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Answer:
    """Numbers of atoms, true and predicted labels of one test group, timing and energy profile."""

    n_atoms: list[int]
    true: Labels
    predicted: Labels
    timing: dict[str, Any]
    profile: dict[str, Any]

    def has(self, quantity: str) -> bool:
        """Return True if the method predicted this quantity."""
        return getattr(self.predicted, quantity) is not None


def group_results(
    case: Case,
    model: ForceField,
    dataset: Dataset,
    split: Split,
    clusters: Mapping[str, Clusters] | None = None,
) -> GroupResults:
    """Test the model on every group; the failure of one costs no other, the first of all is the case's.

    `clusters` are those of the frames by group, by default blocks in the order of the frames.
    """
    answers: dict[str, Answer] = {}
    errors: dict[str, Exception] = {}
    for done, (test, indices) in enumerate(split.tests.items()):
        progress.report("predict", done, len(split.tests))
        try:
            answers[test] = answer_of(model, dataset, test, indices)
        except Exception as error:
            errors[test] = error
    results = GroupResults()
    for test, answer in answers.items():
        try:
            _refuse_gaps(answer, answers)
            _keep(results, case, test, answer, (clusters or {}).get(test))
        except Exception as error:
            errors[test] = error
    in_order = [(test, errors[test]) for test in split.tests if test in errors]
    if len(in_order) == len(split.tests):
        raise in_order[0][1]
    results.failures = [{"test": test, **failure_of(error)} for test, error in in_order]
    return results


def predictable(split: Split, failures: Iterable[Mapping[str, Any]]) -> Split:
    """The split without the test groups that could not be predicted, which no task can use either."""
    failed = [failure["test"] for failure in failures]
    if not failed:
        return split
    tests = {test: indices for test, indices in split.tests.items() if test not in failed}
    in_domain = split.in_domain if split.in_domain in tests else None
    return replace(split, tests=tests, in_domain=in_domain, notes={**split.notes, LEFT_OUT: failed})


def answer_of(model: ForceField, dataset: Dataset, test: str, indices: np.ndarray) -> Answer:
    """Predict one test group; a stress is asked for where all three directions are periodic."""
    frames = [dataset.frames[i] for i in indices]
    n_atoms, true = [len(a) for a in frames], true_labels(dataset, indices, frames)
    predicted, timing = _predict(model, frames, n_atoms)
    _refuse_diverged(predicted)
    return Answer(n_atoms, true, predicted, timing, energy_profile(test, dataset, indices, predicted))


def true_labels(dataset: Dataset, indices: np.ndarray, frames: Sequence[Atoms]) -> Labels:
    """Labels that predictions of these frames are compared with; stresses in three periodic directions."""
    true, periodic = dataset.labels[indices], [bool(a.pbc.all()) for a in frames]
    if true.stress is None or all(periodic):
        return true
    return replace(true, stress=tuple(s if p else None for s, p in zip(true.stress, periodic, strict=True)))


def _predict(model: ForceField, frames: Sequence[Atoms], n_atoms: list[int]) -> tuple[Labels, dict[str, Any]]:
    device = str(getattr(model, "device", "cpu"))
    with measure(device) as preparing:
        prepared = model.prepare(frames)
    with measure(device) as evaluating:
        predicted = model.evaluate(prepared)
    return predicted, {
        "n_frames": len(n_atoms),
        "n_atoms": sum(n_atoms),
        "prepare_seconds": preparing.seconds,
        "evaluate_seconds": evaluating.seconds,
        "peak_memory_mb": max(preparing.peak_memory_mb, evaluating.peak_memory_mb),
        "peak_gpu_memory_mb": evaluating.peak_gpu_memory_mb,
    }


def _refuse_diverged(predicted: Labels) -> None:
    """Refuse numbers that are not finite, or so large that their squares would not be."""
    for name in ("energy", *DERIVATIVES, "energy_std", "forces_std"):
        values = getattr(predicted, name)
        for i, own in enumerate(() if values is None else values):
            if own is not None and not np.all(np.abs(own) < LARGEST):
                raise FloatingPointError(f"the predicted {name} of test frame {i} is {np.max(np.abs(own)):g}")


def _refuse_gaps(answer: Answer, answers: Mapping[str, Answer]) -> None:
    """Refuse a group for which a method leaves out the forces or stresses that it predicts for another.

    A method that has none at all is scored on its energies. A gap inside the group is refused where it is
    scored.
    """
    for quantity in DERIVATIVES:
        others = [test for test, other in answers.items() if other.has(quantity)]
        if others and getattr(answer.true, quantity) is not None and not answer.has(quantity):
            raise InvalidPrediction(f"no {quantity} predicted, unlike for test group {others[0]!r}")


def _keep(results: GroupResults, case: Case, test: str, answer: Answer, clusters: Clusters | None) -> None:
    """Score an answer and put it among the results."""
    metrics = {name: registry.load("metrics", name) for name in case.metrics}
    labels = answer.n_atoms, answer.true, answer.predicted
    clusters = clusters or blocks_of(answer.true.energy / np.array(answer.n_atoms), test)
    results.scores += score(test, *labels, metrics, clusters.usable)
    results.clusters[test] = cluster_results(clusters, *labels)
    results.timings[test] = answer.timing
    results.predictions |= {**pack(test, *labels), f"{test}/cluster": clusters.labels}
    results.profiles |= answer.profile
