"""Tasks added to finished cases in children that go wrong."""

from __future__ import annotations

import os
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from example_cases import Silent, case

from mlffbench.data import Spec
from mlffbench.harness.case_state import case_states
from mlffbench.harness.completion import complete
from mlffbench.harness.documents.store import Store
from mlffbench.harness.execution.execute import execute
from mlffbench.harness.extend import with_tasks
from mlffbench.harness.run import run

TESTS = Path(__file__).parents[1]
SPEED = Spec("speed", {"copies": [1]})


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    """The children find ``helpers`` as a user's own module."""
    monkeypatch.setenv("PYTHONPATH", f"{TESTS}{os.pathsep}{TESTS.parent}")
    monkeypatch.syspath_prepend(str(TESTS))


def finish(cases, store, **options):
    watcher = Silent()
    how = {name: options.pop(name) for name in ("time_limit", "retries") if name in options}
    return complete(case_states(cases, store, **options), store, watcher, **how), watcher


def test_a_later_task_brings_the_level_of_its_reference():
    document = run(case())[0].to_json()
    assert document["reference"] == {}
    level = {"level": "experiment", "labels": "PBE", "differs": True}
    added = replace(run(case(tasks=[SPEED]))[0], reference=level).to_json()
    both = with_tasks(document, added)
    assert both["reference"] == level
    assert both["training"] == document["training"]
    assert [s for s in both["scores"] if s["task"] == "training"]
    died = {"status": "failed", "case": added["case"], "failure": {"kind": "worker lost", "message": ""}}
    assert with_tasks(both, died)["reference"] == level


def test_a_child_that_dies_costs_its_tasks_alone(tmp_path):
    store, log = Store(tmp_path / "out"), str(tmp_path / "log")
    bare = case("helpers:Steady", log=str(tmp_path / "fits"))
    execute([bare], store, Silent())
    before, model = store.load(bare.id), store.kept_model(bare.id)
    killed = replace(bare, tasks=(Spec("helpers:killed_once", {"log": log}),))
    completed, watcher = finish([killed], store, retries=0)
    assert store.load(bare.id) == before, "a lost process says nothing about a task"
    assert ("failed", "row") in watcher.said
    assert (completed.tasks, completed.failed) == ({}, {})
    assert "finished after" in (store.folder / "logs" / f"{bare.id}.log").read_text(), "the fit's log stays"
    assert case_states([killed], store)[0].tasks == killed.tasks
    completed, watcher = finish([killed], store)
    assert completed.tasks == {str(killed.tasks[0]): 1}
    assert store.load(bare.id)["task_failures"] == []
    pieces = [int(line.split()[1]) for line in Path(log).read_text().splitlines()]
    assert pieces == [0, 1, 2, 2], "pieces that were done are not repeated"
    assert (tmp_path / "fits").read_text().count("finished") == 1
    assert store.kept_model(bare.id) == model
    assert not (store.folder / "unfinished").exists()


def test_a_task_whose_process_dies_is_run_again_at_once(tmp_path):
    store, bare = Store(tmp_path / "out"), case()
    execute([bare], store, Silent())
    killed = replace(bare, tasks=(Spec("helpers:killed_once", {"log": str(tmp_path / "log")}),))
    finish([killed], store)
    assert store.load(bare.id)["task_failures"] == []
    assert (tmp_path / "log").read_text().count("piece 2") == 2


def test_tasks_have_the_time_limit_of_a_case(tmp_path):
    store, bare = Store(tmp_path), case()
    execute([bare], store, Silent())
    slow = replace(bare, tasks=(Spec("helpers:sleeps"),))
    finish([slow], store, time_limit=4.0)
    (failure,) = store.load(bare.id)["task_failures"]
    assert failure["kind"] == "timed out"
    assert "4 s" in failure["message"]


def test_a_model_of_another_estimator_is_not_used(tmp_path):
    store, one, other = Store(tmp_path), case(), case("morse", cutoff=4.0, max_iterations=2)
    execute([one, other], store, Silent())
    strange = tmp_path / "strange.mlff"
    strange.write_bytes(store.kept_model(other.id).read_bytes())
    store.save(store.load(one.id), model=strange)
    before = store.load(one.id)
    wanted = replace(one, tasks=(SPEED,))
    completed, watcher = finish([wanted], store)
    assert completed.tasks == {}
    assert store.load(one.id) == before
    assert ("failed", "row") in watcher.said
    assert not case_states([wanted], store)[0].is_complete


def test_a_model_of_a_stranger_needs_trust(tmp_path, monkeypatch):
    store, bare = Store(tmp_path / "out"), case("helpers:Steady", log=str(tmp_path / "fits"))
    execute([bare], store, Silent())
    state = case_states([replace(bare, tasks=(SPEED,))], store)
    monkeypatch.delenv("MLFFBENCH_TRUST")
    assert complete(state, store, Silent()).tasks == {}
    assert store.load(bare.id)["case"]["tasks"] == []


def test_conditions_of_a_task_that_is_run_again_are_the_new_ones():
    old = {"fingerprint": {"device": "cpu"}, "facts": {}, "task": str(SPEED)}
    other = {**old, "task": "md"}
    document = {"case": {"tasks": [asdict(SPEED)]}, "scores": [], "conditions": [old, other]}
    new = {**old, "fingerprint": {"device": "cuda"}}
    added = {"status": "ok", "case": {"tasks": [asdict(SPEED)]}, "conditions": [new]}
    assert with_tasks(document, added)["conditions"] == [other, new]
