"""Runs whose children misbehave or are killed, that meet other runs, or have no room."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path

import pytest
from example_cases import Silent, case
from example_processes import marked

from mlffbench.data import Spec
from mlffbench.harness.documents.store import Store
from mlffbench.harness.execution.execute import execute
from mlffbench.harness.executors.local import Local
from mlffbench.system.failures import DiskFullError

TESTS = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _importable(monkeypatch, tmp_path):
    """The children find ``helpers`` as a user's own module, and are known by a mark."""
    monkeypatch.setenv("PYTHONPATH", f"{TESTS}{os.pathsep}{TESTS.parent}")
    monkeypatch.syspath_prepend(str(TESTS))
    monkeypatch.setenv("MARK", str(tmp_path))


def files(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def results(*cases, begun=()):
    parts = ("{}.json", "logs/{}.log", "models/{}.mlff", "predictions/{}.npz")
    return sorted([part.format(c.id) for c in cases for part in parts] + [f"logs/{c.id}.log" for c in begun])


# ---------------------------------------------------------------- children
def test_rude_children_lose_no_result(tmp_path):
    store, hows = Store(tmp_path / "out"), ("garbage", "closes", "thread", "orphan")
    cases = [case("helpers:Rude", how=how) for how in hows]
    begun = time.monotonic()
    execute(cases, store, Silent(), executor=Local(2), time_limit=300.0)
    assert time.monotonic() - begun < 300
    for how, wanted in zip(hows, cases, strict=True):
        document = store.load(wanted.id)
        assert document["failure"] is None, (how, document["failure"])
    assert files(store.folder) == results(*cases)
    assert not marked(tmp_path)


def test_modules_of_the_working_folder_are_not_run(tmp_path, monkeypatch):
    work = tmp_path / "work"
    work.mkdir()
    for name in ("random", "json", "numpy", "ase", "ctypes", "resource", "mlffbench"):
        (work / f"{name}.py").write_text("open('RAN', 'w').close()")
    monkeypatch.chdir(work)
    wanted, store = case(), Store(tmp_path / "out")
    execute([wanted], store, Silent())
    assert store.load(wanted.id)["status"] == "ok"
    assert not (work / "RAN").exists()


def test_a_child_killed_while_it_answers_costs_its_case_alone(tmp_path):
    store = Store(tmp_path)
    bad, good = case("helpers:Rude", how="killed while it answers"), case()
    execute([bad, good], store, Silent())
    assert "it died while it wrote its answer" in store.load(bad.id)["failure"]["message"]
    assert store.load(good.id)["status"] == "ok"
    assert not (tmp_path / "unfinished").exists()


def test_a_long_message_is_cut(tmp_path):
    store, wanted = Store(tmp_path), case("helpers:Rude", how="10 MB")
    execute([wanted], store, Silent())
    assert len(json.dumps(store.load(wanted.id))) < 50_000


# ---------------------------------------------------------------- no room
@pytest.mark.parametrize("how", ["disk full", "no room for the answer"])
def test_lack_of_room_is_no_failure_of_the_method(tmp_path, how):
    store, first, wanted = Store(tmp_path), case(seed=1), case("helpers:Rude", how=how)
    with pytest.raises(DiskFullError if how == "disk full" else OSError, match=r"scratch|too large"):
        execute([first, wanted], store, Silent())
    assert store.load(first.id)["status"] == "ok"
    assert store.load(wanted.id) is None
    assert files(tmp_path) == results(first, begun=[wanted])


def test_a_fit_is_kept_when_a_task_finds_no_room(tmp_path):
    store, log = Store(tmp_path / "out"), tmp_path / "log"
    task = Spec("helpers:full_once", {"log": str(log)})
    wanted = case("helpers:Steady", log=str(tmp_path / "fits"), tasks=[task])
    with pytest.raises(DiskFullError):
        execute([wanted], store, Silent())
    assert store.load(wanted.id) is None
    execute([wanted], store, Silent())
    assert store.load(wanted.id)["status"] == "ok"
    assert (tmp_path / "fits").read_text().count("finished") == 1
    assert files(store.folder) == results(wanted)


# ---------------------------------------------------------------- other runs
def test_a_case_of_another_run_is_left_to_it(tmp_path):
    store, watcher = Store(tmp_path), Silent()
    wanted, other = case(), case(seed=1)
    run = threading.Thread(target=execute, args=([wanted, other], store, watcher))
    with store.leases().claim(wanted.id) as mine:
        assert mine is not None
        run.start()
        while store.load(other.id) is None:
            time.sleep(0.1)
        document = {**store.load(other.id), "id": wanted.id, "case": wanted.to_json()}
        store.save({**document, "note": "by another run"})
    run.join(30)
    assert store.load(wanted.id)["note"] == "by another run"
    assert watcher.said.count(("started", "row")) == 1
    assert watcher.said.count(("ok", "row")) == 2
    assert not (tmp_path / "unfinished").exists()


def test_a_case_that_another_run_gives_up_is_run(tmp_path):
    store, wanted = Store(tmp_path), case()
    run = threading.Thread(target=execute, args=([wanted], store, Silent()))
    with store.leases().claim(wanted.id):
        run.start()
        time.sleep(1.0)
        assert store.load(wanted.id) is None
    run.join(60)
    assert store.load(wanted.id)["status"] == "ok"


def test_answers_of_dead_runs_are_removed_and_others_stay(tmp_path):
    unfinished, store = tmp_path / "unfinished", Store(tmp_path)
    for name in (".answer-dead-1.4e", ".answer-alive-1.4e", "kept-1"):
        (unfinished / name).mkdir(parents=True)
        (unfinished / name / "model.mlff").write_text("")
    with store.leases().claim("alive-1"):
        execute([], store, Silent())
    assert sorted(p.name for p in unfinished.iterdir()) == [".answer-alive-1.4e", "kept-1"]


def test_nothing_is_written_or_removed_through_links(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / ".answer-a-1.4e").mkdir(parents=True)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "unfinished").symlink_to(elsewhere)
    with pytest.raises(OSError, match="link"):
        execute([case()], Store(tmp_path / "out"), Silent())
    assert [p.name for p in elsewhere.iterdir()] == [".answer-a-1.4e"]
