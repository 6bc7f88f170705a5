"""Compute new metrics from stored predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from mlffbench import registry
from mlffbench.data import InvalidPrediction
from mlffbench.harness.predictions import unpack
from mlffbench.harness.scoring import score
from mlffbench.harness.store import Store

__all__ = ["rescore"]


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
    absent = []
    for document in finished:
        arrays = store.predictions(document["id"])
        try:
            scored = None if arrays is None else _scored(document, arrays, functions)
        except InvalidPrediction as error:
            scored, store.set_aside[store.predictions_path(document["id"])] = None, str(error)
        if scored is None:
            absent.append(document["id"])
        else:
            store.save(scored)
    return len(finished) - len(absent), absent


def _scored(
    document: dict[str, Any], arrays: Mapping[str, np.ndarray], functions: dict[str, Any]
) -> dict[str, Any]:
    failed = {failure["test"] for failure in document.get("test_failures") or ()}
    tests = [test for test in (document.get("split") or {}).get("tests") or {} if test not in failed]
    new = [asdict(s) for test in tests for s in score(test, *unpack(arrays, test), functions)]
    others = [s for s in document["scores"] if not (s["metric"] in functions and s["test"] in tests)]
    return {**document, "scores": [*others, *new]}
