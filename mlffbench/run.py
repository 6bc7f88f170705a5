"""run(case) -> Outcome: the one flow; ``python -m mlffbench.run`` is one child process."""

from __future__ import annotations

import json
import os
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Any

import numpy as np
from ase import Atoms

from mlffbench import progress, registry
from mlffbench.audit import audit
from mlffbench.data import Dataset, Labels, Score, Spec, Split
from mlffbench.forcefield import ForceField
from mlffbench.outcome import Outcome
from mlffbench.plan import Case
from mlffbench.provenance import provenance
from mlffbench.scoring import score
from mlffbench.store import pack
from mlffbench.timing import measure

__all__ = ["failed", "load_dataset", "run"]

Predictions = dict[str, np.ndarray]
AUDITED = 20_000  # frames: about a minute


def run(case: Case) -> tuple[Outcome, Predictions | None]:
    """Fit, predict and score one case; a failure is an outcome too.

    Returns
    -------
    outcome : Outcome
    predictions : dict of str to array, or None
        Truth and prediction of every test group (`mlffbench.store.unpack`).
    """
    value, failure = _attempt(lambda: _flow(case))
    if failure is not None:
        return failed(case, failure), None
    outcome, predictions = value
    return replace(outcome, provenance=provenance()), predictions


def failed(case: Case, failure: Mapping[str, str]) -> Outcome:
    """The outcome of a case that failed."""
    return Outcome(case, failure=failure, provenance=provenance())


def _attempt(work: Callable[[], Any]) -> tuple[Any, dict[str, str] | None]:
    """The value, or what went wrong and of which kind: the one broad except of the project."""
    try:
        return work(), None
    except Exception as error:
        return None, {
            "kind": _kind(error),
            "message": f"{type(error).__name__}: {error}",
            "traceback": traceback.format_exc(),
        }


def _kind(error: Exception) -> str:
    kinds: dict[str, tuple[type[Exception], ...]] = {
        "not installed": (ImportError,),
        "out of memory": (MemoryError,),
        "diverged": (FloatingPointError,),
        "unsupported input": (NotImplementedError, ValueError, LookupError, FileNotFoundError),
    }
    if type(error).__name__ == "OutOfMemoryError":  # torch's, without importing torch
        return "out of memory"
    return next((kind for kind, types in kinds.items() if isinstance(error, types)), "error")


# ---------------------------------------------------------------- the flow
def _flow(case: Case) -> tuple[Outcome, Predictions]:
    dataset = load_dataset(case.dataset)
    if dataset.digest != case.data_digest:
        raise ValueError(f"the data of {case.dataset} changed since the suite was planned; start it again")
    split = registry.load("splits", case.split.name)(dataset, seed=case.seed, **case.split.params)
    leaks = _leaks(dataset, split)
    model = _model(case, dataset)
    device = str(getattr(model, "device", "cpu"))
    train = [dataset.frames[i] for i in split.train]
    with measure(device) as fit:
        model.fit(train, dataset.labels[split.train])
    scores: list[Score] = []
    timings: dict[str, Any] = {}
    profiles: dict[str, Any] = {}
    predictions: Predictions = {}
    model.predict(train[:2])  # first calls compile and allocate; they are not part of the pace
    for done, (test, indices) in enumerate(split.tests.items()):
        progress.report("predict", done, len(split.tests))
        predicted, timings[test] = _predict(model, [dataset.frames[i] for i in indices], device)
        truth, n_atoms = dataset.labels[indices], [len(dataset.frames[i]) for i in indices]
        scores += score(test, n_atoms, truth, predicted, _metrics(case))
        predictions |= pack(test, n_atoms, truth, predicted)
        profiles |= _profile(test, dataset, indices, predicted)
    task_scores, task_failures = _tasks(case, model, dataset, split)
    return Outcome(
        case,
        dataset=_dataset_facts(dataset),
        split={**_split_facts(split), "leaks": leaks},
        scores=(*scores, *task_scores),
        task_failures=tuple(task_failures),
        timings={"fit": asdict(fit), "predict": timings},
        profiles=profiles,
        history=tuple(getattr(model, "history_", ())),
        model=_model_facts(model),
    ), predictions


def load_dataset(spec: Spec) -> Dataset:
    """The dataset of a suite's entry."""
    return registry.build("datasets", spec.name, spec.params)(**spec.params)


def _model(case: Case, dataset: Dataset) -> ForceField:
    """The estimator with the case's seed and the dataset's isolated-atom energies, unless it sets its own."""
    spec = {case.estimator.name: case.estimator.params}
    given = {"random_state": case.seed, "atomic_energies": dataset.atomic_energies}
    return registry.make(spec, ("estimators",), **given)


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


def _profile(test: str, dataset: Dataset, indices: np.ndarray, predicted: Labels) -> dict[str, Any]:
    """Energies along a group that has a reaction coordinate."""
    coordinate = dataset.columns.get("coordinate")
    if coordinate is None or not np.isfinite(np.asarray(coordinate, dtype=float)[indices]).all():
        return {}
    return {
        test: {
            "label": dataset.card.get("coordinates", {}).get(test, "coordinate"),
            "coordinate": np.asarray(coordinate, dtype=float)[indices].tolist(),
            "energy_true": dataset.labels.energy[indices].tolist(),
            "energy_predicted": predicted.energy.tolist(),
        }
    }


def _tasks(
    case: Case, model: ForceField, dataset: Dataset, split: Split
) -> tuple[list[Score], list[dict[str, Any]]]:
    """Scores of every task; a task that fails is a row and costs nobody else theirs."""
    scores: list[Score] = []
    failures = []
    for done, task in enumerate(case.tasks):
        progress.report(f"task {task.name}", done, len(case.tasks))
        act = registry.build("tasks", task.name, task.params)
        found, failure = _attempt(partial(act, model, dataset, split, case.seed, **task.params))
        if failure is None:
            scores += found
        else:
            failures.append({"task": str(task), **failure})
    return scores, failures


# ---------------------------------------------------------------- facts
def _leaks(dataset: Dataset, split: Split) -> dict[str, Any]:
    """Test frames that have twins in the training set, by group; what is too large is not looked at."""
    if len(dataset) > AUDITED:
        return {"verdict": f"not audited: more than {AUDITED} frames; see 'mlffbench data audit'"}
    progress.report("audit", 0, 1)
    found = audit(dataset, split)
    twins = Counter(pair.group for pair in found.pairs if pair.twin)
    return {"verdict": found.verdict, "n_twins": found.n_twins, "n_near": found.n_near, "tests": dict(twins)}


def _dataset_facts(dataset: Dataset) -> dict[str, Any]:
    card = {k: v for k, v in dataset.card.items() if isinstance(v, str)}
    facts = {"name": dataset.name, "digest": dataset.digest, "n_frames": len(dataset)}
    return {**facts, "elements": dataset.elements, "card": card}


def _split_facts(split: Split) -> dict[str, Any]:
    return {
        "digest": split.digest,
        "n_train": len(split.train),
        "tests": {name: len(indices) for name, indices in split.tests.items()},
        "in_domain": split.in_domain,
        "notes": dict(split.notes),
    }


def _model_facts(model: ForceField) -> dict[str, Any]:
    """Parameters as resolved, and device and precision as the fitted model holds them."""
    facts: dict[str, Any] = {"params": model.get_params(deep=False)}
    for name in ("device", "dtype"):
        fact = getattr(model, f"{name}_", getattr(model, name, None))
        facts[name] = "cpu" if fact is None and name == "device" else "float64" if fact is None else str(fact)
    return facts


# ---------------------------------------------------------------- one child process
def main() -> None:
    """Read ``{case, predictions}`` as a line of JSON; write events, then the outcome, as lines of JSON."""
    events = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a framework prints must not mix with the events
    order = json.loads(sys.stdin.readline())
    threading.Thread(target=_die_with_the_parent, daemon=True).start()

    def tell(**event: Any) -> None:
        events.write(json.dumps(event) + "\n")
        events.flush()

    with progress.listen(lambda stage, step, total, values: tell(progress=[stage, step, total, values])):
        outcome, predictions = run(Case.from_json(order["case"]))
    if predictions is not None:
        np.savez(order["predictions"], **predictions)  # type: ignore[arg-type]
    tell(outcome=outcome.to_json())


def _die_with_the_parent() -> None:
    """The parent holds our standard input open; when it is gone, nobody waits for the result."""
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    main()
