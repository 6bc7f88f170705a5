"""Tasks that are added to a finished case: they run on its kept model, and nothing is fitted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlffbench import registry
from mlffbench.data import Spec
from mlffbench.forcefield import ForceField
from mlffbench.harness.case import Case
from mlffbench.harness.case_data import CaseData
from mlffbench.harness.documents.store import Store
from mlffbench.harness.fit_checkpoint import forget_other_checkpoints, sign_checkpoints
from mlffbench.harness.group_results import predictable
from mlffbench.harness.outcome import Outcome, extended, failed
from mlffbench.harness.reference_level import reference_level
from mlffbench.harness.task_results import task_results
from mlffbench.system import model_file
from mlffbench.system.failures import catch_failure
from mlffbench.system.provenance import provenance

__all__ = ["extend", "with_tasks"]

Rows = list[dict[str, Any]]


def extend(case: Case, results: Path) -> Outcome:
    """Run the tasks of a case on its kept model.

    Parameters
    ----------
    case : Case
        With the tasks to be added, no others.
    results : Path
        Folder that holds its document and its model.

    Returns
    -------
    Outcome
        Scores, curves and failures of these tasks alone; failed if the kept model cannot be used.
    """
    outcome, failure = catch_failure(lambda: _flow(case, Store(results)))
    return outcome if failure is None else failed(case, failure)


def _flow(case: Case, store: Store) -> Outcome:
    document, file = store.load(case.id), store.kept_model(case.id)
    if document is None or file is None:
        raise ValueError(f"{store.missing_model(case.id)}; 'run --refit' fits again")
    data = CaseData.of(case)
    split = data.split()
    if (document.get("split") or {}).get("digest") != split.digest:
        raise ValueError("the split is not the one of the kept model's fit; 'run --refit' fits again")
    model = _loaded(case, file, data)
    key = f"{data.key(split)} {document['kept_model']['sha256']}"
    forget_other_checkpoints(model, key)
    sign_checkpoints(model, key)
    model.predict([data.dataset.frames[i] for i in split.train[:2]])  # first calls compile and allocate
    tested = predictable(split, document.get("test_failures") or ())
    done = task_results(case, model, data.dataset, tested)
    return Outcome(
        case,
        inputs=data.inputs(),
        reference=reference_level(case, data.plain, split),
        scores=tuple(done.scores),
        task_failures=tuple(done.failures),
        curves=tuple(done.curves),
        conditions=tuple(done.conditions),
        provenance=provenance(),
    )


def _loaded(case: Case, file: Path, data: CaseData) -> ForceField:
    """The kept model, if it is of the estimator that the case names."""
    model = model_file.load(file)
    wanted = registry.make(case.estimator, ("estimators",), atomic_energies=data.dataset.atomic_energies)
    if type(model) is not type(wanted):
        kinds = f"a {type(model).__name__}, not a {type(wanted).__name__}"
        raise ValueError(f"the kept model is {kinds}; 'run --refit' fits again")
    return model


def with_tasks(document: Mapping[str, Any], added: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document of a case with the results of further tasks.

    Parameters
    ----------
    document : mapping
        Of the case.
    added : mapping
        The document that `extend` gave, or that of a process that died. Each of the tasks then has a failure
        with the kind and message of that death; all else that was there stays.
    """
    names = [_title(task) for task in added["case"]["tasks"]]
    failures = added.get("task_failures") or []
    if added["status"] == "failed":
        failures = [{"task": name, "test": "", "quantity": "", **added["failure"]} for name in names]
    case = document["case"]
    new = [task for task in added["case"]["tasks"] if task not in case["tasks"]]
    return {
        **extended(document, added.get("provenance") or {}, tasks=names),
        "case": {**case, "tasks": [*case["tasks"], *new]},
        "inputs": _joined(document.get("inputs") or {}, added.get("inputs") or {}),
        "reference": added.get("reference") or document.get("reference") or {},
        "scores": _replaced(document["scores"], added.get("scores") or [], names),
        "curves": _replaced(document.get("curves") or [], added.get("curves") or [], names),
        "conditions": _replaced(document.get("conditions") or [], added.get("conditions") or [], names),
        "task_failures": _replaced(document.get("task_failures") or [], failures, names),
    }


def _title(task: Mapping[str, Any]) -> str:
    return str(Spec(**task))


def _replaced(old: Rows, new: Rows, tasks: Sequence[str]) -> Rows:
    """The rows of other tasks, then the new ones."""
    return [*(row for row in old if row.get("task") not in tasks), *new]


def _joined(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Digests of the inputs of the fit and of the further tasks."""
    parts = {name: {**old.get(name, {}), **new.get(name, {})} for name in ("columns", "files")}
    return {**old, **new, **parts} if old or new else {}
