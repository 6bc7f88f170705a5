"""MatterSim and Orb out of the box, in their environments, with the errors that were measured before."""

from __future__ import annotations

from pathlib import Path

import pytest
from example_environments import run_suite

import mlffbench

SUITE = """
name: universal
resources: {threads: 1}
problems:
  - dataset: silicon
    split: {learning_curve: {n_train: 20}}
estimators:
  - pretrained: {calculator: mattersim, refit_atomic_energies: true}
    as: mattersim
  - pretrained: {calculator: orb, refit_atomic_energies: true}
    as: orb
"""
FORCES = {"mattersim": 100.3, "orb": 147.6}  # meV/Å on 25 structures drawn like the training data


@pytest.mark.slow
@pytest.mark.network
def test_zero_shot_errors_are_those_measured_and_direct_forces_are_marked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    documents = run_suite(SUITE)
    scores = mlffbench.load_results("out").scores.query(
        "quantity == 'forces' and metric == 'rmse' and test == 'test'"
    )
    measured = scores.set_index("method")["value"] * 1e3
    assert measured.to_dict() == pytest.approx(FORCES, abs=0.5)
    assert documents["mattersim"]["model"]["dtype"] == "float32"
    assert documents["mattersim"]["model"]["origin"]["functional"] == "PBE"
    assert documents["mattersim"]["model"]["conservation"]["error"] < 1e-3
    board = Path("out/leaderboard.md").read_text()
    assert "mattersim (not fitted here)" in board
    assert "orb (not fitted here, another functional, not conservative)" in board
