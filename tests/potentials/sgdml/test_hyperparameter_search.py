"""Trials of σ and λ that a killed process had finished."""

from __future__ import annotations

import pytest
from helpers import failing

from mlffbench.datasets.malonaldehyde import malonaldehyde
from mlffbench.estimators.sgdml import SGDML
from mlffbench.potentials.sgdml import hyperparameter_search
from mlffbench.system import checkpoint, earlier_work


def test_finished_trials_are_not_repeated(tmp_path, monkeypatch):
    monkeypatch.setattr(hyperparameter_search, "WORTH", 0.0)
    data = malonaldehyde()
    fit = lambda: SGDML(lam=1e-10, symmetric=False).fit(data.frames[:8], data.labels[:8])
    with checkpoint.keep_in(tmp_path):
        first = fit()
        monkeypatch.setattr(earlier_work, "process", lambda: "another")
        with earlier_work.listen() as earlier:
            monkeypatch.setattr(hyperparameter_search, "kernel_matrix", failing)
            again = fit()
    assert earlier.resumed == 1
    assert again.trials_ == first.trials_
    assert again.predict(data.frames[:3]).energy == pytest.approx(first.predict(data.frames[:3]).energy)
