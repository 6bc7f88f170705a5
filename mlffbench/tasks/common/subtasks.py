"""Helpers of tasks: requirements, resumable subtasks, result rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from ase import Atoms

from mlffbench.data import Conditions, Curve, Dataset, Missing, Score, Split
from mlffbench.forcefield import ForceField
from mlffbench.system import progress
from mlffbench.system.checkpoint import folder, keep_in, resumed
from mlffbench.system.failures import catch_failure
from mlffbench.tasks.common.reference import ReferenceFails

__all__ = [
    "Row",
    "Subtask",
    "checkpointed",
    "error_row",
    "measures_times",
    "needs",
    "run_subtasks",
    "skipped_row",
    "unmet_before_fit",
    "unmet_need",
]

Row = Score | Missing | Curve | Conditions
Subtask = Callable[[], Sequence[Row]]
Task = TypeVar("Task", bound=Callable[..., list[Row]])
KINDS: dict[str, type[Row]] = {"score": Score, "missing": Missing, "curve": Curve, "conditions": Conditions}
NEEDS = ("forces", "stress", "uncertainty", "periodic", "molecule")


# ---------------------------------------------------------------- requirements
def needs(*requirements: str) -> Callable[[Task], Task]:
    """Declare the requirements of a task; the harness skips it, with the reason, where one is not met.

    ``forces``, ``stress`` and ``uncertainty`` are the model's; ``periodic`` asks for crystals and a model
    that takes them, ``molecule`` for frames without a cell.
    """
    if unknown := set(requirements) - set(NEEDS):
        raise ValueError(f"a task can need {NEEDS}, not {sorted(unknown)}")

    def declare(task: Task) -> Task:
        task.needs = requirements  # type: ignore[attr-defined]
        return task

    return declare


def measures_times(task: Task) -> Task:
    """Declare that a task measures times: its case runs alone on its device."""
    task.measures_times = True  # type: ignore[attr-defined]
    return task


def unmet_need(task: Callable[..., Any], model: ForceField, dataset: Dataset, split: Split) -> str | None:
    """Return the reason why the model or the data do not meet a task's requirements, or None if they do."""
    atoms = dataset.frames[int(split.train[0])]
    reason = unmet_before_fit(task, model, dataset, atoms)
    if reason is None and "uncertainty" in getattr(task, "needs", ()):
        return _no_deviations(model) if model.predict([atoms]).energy_std is None else None
    return reason


def unmet_before_fit(
    task: Callable[..., Any], model: ForceField, dataset: Dataset, atoms: Atoms
) -> str | None:
    """Return the reason that is known without a fit; `atoms` is a frame to train on."""
    name = type(model).__name__
    periodic = bool(atoms.pbc.all())
    reasons = {
        "forces": None if "forces" in model.properties else f"{name} predicts no forces",
        "stress": None if "stress" in model.properties else f"{name} predicts no stress",
        "periodic": f"the frames of {dataset.name} are not periodic"
        if not periodic
        else None
        if "periodic" in model.supports
        else f"{name} takes no periodic frames",
        "molecule": f"the frames of {dataset.name} are periodic" if atoms.pbc.any() else None,
    }
    for need in getattr(task, "needs", ()):
        if need == "uncertainty":
            if not (model.predicts_std or _is_a_strangers(model)):
                return _no_deviations(model)
        elif reasons[need] is not None:
            return reasons[need]
    return None


def _is_a_strangers(model: ForceField) -> bool:
    """True for a class of another package, which may predict deviations without a word on it."""
    return type(model).__module__.partition(".")[0] != "mlffbench"


def _no_deviations(model: ForceField) -> str:
    reason = f"{type(model).__name__} predicts no standard deviations"
    choice = getattr(model, "uncertainty", None)
    return f"{reason} with uncertainty={choice!r}" if choice in (False, "none") else reason


# ---------------------------------------------------------------- subtasks
def run_subtasks(subtasks: Mapping[str, Subtask], n_jobs: int = 1) -> list[Row]:
    """Return the rows of all named subtasks of a task, run one by one or by several processes.

    A subtask that fails is a row with the kind and message of its failure, and the others still run; one that
    finished before the process was killed is read from its checkpoint (see `mlffbench.system.checkpoint`).
    """
    if n_jobs == 1:
        return _run_in_turn(subtasks)
    import joblib

    place = folder()
    rows = joblib.Parallel(n_jobs=n_jobs)(
        joblib.delayed(_run_in_worker)(place, {name: subtask}) for name, subtask in subtasks.items()
    )
    return [row for part in rows for row in part]


def _run_in_turn(subtasks: Mapping[str, Subtask]) -> list[Row]:
    rows: list[Row] = []
    for done, (name, subtask) in enumerate(subtasks.items()):
        progress.report(name, done, len(subtasks))
        stored, failures = checkpointed(name, partial(_stored_rows, name, subtask))
        rows += failures or map(_from_json, stored)
    return rows


def _run_in_worker(place: Path | None, subtasks: Mapping[str, Subtask]) -> list[Row]:
    """Run subtasks in a worker process, with the checkpoints in the parent's folder."""
    with keep_in(place):
        return _run_in_turn(subtasks)


def checkpointed(name: str, work: Callable[[], Any]) -> tuple[Any, list[Row]]:
    """Return the value of `work` (plain JSON), from its checkpoint if there is one, and no row.

    Or None and the row that says with which kind and message it failed.
    """
    value, failure = catch_failure(partial(resumed, name, work))
    return value, [] if failure is None else [Missing("", name, **failure)]


# ---------------------------------------------------------------- rows
def _stored_rows(name: str, subtask: Subtask) -> list[dict[str, Any]]:
    """Run a subtask; return its rows as plain JSON, a skipped one where the reference potential fails."""
    try:
        rows = subtask()
    except ReferenceFails as error:
        rows = [skipped_row("", name, str(error))]
    return [_to_json(row) for row in rows]


def _to_json(row: Row) -> dict[str, Any]:
    kind = next(k for k, t in KINDS.items() if isinstance(row, t))
    return {"kind of row": kind, **{name: _plain(value) for name, value in asdict(row).items()}}


def _plain(value: Any) -> Any:
    """Convert numpy's numbers to Python's, and sequences to lists."""
    if isinstance(value, str) or value is None:
        return value
    if hasattr(value, "tolist"):
        return value.tolist()
    return [_plain(v) for v in value] if isinstance(value, Sequence) else value


def _from_json(stored: Mapping[str, Any]) -> Row:
    fields = dict(stored)
    return KINDS[fields.pop("kind of row")](**fields)


def error_row(test: str, quantity: str, predicted: float, reference: float, unit: str) -> Score:
    """|predicted − reference| of one number."""
    predicted, reference = float(predicted), float(reference)
    error = abs(predicted - reference)
    return Score(test, quantity, "error", error, unit, predicted=predicted, reference=reference)


def skipped_row(test: str, quantity: str, reason: str) -> Missing:
    """Row of a number that was not measured because something that it needs is missing."""
    return Missing(test, quantity, "skipped", reason)
