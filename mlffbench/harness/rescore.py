"""Compute metrics with their intervals, and errors by cluster of frames, from stored predictions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from mlffbench import registry
from mlffbench.data import InvalidPrediction
from mlffbench.harness.case import Case
from mlffbench.harness.case_data import CaseData
from mlffbench.harness.clusters import Clusters, blocks_of, cluster_results, stored_clusters
from mlffbench.harness.documents.predictions import predicted_tests, unpack
from mlffbench.harness.documents.store import Store
from mlffbench.harness.outcome import extended
from mlffbench.harness.scoring import Metric, score
from mlffbench.system.lease import Leases
from mlffbench.system.provenance import provenance

__all__ = ["add_metrics", "rescore"]

DECIDING = ("dataset", "split", "seed", "data_digest")  # with the budget of labels, which frames are tested
FLOOR = {"name": "atomic_reference", "params": {}}  # in place of any method: no method decides the split
REST = {"suite": "", "label": "", "estimator": FLOOR, "metrics": [], "tasks": []}


def rescore(store: Store, metrics: Sequence[str]) -> tuple[int, list[str]]:
    """Compute the metrics of every finished case again, with intervals and errors by cluster, and add others.

    The clusters are those that were stored with the predictions; of older ones, those of the dataset where it
    is here and gives the same split, else blocks in the order of the frames.

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
    new = {name: registry.load("metrics", name) for name in metrics}
    own = {d["id"]: _metrics(d) for d in store.documents() if d["status"] == "ok"}
    finished = {id: new if _is_rounded(store, id) else own[id] | new for id in own}
    with store.leases() as leases:
        absent = [id for id, functions in finished.items() if not add_metrics(store, id, functions, leases)]
    return len(finished) - len(absent), absent


def _metrics(document: Mapping[str, Any]) -> dict[str, Metric]:
    """Metrics of a document that are known here."""
    known = set(registry.names("metrics")) & set(document["case"]["metrics"])
    return {name: registry.load("metrics", name) for name in sorted(known)}


def _is_rounded(store: Store, id: str) -> bool:
    """True for predictions that only a pack has, rounded: the errors of the document are better."""
    pack = store.pack()
    return bool(pack and pack.steps) and not store.predictions_path(id).is_file()


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
            scored = _scored(document, arrays, functions, keep_sums=_is_rounded(store, id))
        except InvalidPrediction as error:
            store.set_aside[store.predictions_path(id)] = str(error)
            return False
        store.save(scored, held=lease.check)
        return True


def _scored(
    document: dict[str, Any],
    arrays: Mapping[str, np.ndarray],
    functions: Mapping[str, Metric],
    keep_sums: bool = False,
) -> dict[str, Any]:
    """The document with these metrics and the errors by cluster; `keep_sums`: with those that it has."""
    tests = list(predicted_tests(document))
    labels = {test: unpack(arrays, test) for test in tests}
    clusters = _clusters(document, arrays, tests)
    usable = {test: clusters[test].usable for test in tests}
    new = [s.to_json() for test in tests for s in score(test, *labels[test], functions, usable[test])]
    replaced = {(name, test, "") for name in functions for test in tests}
    others = [s for s in document["scores"] if (s["metric"], s["test"], s.get("task") or "") not in replaced]
    case = document["case"]
    metrics = list(dict.fromkeys([*case["metrics"], *functions]))
    document = extended(document, provenance(), metrics=list(functions))
    sums = document.get("clusters") if keep_sums else None
    sums = sums or {test: cluster_results(clusters[test], *labels[test]) for test in tests}
    return {
        **document, "case": {**case, "metrics": metrics}, "clusters": sums, "scores": [*others, *new]
    }  # fmt: skip


def _clusters(
    document: dict[str, Any], arrays: Mapping[str, np.ndarray], tests: Sequence[str]
) -> dict[str, Clusters]:
    """Clusters of the frames of each test group."""
    known = {test: stored_clusters(document, arrays, test) for test in tests}
    if None in known.values():
        known = {**_blocks(arrays, tests), **_of_dataset(document, arrays, tests)}
    return {test: clusters for test, clusters in known.items() if clusters is not None}


def _of_dataset(
    document: dict[str, Any], arrays: Mapping[str, np.ndarray], tests: Sequence[str]
) -> dict[str, Clusters | None]:
    """Clusters by the columns of the dataset; none if it is not here or not the one of the document."""
    case = document["case"]
    if not case.keys() >= set(DECIDING):
        return {}
    alike = {name: case[name] for name in DECIDING} | REST
    if (labels := (case.get("budget") or {}).get("labels")) is not None:
        alike["budget"] = {"labels": labels}
    digest, clusters = _clusters_of(json.dumps(alike, sort_keys=True))
    if digest != (document.get("split") or {}).get("digest"):
        return {}
    return {
        test: clusters[test]
        for test in tests
        if test in clusters and len(clusters[test].labels) == len(arrays[f"{test}/n_atoms"])
    }


@lru_cache(maxsize=64)
def _clusters_of(case: str) -> tuple[str, dict[str, Clusters]]:
    """Digest of the split of a case, and its clusters; nothing where its data cannot be had."""
    try:
        data = CaseData.of(Case.from_json(json.loads(case)))
        split = data.split()
        return split.digest, data.clusters(split)
    except (ValueError, LookupError, OSError, TypeError, ImportError):
        return "", {}


def _blocks(arrays: Mapping[str, np.ndarray], tests: Sequence[str]) -> dict[str, Clusters | None]:
    """Blocks in the order of the frames."""
    return {
        test: blocks_of(arrays[f"{test}/energy_true"] / arrays[f"{test}/n_atoms"], test) for test in tests
    }
