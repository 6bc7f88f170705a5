"""Logs of TensorBoard, read by TensorBoard itself."""

from __future__ import annotations

import pytest
from example_documents import failed, outcome

from mlffbench.report.tracking.tensorboard_logs import write_tensorboard
from mlffbench.report.tracking.tracked_case import tracked_cases


def test_history_and_scores_are_scalars(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util.tensor_util import make_ndarray

    documents = [outcome("../mace"), failed("gap")]
    for _ in range(2):  # the second writing replaces the first
        assert write_tensorboard(tracked_cases(documents), tmp_path / "logs") == 2
    logs = sorted((tmp_path / "logs").rglob("events*"))
    assert len(logs) == 2
    assert not list(tmp_path.glob("*mace*"))  # a name is no path
    read = EventAccumulator(str(next(log.parent for log in logs if "mace" in str(log)))).Reload()
    points = read.Tensors("history/loss")
    assert [(p.step, float(make_ndarray(p.tensor_proto))) for p in points] == [
        (1, 0.5),
        (2, pytest.approx(0.3)),
    ]
    assert len(read.Tensors("history/validation")) == 1  # what was not measured is no point
    assert "test_300K/forces rmse (eV/Å)" in read.Tags()["tensors"]
