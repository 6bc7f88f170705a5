"""From a suite to documents: the flow, its failures, and what survives a kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from example_cases import DATASET, Silent, case, pending
from example_processes import alive

from mlffbench.data import Spec
from mlffbench.harness.case import Case
from mlffbench.harness.case_data import load_dataset
from mlffbench.harness.documents.predictions import unpack
from mlffbench.harness.documents.store import Store
from mlffbench.harness.execution.execute import execute
from mlffbench.harness.executors.local import Local
from mlffbench.harness.outcome import Outcome
from mlffbench.harness.run import run

TESTS = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    """The children find ``helpers`` as a user's own module."""
    monkeypatch.setenv("PYTHONPATH", f"{TESTS}{os.pathsep}{TESTS.parent}")
    monkeypatch.syspath_prepend(str(TESTS))


# ---------------------------------------------------------------- the flow
def test_a_case_becomes_a_document_with_all_that_a_reader_needs():
    outcome, predictions = run(case("morse", cutoff=8.0, tasks=[Spec("speed", {"copies": [1, 2]})]))
    document = outcome.to_json()
    assert document["failure"] is None, document["failure"]
    assert Outcome.from_json(document).to_json() == document
    dataset = load_dataset(DATASET)
    assert document["dataset"]["digest"] == dataset.digest
    assert document["split"]["tests"] == {"test": 3, "test_strain": 3, "test_hot": 3}
    assert document["split"]["in_domain"] == "test"
    assert document["model"]["params"]["cutoff"] == 8.0
    assert document["model"]["params"]["atomic_energies"] == {"Ar": 0.0}
    assert document["timings"]["fit"]["seconds"] > 0
    assert set(document["timings"]["predict"]) == set(document["split"]["tests"])
    assert document["provenance"]["packages"]["ase"]
    quantities = {s["quantity"] for s in document["scores"]}
    assert {"energy", "forces", "stress", "prepare", "evaluate"} <= quantities
    assert json.loads(json.dumps(document)) == document
    _, truth, guess = unpack(predictions, "test")
    assert np.array_equal(truth.energy, dataset.labels.energy[6:9])
    rmse = next(s for s in document["scores"] if (s["test"], s["quantity"]) == ("test", "forces"))["value"]
    assert rmse == pytest.approx(np.sqrt(np.mean((np.array(truth.forces) - np.array(guess.forces)) ** 2)))


def test_the_same_case_gives_the_same_scores():
    scores = [run(case("morse", cutoff=8.0))[0].scores for _ in range(2)]
    assert scores[0] == scores[1]


def test_data_that_changed_since_planning_are_refused():
    changed = Case(**{**vars(case()), "data_digest": "0" * 64})
    outcome, _ = run(changed)
    assert outcome.status == "failed"
    assert "changed since the suite was planned" in outcome.failure["message"]


def test_a_task_that_fails_costs_only_itself():
    outcome, _ = run(case(tasks=[Spec("speed", {"copies": [0]}), Spec("speed", {"copies": [1]})]))
    assert outcome.status == "ok"
    assert [f["task"] for f in outcome.task_failures] == ["speed(copies=[0])"]
    assert any(s.test == "1 copies, 4 atoms" for s in outcome.scores)


@pytest.mark.parametrize(
    ("how", "kind"),
    [
        ("import", "not installed"), ("memory", "out of memory"), ("gpu memory", "out of memory"),
        ("diverge", "diverged"), ("nan", "diverged"), ("short", "invalid prediction"),
        ("refuse", "unsupported input"), ("other", "internal error"),
    ],
)  # fmt: skip
def test_failures_are_documents_with_a_kind(how, kind):
    outcome, predictions = run(case("helpers:Fails", how=how))
    assert predictions is None
    assert (outcome.status, outcome.failure["kind"], outcome.scores) == ("failed", kind, ())
    assert outcome.failure.get("where") == {"memory": "host", "gpu memory": "GPU"}.get(how)
    assert "Traceback" in outcome.failure["traceback"]
    assert Outcome.from_json(outcome.to_json()) == outcome


@pytest.mark.parametrize(
    ("energy", "words"),
    [("nan", "of frame 1 is not finite"), ("1e5x", "cannot be loaded: "), (None, "cannot be loaded: ")],
)
def test_reference_data_at_fault_blame_no_method(tmp_path, energy, words):
    file = tmp_path / "own.xyz"
    frames = [f"1\nenergy={-1.0 - i / 10} group={'ab'[i == 3]} pbc=FFF\nAr 0 0 0\n" for i in range(4)]
    file.write_text("".join(frames))
    own = Spec("path", {"path": str(file)})
    split = Spec("groups", {"train": "a", "test_fraction": 0.0})
    plain = replace(case(), dataset=own, data_digest=load_dataset(own).digest, split=split)
    assert run(plain)[0].failure is None
    if energy is None:
        file.unlink()
    else:
        file.write_text("".join(frames).replace("energy=-1.1", f"energy={energy}"))
    with suppress(Exception):
        plain = replace(plain, data_digest=load_dataset(own).digest)
    outcome, _ = run(plain)
    assert outcome.failure["kind"] == "invalid data"
    assert words in outcome.failure["message"]


def test_training_that_diverges_is_no_measurement():
    network = case("behler_parrinello", cutoff=4.5, hidden=[4], max_epochs=3, learning_rate=1e9)
    outcome, _ = run(network)
    assert (outcome.failure or {}).get("kind") == "diverged", outcome.failure


def test_a_method_that_cannot_describe_the_data_is_of_unsupported_input():
    outcome, _ = run(case("sgdml"))
    assert outcome.failure["kind"] == "unsupported input"


# ---------------------------------------------------------------- processes
@pytest.mark.parametrize(
    ("how", "kind"),
    [
        ("die", "worker lost"),
        ("exit", "internal error"),
        ("hang", "timed out"),
        ("nan", "diverged"),
        ("address space", "out of memory"),
    ],
)
def test_the_death_of_a_child_is_a_document(tmp_path, how, kind):
    store, limit = Store(tmp_path), 8.0 if how == "hang" else None
    execute([case("helpers:Fails", how=how)], store, Silent(), time_limit=limit)
    (document,) = store.documents()
    assert (document["status"], document["failure"]["kind"]) == ("failed", kind), document["failure"]
    assert document["scores"] == []


def test_children_give_what_the_flow_gives(tmp_path):
    store, watcher, wanted = Store(tmp_path), Silent(), case("morse", cutoff=8.0)
    execute([wanted], store, watcher)
    outcome, predictions = run(wanted)
    stored = store.load(wanted.id)
    assert stored["failure"] is None, stored["failure"]
    values = [[s["value"] for s in d["scores"]] for d in (stored, outcome.to_json())]
    assert values[0] == pytest.approx(values[1], rel=1e-6)
    assert set(store.predictions(wanted.id)) == set(predictions)
    assert watcher.said[0] == ("started", "row")
    assert watcher.said[-1] == ("ok", "row")
    assert ("predict", 0) in watcher.said


def test_finished_cases_are_not_pending(tmp_path):
    store = Store(tmp_path)
    good, bad = case(), case("helpers:Fails", how="refuse")
    assert pending([good, bad], store) == [good, bad]
    execute([good, bad], store, Silent(), executor=Local(2))
    assert pending([good, bad], store) == []
    assert pending([good, bad], store, retry=True) == [bad]
    assert pending([good, bad], store, force=True) == [good, bad]


def start_suite(tmp_path, n_cases=4, seconds=0.7, *options):
    rows = "\n".join(
        f"  - {{'helpers:Steady': {{log: {tmp_path}/log, seconds: {seconds}, number: {i}}}, as: row{i}}}"
        for i in range(n_cases)
    )
    suite = tmp_path / "suite.yaml"
    suite.write_text(f"name: demo\nproblems:\n  - dataset: lennard_jones\nestimators:\n{rows}\n")
    command = [sys.executable, "-m", "mlffbench", "run", str(suite), "--out", str(tmp_path / "out"), *options]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=_listens_to_ctrl_c
    )


def _listens_to_ctrl_c():
    """A shell's background jobs ignore SIGINT, and so would their children."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def documents(tmp_path):
    return {p.name: p.read_bytes() for p in (tmp_path / "out").glob("*.json")}


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing happened in time"
        time.sleep(0.05)


def log_of(tmp_path, what):
    log = tmp_path / "log"
    lines = [line.split() for line in log.read_text().splitlines()] if log.exists() else []
    return [(int(number), int(pid)) for number, event, pid in lines if event == what]


def test_kill_9_loses_no_case_and_computes_none_twice(tmp_path):
    process = start_suite(tmp_path, 2)
    wait_for(lambda: documents(tmp_path) and len(log_of(tmp_path, "started")) > len(documents(tmp_path)))
    process.kill()
    process.communicate()
    before = documents(tmp_path)
    in_flight = log_of(tmp_path, "started")[-1][1]
    wait_for(lambda: not alive(in_flight), 10)
    again = start_suite(tmp_path, 2)
    out, _ = again.communicate(timeout=120)
    assert again.returncode == 0, out
    after = documents(tmp_path)
    assert len(after) == 2
    assert {name: after[name] for name in before} == before, "a finished case was computed again"
    finished = [number for number, _ in log_of(tmp_path, "finished")]
    assert sorted(set(finished)) == [0, 1]
    assert len(finished) <= 2 + 1, "only the case in flight may have been computed twice"
    assert f"2 cases, {2 - len(before)} to run" in out
    third = start_suite(tmp_path, 2)
    text, _ = third.communicate(timeout=120)
    assert "2 cases, 0 to run" in text
    assert text.partition("training frames")[2] == out.partition("training frames")[2] != ""


@pytest.mark.parametrize(
    ("name", "force", "words"),
    [
        ("SIGINT", False, "the same command goes on from there"),
        ("SIGTERM", True, "with --force the same command starts over"),
        ("SIGHUP", False, "the same command goes on from there"),
    ],
)
def test_a_signal_ends_the_run_with_a_sentence(tmp_path, name, force, words):
    process = start_suite(tmp_path, 2, 1.5, *["--force"] * force)
    wait_for(lambda: log_of(tmp_path, "started"))
    process.send_signal(signal.Signals[name])
    process.send_signal(signal.Signals[name])
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.Signals[name], out
    assert f"interrupted ({name}); 0 of 2 cases done; " in out
    assert words in out
    assert "Traceback" not in out
    assert not alive(log_of(tmp_path, "started")[-1][1])
    (document,) = Store(tmp_path / "out").documents()  # of the case that was running, to be run again
    assert document["failure"]["kind"] == "interrupted"
    assert not [path for path in (tmp_path / "out").rglob("*") if path.suffix in (".part", ".1", ".2")]
    assert not (tmp_path / "out" / "unfinished").exists()
