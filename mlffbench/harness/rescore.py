"""Compute new metrics from stored predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from mlffbench import registry
from mlffbench.data import InvalidPrediction
from mlffbench.harness.documents.predictions import unpack
from mlffbench.harness.documents.store import Store
from mlffbench.harness.outcome import extended
from mlffbench.harness.scoring import Metric, score
from mlffbench.system.lease import Leases
from mlffbench.system.provenance import provenance

__all__ = ["add_metrics", "rescore"]


def rescore(store: Store, metrics: Sequence[str]) -> tuple[int, list[str]]:
    """Add metrics to every finished case, replacing older values of the same ones.

    Returns
    -------
    done : int
        How many cases were scored.
    absent : list of str
        The finished cases without usable predictions; `Store.set_aside` says which are damaged, or lack
        what is to be scored.

    Raises
    ------
    LookupError
        There is no such metric.
    """
    functions = {name: registry.load("metrics", name) for name in metrics}
    finished = [d for d in store.documents() if d["status"] == "ok"]
    with store.leases() as leases:
        absent = [d["id"] for d in finished if not add_metrics(store, d["id"], functions, leases)]
    return len(finished) - len(absent), absent


def add_metrics(store: Store, id: str, functions: Mapping[str, Metric], leases: Leases) -> bool:
    """Score a finished case from its stored predictions; False if it has none that can be used.

    So it is for a case that another run holds, whose document is being changed.

    Parameters
    ----------
    functions : mapping of str to ``(true, predicted) -> float``
        The metrics, by name.
    leases : Leases
        Those of the store, entered.
    """
    with leases.claim(id) as lease:
        document = None if lease is None else store.load(id)
        arrays = None if document is None else store.predictions(id)
        if lease is None or document is None or arrays is None:
            return False
        try:
            scored = _scored(document, arrays, functions)
        except InvalidPrediction as error:
            store.set_aside[store.predictions_path(id)] = str(error)
            return False
        store.save(scored, held=lease.check)
        return True


def _scored(
    document: dict[str, Any], arrays: Mapping[str, np.ndarray], functions: Mapping[str, Metric]
) -> dict[str, Any]:
    failed = {failure["test"] for failure in document.get("test_failures") or ()}
    tests = [test for test in (document.get("split") or {}).get("tests") or {} if test not in failed]
    new = [asdict(s) for test in tests for s in score(test, *unpack(arrays, test), functions)]
    replaced = {(name, test, "") for name in functions for test in tests}
    others = [s for s in document["scores"] if (s["metric"], s["test"], s.get("task") or "") not in replaced]
    case = document["case"]
    metrics = list(dict.fromkeys([*case["metrics"], *functions]))
    document = extended(document, provenance(), metrics=list(functions))
    return {**document, "case": {**case, "metrics": metrics}, "scores": [*others, *new]}
