"""Results as runs of MLflow, through its public client."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from mlffbench.harness.documents.parts import dig
from mlffbench.report.tracking.tracked_case import TrackedCase, safe_name

__all__ = ["log_to_mlflow"]

Item = TypeVar("Item")

ID, DATE = "mlffbench.id", "mlffbench.date"  # tags of a run that say which fit it is
METRICS, PARAMS, LONGEST = 1000, 100, 500  # most of a batch; characters of a parameter


def log_to_mlflow(cases: Iterable[TrackedCase], experiment: str, uri: str | None = None) -> tuple[int, int]:
    """Log each case as a run: parameters, scores, history, and what it was fitted to as tags.

    A fit that the experiment has already is not logged again.

    Parameters
    ----------
    experiment : str
        Made if needed.
    uri : str, optional
        Of the tracking server or store; by default as MLflow finds it.

    Returns
    -------
    n_logged, n_known : int

    Raises
    ------
    ImportError
        MLflow is not installed.
    ValueError
        The store cannot be used; the message is MLflow's.
    """
    try:
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException
    except ImportError:
        raise ImportError("this needs mlflow: pip install mlflow") from None
    try:
        return _logged(MlflowClient(uri), cases, experiment)
    except MlflowException as error:
        raise ValueError(f"MLflow: {' '.join(str(error).split())}") from None


def _logged(client: Any, cases: Iterable[TrackedCase], experiment: str) -> tuple[int, int]:
    own = client.get_experiment_by_name(experiment)
    place = client.create_experiment(experiment) if own is None else own.experiment_id
    counts = [0, 0]
    for case in cases:
        known = _is_known(client, place, case)
        counts[known] += 1
        if not known:
            _log(client, place, case)
    return counts[0], counts[1]


def _date(case: TrackedCase) -> str:
    return str(dig(case.document, "provenance", "date") or "")


def _is_known(client: Any, place: str, case: TrackedCase) -> bool:
    tags = f"tags.`{ID}` = '{case.document['id']}' and tags.`{DATE}` = '{_quoted(_date(case))}'"
    return bool(client.search_runs([place], f"{tags} and attributes.status != 'RUNNING'", max_results=1))


def _quoted(text: str) -> str:
    return text.replace("'", "")


def _log(client: Any, place: str, case: TrackedCase) -> None:
    from mlflow.entities import Metric, Param

    begun = _milliseconds(_date(case))
    tags = {
        ID: case.document["id"], DATE: _quoted(_date(case)), "problem": case.problem, "method": case.method,
        "seed": str(case.seed), "suite": case.document["case"]["suite"],
    }  # fmt: skip
    if failure := case.document.get("failure"):
        tags["failure"] = f"{failure.get('kind')}: {str(failure.get('message') or '')[:LONGEST]}"
    run = client.create_run(place, start_time=begun, tags=tags, run_name=f"{case.method}, seed {case.seed}")
    params = [Param(_key(name), text[:LONGEST]) for name, text in case.parameters.items()]
    metrics = [Metric(_key(name), value, begun, 0) for name, value in case.scores.items()]
    metrics += [Metric(_key(f"history/{p.name}"), p.value, begun, p.step) for p in case.history]
    for part in _batches(params, PARAMS):
        client.log_batch(run.info.run_id, params=part)
    for part in _batches(metrics, METRICS):
        client.log_batch(run.info.run_id, metrics=part)
    client.set_terminated(run.info.run_id, "FAILED" if failure else "FINISHED", begun)


def _key(name: str) -> str:
    """A name that MLflow takes: Å is A, all else that it refuses an underscore."""
    return safe_name(name.replace("Å", "A").replace("³", "3").replace("µ", "u"), "/")


def _milliseconds(date: str) -> int:
    """Time of a date since 1970, now without one."""
    try:
        moment = datetime.fromisoformat(date)
    except ValueError:
        return int(1000 * time.time())
    return int(1000 * (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _batches(items: Sequence[Item], most: int) -> list[Sequence[Item]]:
    return [items[k : k + most] for k in range(0, len(items), most)]
