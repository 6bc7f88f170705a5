"""Forecast of a run: state, time and memory of each case, from what the results folder holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlffbench.harness.case_state import CaseState
from mlffbench.harness.documents.parts import failed_as
from mlffbench.harness.documents.store import Store
from mlffbench.harness.execution.durations import Durations, seconds_of
from mlffbench.harness.planning.planned_run import PlannedRun

__all__ = ["CaseForecast", "forecast", "total_seconds"]


@dataclass(frozen=True)
class CaseForecast:
    """State of a case, and what it takes.

    Attributes
    ----------
    state : CaseState
    status : {"finished", "failed", "to run", "to extend", "?"}
        ``to extend`` lacks tasks or metrics, ``?`` is a case of data that are not on this machine.
    note : str
        Reason of a failure, tasks and metrics that are added, or why the case cannot run here.
    seconds, memory_mb : float or None
        Measured for a finished case, else expected; None if nothing is known.
    """

    state: CaseState
    status: str
    note: str
    seconds: float | None
    memory_mb: float | None

    def to_json(self) -> dict[str, Any]:
        case = self.state.case
        return {
            "id": case.id,
            "label": case.label,
            **{word: str(getattr(case, word)) for word in ("dataset", "split", "estimator")},
            "seed": case.seed,
            "status": self.status,
            "note": self.note,
            "seconds": self.seconds,
            "memory_mb": self.memory_mb,
        }


def forecast(plan: PlannedRun, states: Sequence[CaseState], store: Store) -> list[CaseForecast]:
    """Forecast every case of a planned run, in their order."""
    documents = {state.case.id: store.head(state.case.id) for state in states}
    known = [document for document in documents.values() if document is not None]
    durations = Durations(known, plan.suite.time_limit)
    memory = _memory(known)
    forecasts = []
    for state in states:
        status, note = _status(plan, state)
        own = documents[state.case.id]
        finished = own if own is not None and status in ("finished", "to extend") else None
        seconds = seconds_of(finished) if finished else durations.expected(state.case)
        megabytes = _peak(finished) if finished else memory.get(_like(state.case.to_json()))
        forecasts.append(CaseForecast(state, status, note, seconds, megabytes))
    return forecasts


def total_seconds(forecasts: Iterable[CaseForecast]) -> tuple[float, int]:
    """Expected seconds of the cases to run, and the number of those of which nothing is known."""
    to_run = [case.seconds for case in forecasts if case.status == "to run"]
    return sum(s for s in to_run if s is not None), to_run.count(None)


def _status(plan: PlannedRun, state: CaseState) -> tuple[str, str]:
    if (missing := plan.absent.get(str(state.case.dataset))) is not None:
        return "?", f"the data are not here: {missing}"
    if state.status == "failed" and state.failure is not None:
        return "failed", f"{failed_as(state.failure)}: {state.failure['message']}"
    if state.status == "to run":
        return "to run", plan.unmet.get(state.case.id, "")
    lacks = ", ".join([*(task.name for task in state.tasks), *state.metrics])
    if not lacks:
        return "finished", ""
    remedy = "; only --refit can add it" if state.needs_refit else "; no fit is repeated for it"
    return "to extend", f"lacks {lacks}{remedy}"


def _peak(document: Mapping[str, Any]) -> float | None:
    return ((document.get("timings") or {}).get("fit") or {}).get("peak_memory_mb")


def _like(case: Mapping[str, Any]) -> tuple[str, str]:
    return str(case["estimator"]), str(case["dataset"])


def _memory(documents: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], float]:
    """Largest memory of finished fits, by method and data."""
    largest: dict[tuple[str, str], float] = {}
    for document in documents:
        if document["status"] == "ok" and (peak := _peak(document)) is not None:
            key = _like(document["case"])
            largest[key] = max(peak, largest.get(key, 0.0))
    return largest
