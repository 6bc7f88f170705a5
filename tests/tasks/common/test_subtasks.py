"""Subtasks fail alone and resume; requirements that are not met are named."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from example_cases import Silent, case
from helpers import failing, numbered

from mlffbench.data import Curve, Missing, Score, Spec, Split
from mlffbench.datasets.lennard_jones import lennard_jones
from mlffbench.estimators import SGDML, Morse
from mlffbench.harness.documents.store import Store
from mlffbench.harness.execution.execute import execute
from mlffbench.harness.outcome import Outcome
from mlffbench.harness.run import run
from mlffbench.system.checkpoint import keep_in
from mlffbench.tasks.common.subtasks import error_row, needs, run_subtasks, skipped_row, unmet_need

TESTS = Path(__file__).parents[2]
ROWS = [
    error_row("fcc", "C11", np.float64(3.0), 2.5, "GPa"),
    Score("fcc", "count", "steps", 7.0, "", low=5.0, high=8.0),
    skipped_row("hcp", "C33", "no reference value"),
    Curve("E(V)", "volume (Å³)", "energy (eV)", np.arange(3.0), (0.1, 0.2, 0.3), [0.0], [1.0]),
]


@pytest.fixture
def importable(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", f"{TESTS}{os.pathsep}{TESTS.parent}")
    monkeypatch.syspath_prepend(str(TESTS))


def test_an_error_is_the_distance_of_two_numbers():
    assert ROWS[0] == Score("fcc", "C11", "error", 0.5, "GPa", predicted=3.0, reference=2.5)


def test_a_piece_that_fails_is_a_row_and_costs_the_others_nothing():
    rows = run_subtasks({"first": lambda: ROWS[:1], "second": failing, "third": lambda: ROWS[1:2]})
    assert [type(r) for r in rows] == [Score, Missing, Score]
    assert (rows[1].quantity, rows[1].kind) == ("second", "diverged")
    assert rows[1].message == "FloatingPointError: the cell exploded"
    assert "Traceback" in rows[1].traceback


def test_rows_survive_the_disk(tmp_path):
    with keep_in(tmp_path):
        first = run_subtasks({"all": lambda: ROWS})
        again = run_subtasks({"all": failing})
    assert first == again
    assert first[0] == ROWS[0]
    assert first[3].x == [0.0, 1.0, 2.0]


def test_failures_are_tried_again(tmp_path):
    with keep_in(tmp_path):
        assert isinstance(run_subtasks({"a": failing})[0], Missing)
        assert run_subtasks({"a": lambda: ROWS[:1]}) == ROWS[:1]


def test_an_unknown_need_is_refused():
    with pytest.raises(ValueError, match="stresses"):
        needs("stresses")


def test_what_lacks_is_said():
    data = lennard_jones(n_train=4, n_test=1)
    split = Split(np.arange(4), {"test": np.array([4])})
    model = Morse(cutoff=6.0).fit(data.frames[:4], data.labels[:4])
    reason = lambda *what: unmet_need(needs(*what)(lambda: []), model, data, split)
    assert reason("forces", "stress", "periodic") is None
    assert reason("uncertainty") == "Morse predicts no standard deviations"
    assert reason("molecule") == "the frames of lennard_jones are periodic"
    assert unmet_need(needs("periodic")(lambda: []), SGDML(), data, split) == "SGDML takes no periodic frames"


def test_skips_and_failures_of_pieces_are_in_the_document(importable):
    wanted = case("morse", cutoff=6.0, tasks=[Spec("uncertainty"), Spec("speed", {"copies": [1]})])
    document = run(wanted)[0].to_json()
    (skip,) = document["task_failures"]
    assert (skip["task"], skip["kind"]) == ("uncertainty", "skipped")
    assert {s["task"] for s in document["scores"]} == {"", "speed(copies=[1])", "training"}
    assert Outcome.from_json(document).to_json() == document


def test_a_killed_task_goes_on_at_its_last_finished_piece(importable, tmp_path):
    log, store = tmp_path / "log", Store(tmp_path / "out")
    task = Spec("helpers:killed_once", {"log": str(log)})
    wanted = case("helpers:Steady", log=str(tmp_path / "fits"), tasks=[task])
    execute([wanted], store, Silent(), retries=0)
    assert store.load(wanted.id)["failure"]["kind"] == "worker lost"
    execute([wanted], store, Silent())
    assert store.load(wanted.id)["status"] == "ok"
    assert log.read_text().split("\n")[:-1] == ["piece 0", "piece 1", "piece 2", "piece 2"]
    assert (tmp_path / "fits").read_text().count("finished") == 1, "the fit was not repeated either"
    assert not store.unfinished_path(wanted.id).exists()
    values = [s["value"] for s in store.load(wanted.id)["scores"] if s["task"] == str(task)]
    assert values == [abs(0.1 * k - 1 / 3) for k in range(3)]


def test_pieces_can_be_shared_by_processes(tmp_path):
    work = {f"piece {k}": partial(numbered, k) for k in range(4)}
    with keep_in(tmp_path):
        first = run_subtasks({**work, "bad": failing}, n_jobs=2)
        again = run_subtasks(work, n_jobs=2)
    assert [r.quantity for r in first] == [*(f"number {k}" for k in range(4)), "bad"]
    assert os.getpid() not in {r.predicted for r in first[:4]}
    assert again == first[:4], "read back, not done again by other processes"
    assert first[4].kind == "diverged"
