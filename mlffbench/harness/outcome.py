"""Result of one case: scores and timings, or the reason of its failure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from mlffbench.data import Conditions, Curve, Score
from mlffbench.harness.case import Case
from mlffbench.system.provenance import provenance

__all__ = ["SCHEMA", "Outcome", "extended", "failed"]

SCHEMA = 2  # of documents; a new one needs a step in `harness.documents.migrations`
DIGITS = 8  # of the numbers of curves


@dataclass(frozen=True)
class Outcome:
    """Result of one case, stored as one JSON document.

    Attributes
    ----------
    case : Case
    failure : mapping or None
        ``kind`` (one of `mlffbench.system.failures.KINDS`), ``message``, ``traceback``, and ``where``
        (host, GPU) if memory ran out; None for a case that went well.
    dataset, split : mapping
        Name, digest and sizes.
    inputs : mapping
        Digests of what else decides the case, see `mlffbench.harness.inputs`; empty in older documents and of
        a case that failed before it had its data.
    training : mapping
        ``labels``: numbers of training frames by label; ``ignored``: those of these labels that the fit did
        not use; ``frames``: numbers of the frames whose errors are scores of the task ``training``, of those
        trained on and of those held out (``train``, ``validation``).
    reference : mapping
        Level of theory of what tasks compare with, see `mlffbench.harness.reference_level`; empty without
        tasks or without a reference.
    clusters : mapping
        By test group: ``unit``, number ``n`` and ``digest`` of the clusters of its frames, and ``sums`` of
        the errors over each or the ``reason`` why there are none, see `mlffbench.harness.clusters`; empty in
        older documents.
    scores : tuple of Score
    test_failures : tuple of mapping
        Test groups that could not be predicted, such as with an element that training had not, or were
        predicted in part: like `failure`, with ``test``. The other groups have scores; a case without any
        has failed.
    task_failures : tuple of mapping
        Numbers that tasks could not give: like `failure`, with ``task``, ``test`` and ``quantity``; kind
        ``skipped`` if there was nothing to measure or no reference to compare with.
    curves : tuple of Curve
        Functions of one variable that tasks measured.
    conditions : tuple of Conditions
        Machine, threads and settings of the tasks that measured times.
    timings : mapping
        ``fit`` and, per test group, ``predict``: seconds and peak memory in MiB.
    profiles : mapping
        Energies (eV) along the test groups that have a coordinate.
    history : tuple of mapping
        One row per epoch, for methods that train in epochs.
    model : mapping
        Parameters, device, dtype.
    extensions : list of mapping
        In documents only: ``date``, ``revision``, ``tasks`` and ``metrics`` of each later addition.
    kept_model : mapping
        ``sha256``, ``bytes`` and ``file`` of the fitted model, set where it is stored; the ``reason`` if it
        is not kept.
    provenance : mapping
        See `mlffbench.system.provenance`.
    """

    case: Case
    failure: Mapping[str, str] | None = None
    dataset: Mapping[str, Any] = field(default_factory=dict)
    split: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    reference: Mapping[str, Any] = field(default_factory=dict)
    clusters: Mapping[str, Any] = field(default_factory=dict)
    scores: tuple[Score, ...] = ()
    test_failures: tuple[Mapping[str, Any], ...] = ()
    task_failures: tuple[Mapping[str, Any], ...] = ()
    curves: tuple[Curve, ...] = ()
    conditions: tuple[Conditions, ...] = ()
    timings: Mapping[str, Any] = field(default_factory=dict)
    profiles: Mapping[str, Any] = field(default_factory=dict)
    history: tuple[Mapping[str, Any], ...] = ()
    model: Mapping[str, Any] = field(default_factory=dict)
    kept_model: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def status(self) -> str:
        return "ok" if self.failure is None else "failed"

    def to_json(self) -> dict[str, Any]:
        """The document as plain JSON; values without a JSON form are written as their ``repr``."""
        head = {"schema": SCHEMA, "id": self.case.id, "status": self.status, "case": self.case.to_json()}
        rest = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "case"}
        return {**head, **json.loads(json.dumps(rest, default=_plain))}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Outcome:
        known = {k: v for k, v in document.items() if k in cls.__dataclass_fields__}
        parts = {k: tuple(known.get(k, ())) for k in ("test_failures", "task_failures", "history")}
        scores = tuple(Score(**s) for s in known.get("scores", ()))
        curves = tuple(Curve(**c) for c in known.get("curves", ()))
        conditions = tuple(Conditions(**c) for c in known.get("conditions", ()))
        case = Case.from_json(document["case"])
        more = {"case": case, "scores": scores, "curves": curves, "conditions": conditions}
        return cls(**{**known, **parts, **more})


def _plain(value: Any) -> Any:
    if isinstance(value, Score):
        return value.to_json()
    if isinstance(value, Curve):
        return {name: _drawn(part) for name, part in asdict(value).items()}
    if isinstance(value, Conditions):
        return asdict(value)
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    return dict(value) if isinstance(value, Mapping) else repr(value)


def _drawn(values: Any) -> Any:
    """Numbers of a curve to `DIGITS` digits: curves are for drawing, scores are exact."""
    if values is None or isinstance(values, str | bool):
        return values
    return [v if v is None else float(f"{v:.{DIGITS}g}") for v in np.asarray(values).tolist()]


def failed(case: Case, failure: Mapping[str, str], inputs: Mapping[str, Any] | None = None) -> Outcome:
    """Outcome of a case that failed, with the digests of those inputs that it had read."""
    return Outcome(case, failure=failure, inputs=inputs or {}, provenance=provenance())


def extended(
    document: Mapping[str, Any],
    facts: Mapping[str, Any],
    tasks: Sequence[str] = (),
    metrics: Sequence[str] = (),
) -> dict[str, Any]:
    """The document with a record of what was added to it; `facts` are the provenance of the addition."""
    record = {name: facts.get(name) for name in ("date", "revision")}
    record |= {"tasks": list(tasks), "metrics": list(metrics)}
    return {**document, "extensions": [*(document.get("extensions") or []), record]}
