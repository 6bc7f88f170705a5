"""What tasks are made of: the needs that they declare, pieces that fail and resume one by one, rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from mlffbench.data import Curve, Dataset, Missing, Score, Split
from mlffbench.forcefield import ForceField
from mlffbench.system import progress
from mlffbench.system.checkpoint import folder, keep_in, resumed
from mlffbench.system.failures import catch_failure

__all__ = ["Row", "compared", "lacking", "needs", "skipped", "spread", "units"]

Row = Score | Missing | Curve
Task = TypeVar("Task", bound=Callable[..., list[Row]])
KINDS: dict[str, type[Row]] = {"score": Score, "missing": Missing, "curve": Curve}
NEEDS = ("forces", "stress", "uncertainty", "periodic", "molecule")


def needs(*what: str) -> Callable[[Task], Task]:
    """Declare what a task needs of model and data; the harness skips it, with the reason, where that lacks.

    ``forces``, ``stress`` and ``uncertainty`` are the model's; ``periodic`` asks for crystals and a model
    that takes them, ``molecule`` for frames without a cell.
    """
    if unknown := set(what) - set(NEEDS):
        raise ValueError(f"a task can need {NEEDS}, not {sorted(unknown)}")

    def declare(task: Task) -> Task:
        task.needs = what  # type: ignore[attr-defined]
        return task

    return declare


def lacking(task: Callable[..., Any], model: ForceField, dataset: Dataset, split: Split) -> str | None:
    """Why this task cannot be done with this model on these data; None where it can."""
    name = type(model).__name__
    atoms = dataset.frames[int(split.train[0])]
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
            if model.predict([atoms]).energy_std is None:
                return f"{name} predicts no standard deviations"
        elif reasons[need] is not None:
            return reasons[need]
    return None


def units(work: Mapping[str, Callable[[], Sequence[Row]]]) -> list[Row]:
    """The rows of every named piece of a task.

    A piece that fails is a row with its kind and message and costs the others nothing; one that was finished
    before the process was killed is read back (see `mlffbench.system.checkpoint`).
    """
    rows: list[Row] = []
    for done, (name, piece) in enumerate(work.items()):
        progress.report(name, done, len(work))
        plain, failure = catch_failure(partial(resumed, name, partial(_plain_rows, piece)))
        rows += [Missing("", name, **failure)] if failure is not None else map(_row, plain)
    return rows


def spread(work: Mapping[str, Callable[[], Sequence[Row]]], n_jobs: int = 1) -> list[Row]:
    """`units`, the pieces shared by so many processes."""
    if n_jobs == 1:
        return units(work)
    import joblib

    place = folder()
    found = joblib.Parallel(n_jobs=n_jobs)(
        joblib.delayed(_elsewhere)(place, {name: piece}) for name, piece in work.items()
    )
    return [row for rows in found for row in rows]


def _elsewhere(place: Path | None, work: Mapping[str, Callable[[], Sequence[Row]]]) -> list[Row]:
    """In another process, what is kept goes to the same folder."""
    with keep_in(place):
        return units(work)


def _plain_rows(piece: Callable[[], Sequence[Row]]) -> list[dict[str, Any]]:
    return [_plain(row) for row in piece()]


def _plain(row: Row) -> dict[str, Any]:
    kind = next(k for k, t in KINDS.items() if isinstance(row, t))
    plain = {name: _number(value) for name, value in asdict(row).items()}
    return {"kind of row": kind, **plain}


def _number(value: Any) -> Any:
    """Python's own numbers for numpy's; sequences as lists."""
    if isinstance(value, str) or value is None:
        return value
    if hasattr(value, "tolist"):
        return value.tolist()
    return [_number(v) for v in value] if isinstance(value, Sequence) else value


def _row(plain: Mapping[str, Any]) -> Row:
    fields = dict(plain)
    return KINDS[fields.pop("kind of row")](**fields)


def compared(test: str, quantity: str, predicted: float, reference: float, unit: str) -> Score:
    """The error |predicted − reference| of one number."""
    predicted, reference = float(predicted), float(reference)
    error = abs(predicted - reference)
    return Score(test, quantity, "error", error, unit, predicted=predicted, reference=reference)


def skipped(test: str, quantity: str, reason: str) -> Missing:
    """A number that was not measured because something that it needs is not there."""
    return Missing(test, quantity, "skipped", reason)
