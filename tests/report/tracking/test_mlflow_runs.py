"""Runs of MLflow, with its own store of files."""

from __future__ import annotations

import pytest
from example_documents import failed, outcome

from mlffbench.report.tracking.mlflow_runs import log_to_mlflow
from mlffbench.report.tracking.tracked_case import tracked_cases


@pytest.mark.filterwarnings("ignore")
def test_cases_are_runs_and_are_logged_once(tmp_path, monkeypatch):
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    uri = f"file:{tmp_path}/runs"
    documents = [outcome("mace", params={"cutoff": 5.0}), failed("gap")]
    assert log_to_mlflow(tracked_cases(documents), "suite", uri) == (2, 0)
    assert log_to_mlflow(tracked_cases(documents), "suite", uri) == (0, 2)
    client = mlflow.MlflowClient(uri)
    place = client.get_experiment_by_name("suite").experiment_id
    runs = {run.data.tags["method"]: run for run in client.search_runs([place])}
    assert runs["mace"].data.metrics["test_300K/forces rmse _eV/A_"] == 0.02
    assert runs["mace"].data.tags["problem"].startswith("malonaldehyde")
    history = client.get_metric_history(runs["mace"].info.run_id, "history/loss")
    assert [(point.step, point.value) for point in history] == [(1, 0.5), (2, 0.3)]
    assert runs["gap"].info.status == "FAILED"
    assert runs["gap"].data.tags["failure"].startswith("out of memory")
