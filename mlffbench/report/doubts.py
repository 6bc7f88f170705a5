"""Doubts that the rows of a problem can be compared: one sentence each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from mlffbench.harness.documents.parts import number
from mlffbench.report.budgets import unequal_budgets
from mlffbench.report.conditions import mixed_precision, other_conditions, other_versions
from mlffbench.report.contrast import (
    DATASET,
    SPLIT,
    at,
    contrast,
    differing_seeds,
    methods_by_value,
    some,
)
from mlffbench.report.origins import not_conservative, other_levels, trained_elsewhere
from mlffbench.report.problems import Problem, dig
from mlffbench.report.wording import LEAKY, OTHER_LEVEL, plain

__all__ = ["doubts"]

ATOMS = at("inputs", "atomic_energies")


def doubts(problem: Problem) -> tuple[str, ...]:
    """Sentences on documents that were not fitted to, scored on or computed with the same as the others."""
    kinds = (
        _superseded, _warnings, _other_data, _other_seeds_data, _other_inputs, _sizes, _seeds, _gaps,
        _task_seeds, _other_level, trained_elsewhere, other_levels, not_conservative, _set_aside,
        unequal_budgets, mixed_precision, other_versions, other_conditions, _leakage,
    )  # fmt: skip
    return tuple(sentence for kind in kinds for sentence in kind(problem))


# ---------------------------------------------------------------- data
def _superseded(problem: Problem) -> Iterator[str]:
    for method in problem.methods:
        if method.superseded:
            n = len(method.seeds)
            counts = f"{n + method.superseded} documents for {n} seed(s)"
            yield f"{method.label}: {counts}; the newest of each counts."


def _warnings(problem: Problem) -> Iterator[str]:
    """Sentences of the checks on the data, each once."""
    listed = [dig(document, "dataset", "warnings") for document in problem.documents]
    sentences = dict.fromkeys(str(s) for warnings in listed if isinstance(warnings, list) for s in warnings)
    yield from (f"The data: {sentence}" for sentence in sentences)


def _other_data(problem: Problem) -> Iterator[str]:
    """Isolated atoms, data or splits that differ among the methods of a seed."""
    if seeds := differing_seeds(problem, ATOMS):
        yield (
            f"The isolated-atom energies differ between methods (seed {', '.join(seeds)}): fits are not "
            "comparable until the older cases are run again."
        )
    for name, digest in (("dataset", DATASET), ("split", SPLIT)):
        if seeds := differing_seeds(problem, digest):
            yield (
                f"The {name} differs between methods (seed {', '.join(seeds)}): rows were not scored on the "
                "same frames, ranks mean little until the older cases are run again."
            )


def _other_seeds_data(problem: Problem) -> Iterator[str]:
    """Isolated atoms or data that differ among the seeds."""
    for words, digest in (("isolated-atom energies differ", ATOMS), ("dataset differs", DATASET)):
        if not differing_seeds(problem, digest) and len(methods_by_value(problem, digest)) > 1:
            yield (
                f"The {words} between seeds: means over them mix different data until the older cases are "
                "run again."
            )


def _other_inputs(problem: Problem) -> Iterator[str]:
    """References, columns, files or code that differ among the documents that used them."""
    with_tasks = lambda d: dig(d, "case", "tasks") and dig(d, "inputs", "reference")
    if len(methods_by_value(problem, with_tasks)) > 1:
        yield "The reference structures or numbers differ between documents: tasks compared with other ones."
    for part, noun in (("columns", "column"), ("files", "file or code")):
        names = dict.fromkeys(k for d in problem.documents for k in dig(d, "inputs", part) or {})
        for name in names:
            digests = methods_by_value(problem, at("inputs", part, name))
            if len(digests) > 1:
                yield f"Not all documents had the same {noun} {name!r}: {contrast(digests, 'digest')}."


def _sizes(problem: Problem) -> Iterator[str]:
    """Numbers of frames that differ in splits of one digest, or from those predicted."""
    train = lambda d: None if dig(d, "case", "budget", "labels") else dig(d, "split", "n_train")
    sizes = [seed for of in (at("split", "tests"), train) for seed in differing_seeds(problem, of)]
    seeds = [] if differing_seeds(problem, SPLIT) else list(dict.fromkeys(sizes))
    if seeds:
        yield f"The numbers of frames differ between methods (seed {', '.join(seeds)})."
    for method in problem.methods:
        for document in method.done:
            for test, n in (dig(document, "split", "tests") or {}).items():
                predicted = dig(document, "timings", "predict", test, "n_frames")
                if predicted is not None and predicted != n:
                    yield f"{method.label} predicted {predicted} of the {n} frames of {test}."


def _leakage(problem: Problem) -> Iterator[str]:
    """A sentence on test frames with duplicates among the training frames, if there are any."""
    if problem.leaks:
        frames = ", ".join(
            f"{n} of {problem.tests.get(test)} frames of {test}" for test, n in problem.leaks.items()
        )
        yield (
            f"The split is leaky: {frames} have a copy in the training set; numbers marked {LEAKY} flatter. "
            "'mlffbench data audit' shows the pairs, its --leak-free writes the split without them."
        )


# ---------------------------------------------------------------- scores
def _seeds(problem: Problem) -> Iterator[str]:
    labels: dict[str, list[str]] = {}
    for method in problem.methods:
        labels.setdefault(str(sorted(method.seeds, key=str)), []).append(method.label)
    if len(labels) > 1:
        each = (f"{seeds[1:-1]} for {some(own)}" for seeds, own in labels.items())
        yield f"The methods do not have the same seeds: {'; '.join(each)}."


def _gaps(problem: Problem) -> Iterator[str]:
    labels: dict[str, list[str]] = {}
    for label, tests in problem.gaps.items():
        labels.setdefault(some(tests), []).append(label)
    for missing, own in labels.items():
        yield f"No rank for {some(own)}: no error on {missing}, where another method has one."
    answered = {test for method in problem.methods for test in method.answers}
    if nobody := [test for test in problem.tests if answered and test not in answered]:
        yield f"No method has an error on {some(nobody)}: the worst ratio leaves it out."


def _task_seeds(problem: Problem) -> Iterator[str]:
    """Numbers of tasks that some seeds of a method lack: their means are over the others."""
    for method in problem.methods if any(len(m.done) > 1 for m in problem.methods) else ():
        keys = ({_key(score) for score in scores if score.get("task")} for scores in method.scores)
        seeds = Counter(key for own in keys for key in own)
        if tasks := dict.fromkeys(task for (task, *_), n in seeds.items() if n < len(method.done)):
            yield f"{method.label}: not all seeds have every number of {some(list(tasks))}."


def _other_level(problem: Problem) -> Iterator[str]:
    """A sentence on a reference of tasks that is at another level of theory than the labels."""
    if (reference := problem.other_level) is None:
        return
    off, size = number(reference.get("deviation")), number(reference.get("labels_rms"))
    share = f", {100 * off / size:.0f} % of these" if size > 0 else ""
    forces = f" (its forces are {plain(1000 * off)} meV/Å off a training frame's{share})" if off >= 0 else ""
    yield (
        f"Tasks compare with {reference.get('level')}{forces}, the labels are of {reference.get('labels')}: "
        f"numbers marked {OTHER_LEVEL} hold the difference of the levels, too."
    )


def _key(score: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(score.get(name)) for name in ("task", "test", "quantity", "metric"))


def _set_aside(problem: Problem) -> Iterator[str]:
    for method in problem.methods:
        if method.faults:
            yield f"{method.label}: scores were set aside: {some(method.faults)}."
