"""Checks of what a document says beside its scores: outcome, method, provenance, tasks, data and split."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from mlffbench import registry
from mlffbench.data import InvalidData, Spec
from mlffbench.harness.budget import within
from mlffbench.harness.documents.parts import TRAIN, TRAINING, VALIDATION, dig
from mlffbench.harness.documents.valid_scores import valid_scores
from mlffbench.harness.submissions.entry import Entry
from mlffbench.harness.submissions.evidence import Evidence
from mlffbench.harness.submissions.refusal import Refusal
from mlffbench.system.checksum import Checksum
from mlffbench.system.failures import KINDS

__all__ = ["data_refusals", "fact_refusals"]

NEEDED = (  # of the provenance
    ("date",), ("python",), ("platform",), ("machine", "cpu"), ("packages", "mlffbench"),
    ("packages", "numpy"),
)  # fmt: skip
REVISION = re.compile(r"([0-9a-f]{40}|[0-9a-f]{64})(\+changes)?")  # of git, SHA-1 or SHA-256
MOST_TRAINING = 100  # frames of a training part that are predicted


def fact_refusals(entry: Entry, folder: Path) -> Iterator[Refusal]:
    """Refuse a document whose parts contradict each other, or that lacks what has to be known."""
    checks = {"outcome": _outcome, "method": _method, "tasks": _tasks, "scores": _oddities}
    for check, faults in checks.items():
        for reason in faults(entry):
            yield Refusal(entry.id, check, reason)
    for reason in _provenance(entry, folder):
        yield Refusal(entry.id, "provenance", reason)


# ---------------------------------------------------------------- outcome
def _outcome(entry: Entry) -> Iterator[str]:
    document, failure = entry.document, entry.document.get("failure")
    if entry.is_finished != (failure is None):
        yield f"its status is {document['status']!r}, {'without' if failure is None else 'with'} a failure"
    if not entry.is_finished:
        if (kind := dig(failure, "kind")) not in KINDS:
            yield f"it failed as {kind!r:.60}, which is no kind of failure"
        if document["scores"] or document.get("predictions"):
            yield "it failed, and has scores or predictions"
        return
    tests = dig(document, "split", "tests") or {}
    failed = [failure["test"] for failure in document.get("test_failures") or ()]
    if not entry.tests:
        yield "it finished, and names no test group that was predicted"
    if unknown := [test for test in failed if test not in tests]:
        yield f"the test group {unknown[0]!r:.100} failed, and is none of its split"
    predicted = dig(document, "timings", "predict") or {}
    if sorted(predicted) != sorted(entry.tests):
        yield f"it has times of the test groups {sorted(predicted)}, and predicted {sorted(entry.tests)}"


# ---------------------------------------------------------------- method
def _method(entry: Entry) -> Iterator[str]:
    """Contradictions between the case's estimator and the model that was fitted."""
    if not entry.is_finished or ":" in entry.case.estimator.name:
        return
    model, spec = entry.document.get("model") or {}, entry.case.estimator
    try:
        target = registry.build("estimators", spec.name, spec.params)
        given = within(spec, entry.case.budget).params
    except LookupError as error:
        yield f"its method cannot be made: {error.args[0]}"
        return
    family, params = getattr(target, "family", None), model.get("params") or {}
    if model.get("family") != family:
        yield f"its model is of the family {model.get('family')!r:.60}, {spec.name} of {family!r}"
    known = registry.parameters(target)
    if len(known.keys() ^ params.keys()) > len(known) / 2:
        yield f"its model has the parameters {sorted(params)[:8]}, which are not those of {spec.name}"
    expected = {"random_state": entry.case.seed, **given} if "random_state" in known else dict(given)
    for name, value in expected.items():
        if _is_plain(value) and params.get(name) != value:
            yield f"its model was made with {name}={params.get(name)!r:.60}, the case says {value!r:.60}"


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, bool | int | float | str)


# ---------------------------------------------------------------- tasks, odd scores
def _tasks(entry: Entry) -> Iterator[str]:
    """Tasks of the case without a row, rows of other tasks, training errors without frames."""
    document = entry.document
    if not entry.is_finished:
        return
    parts = ("scores", "curves", "conditions", "task_failures")
    rows = [row.get("task") or "" for part in parts for row in document.get(part) or ()]
    tasks = [str(task) for task in entry.case.tasks]
    if absent := [task for task in tasks if task not in rows]:
        yield f"the task {absent[0]:.100} has neither numbers nor the reason why not"
    if others := sorted(set(rows) - {*tasks, TRAINING, ""}):
        yield f"it has numbers of the task {others[0]!r:.100}, which its case does not have"
    frames = dig(document, "training", "frames") or {}
    errors = {score["test"] for score in document["scores"] if score.get("task") == TRAINING}
    if errors != set(frames) or not errors <= {TRAIN, VALIDATION}:
        yield f"it has errors of the training parts {sorted(errors)}, and frames of {sorted(frames)}"
    if any(n is None or not 0 < n <= MOST_TRAINING for n in frames.values()):
        yield f"errors of a training part are of 1 to {MOST_TRAINING} frames, not of {list(frames.values())}"


def _oddities(entry: Entry) -> Iterator[str]:
    """Scores that no report would show, and such without a number."""
    _, faults = valid_scores(entry.document)
    yield from faults[:1]
    if empty := [score for score in entry.document["scores"] if score["value"] is None]:
        named = f"{empty[0]['quantity']} {empty[0]['metric']} on {empty[0]['test']}"
        yield f"{len(empty)} scores are no finite numbers, the first: {named:.200}"


# ---------------------------------------------------------------- provenance
def _provenance(entry: Entry, folder: Path) -> Iterator[str]:
    known = entry.document.get("provenance") or {}
    if absent := [".".join(keys) for keys in NEEDED if not dig(known, *keys)]:
        yield f"it lacks {', '.join(absent)}, without which nobody can repeat the fit"
    try:
        datetime.fromisoformat(str(known.get("date")))
    except ValueError:
        if known.get("date"):
            yield f"its date is {known['date']!r:.60}, which is no time"
    yield from _revision(known)
    lock = dig(known, "environment", "lock")
    if entry.case.environment is not None and entry.is_finished and lock is None:
        yield "its method has an environment of its own, and the packages there are not named"
    if lock is not None:
        yield from _lock(folder, str(lock))


def _revision(known: Mapping[str, Any]) -> Iterator[str]:
    """A revision that is left out or none of git; a package that was installed has None, and its version."""
    if "revision" not in known:
        yield "it lacks revision, which is a commit, or null for a package that was installed"
    elif known["revision"] is not None and not REVISION.fullmatch(str(known["revision"])):
        yield f"its revision is {known['revision']!r:.60}, which is no commit"


def _lock(folder: Path, lock: str) -> Iterator[str]:
    file = folder / "environments" / f"{lock}.txt"
    if not (lock.isalnum() and len(lock) == 64):
        yield f"the lock of its environment is named {lock!r:.80}, which is no digest"
    elif file.is_symlink() or not file.is_file():
        yield f"the lock of its environment, environments/{lock}.txt, is not there"
    elif Checksum("").of(file) != lock:
        yield f"the lock of its environment, environments/{lock}.txt, was edited"


# ---------------------------------------------------------------- data and split
def data_refusals(entry: Entry, evidence: Evidence) -> Iterator[Refusal]:
    """Refuse a case whose data or split are not those that our code makes."""
    case, finished = entry.case, entry.is_finished
    try:
        dataset = evidence.dataset(case.dataset)
    except InvalidData as error:
        yield Refusal(entry.id, "data", f"its data, {case.dataset}, cannot be checked: {error}")
        return
    if dataset.digest != case.data_digest:
        reason = f"the data of its fit have the digest {case.data_digest:.12}, ours {dataset.digest:.12}"
        yield Refusal(entry.id, "data", reason)
        return
    if not finished and not entry.document.get("inputs"):
        return
    for reason in _inputs(entry, evidence):
        yield Refusal(entry.id, "data", reason)
    if not finished:
        return
    stated = entry.document.get("dataset") or {}
    ours = {
        "name": dataset.name,
        "digest": dataset.digest,
        "n_frames": len(dataset),
        "elements": dataset.elements,
    }
    for reason in _differences("dataset", stated, ours):
        yield Refusal(entry.id, "data", reason)
    yield from _split(entry, evidence)


def _inputs(entry: Entry, evidence: Evidence) -> Iterator[str]:
    """Digests of columns, isolated-atom energies and reference that are missing or not ours."""
    stated, ours = entry.document.get("inputs") or {}, evidence.inputs(entry.case.dataset)
    if not stated:
        yield "it names no digests of columns, isolated-atom energies and reference: run the case again"
        return
    for name, digest in stated["columns"].items():
        if digest != ours.columns.get(name):
            yield f"the column {name!r:.60} of its data is not ours"
    for name in ("atomic_energies", "reference"):
        if stated[name] != getattr(ours, name):
            yield f"the {name.replace('_', ' ')} of its data are not ours"


def _split(entry: Entry, evidence: Evidence) -> Iterator[Refusal]:
    try:
        ours = evidence.split_facts(entry.case)
        labels = evidence.training_labels(entry.case)
    except InvalidData as error:
        yield Refusal(
            entry.id, "split", f"its split, {Spec.__str__(entry.case.split)}, cannot be made: {error}"
        )
        return
    stated = entry.document.get("split") or {}
    for reason in _differences("split", stated, ours):
        yield Refusal(entry.id, "split", reason)
    for reason in _differences("training part", entry.document.get("training") or {}, {"labels": labels}):
        yield Refusal(entry.id, "split", reason)


def _differences(what: str, stated: Mapping[str, Any], ours: Mapping[str, Any]) -> Iterator[str]:
    for name, value in ours.items():
        if name not in stated:
            yield f"it does not state {name!r} of its {what}: run the case again"
        elif stated[name] != value:
            yield f"{name!r} of its {what} is {_short(stated[name])}, ours {_short(value)}"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 160 else f"{text[:160]}..."
