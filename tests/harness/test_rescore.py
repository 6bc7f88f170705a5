"""Errors by cluster of frames that are added to folders of older results."""

from __future__ import annotations

import json

from mlffbench.data import Spec
from mlffbench.harness.case import Case
from mlffbench.harness.case_data import load_dataset
from mlffbench.harness.documents.store import Store
from mlffbench.harness.rescore import rescore
from mlffbench.harness.run import run


def test_older_results_get_the_clusters_of_their_dataset(tmp_path):
    """Predictions without clusters, and a document without: both come back as a new run writes them."""
    dataset = Spec("malonaldehyde")
    digest = load_dataset(dataset).digest
    case = Case(
        "demo", "floor", dataset, Spec("official", {"train": "train_300K", "n_train": 20}),
        Spec("atomic_reference"), 0, digest,
    )  # fmt: skip
    outcome, predictions = run(case)
    written = outcome.to_json()
    assert written["clusters"]["dihedral"]["reason"] == "dihedral is a path of 25 points, no sample"
    assert written["clusters"]["test_600K"]["unit"].startswith("blocks of")
    older = {name: array for name, array in predictions.items() if not name.endswith("/cluster")}
    store = Store(tmp_path)
    store.save({name: value for name, value in written.items() if name != "clusters"}, older)
    assert rescore(store, ["rmse"]) == (1, [])
    again = json.loads((tmp_path / f"{case.id}.json").read_text())
    assert again["clusters"] == written["clusters"]
    bounds = lambda document: {
        (s["test"], s["quantity"]): (s["low"], s["high"])
        for s in document["scores"]
        if s["metric"] == "rmse" and not s["task"]
    }
    assert bounds(again) == bounds(written)
    for row in again["scores"]:  # as an earlier formula had them
        row |= {"low": 0.0, "high": 9.0} if row["metric"] == "rmse" else {}
    store.save(again)
    assert rescore(store, []) == (1, [])
    assert bounds(json.loads((tmp_path / f"{case.id}.json").read_text())) == bounds(written)
