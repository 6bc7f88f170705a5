"""Cases in processes of this machine: alone if times count, else in processes that stay."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from example_cases import Silent, case

from mlffbench.data import Spec
from mlffbench.harness.documents.store import Store
from mlffbench.harness.execution.execute import execute
from mlffbench.harness.executors.local import Local
from mlffbench.system.fork_server import ForkServer

with_template = pytest.mark.skipif(not ForkServer.is_possible(), reason="no template on this system")
EXACT = ("scores", "split", "inputs", "model", "profiles", "curves")


@pytest.fixture
def started(monkeypatch):
    """Arguments of the processes that are started."""
    calls = []
    original = Local._staying
    monkeypatch.setattr(Local, "_staying", lambda *given: calls.append(given) or original(*given))
    return calls


def run(folder, cases, jobs):
    store = Store(folder)
    execute(cases, store, Silent(), Local(jobs))
    return store, [store.load(one.id) for one in cases]


@with_template
def test_a_process_that_stays_gives_the_numbers_of_one_alone(tmp_path, started):
    cases = [case(name, seed=k) for k in range(2) for name in ("atomic_reference", "lennard_jones")]
    alone, documents = run(tmp_path / "alone", cases, 1)
    assert not started
    shared, again = run(tmp_path / "shared", cases, 2)
    assert 2 <= len(started) <= 4, "a process or two of each method"
    for one, before, after in zip(cases, documents, again, strict=True):
        assert before["status"] == after["status"] == "ok"
        assert {key: before[key] for key in EXACT} == {key: after[key] for key in EXACT}
        ours, theirs = shared.predictions(one.id), alone.predictions(one.id)
        assert all(np.array_equal(ours[name], theirs[name]) for name in (*ours, *theirs))
        assert before["timings"]["fit"]["alone"] is True
        assert after["timings"]["fit"]["alone"] is False


@with_template
def test_a_case_that_fails_ends_its_process(tmp_path, started):
    cases = [replace(case(seed=k), resources={"timed": False}) for k in range(3)]
    cases[1] = replace(cases[1], data_digest="of other data")
    _, documents = run(tmp_path, cases, 1)
    assert [document["status"] for document in documents] == ["ok", "failed", "ok"]
    assert len(started) == 2


def test_timed_cases_and_foreign_code_have_new_processes():
    local = Local(2)
    timed, strange = case(tasks=[Spec("speed")]), case("helpers:Steady")
    assert [local._stays(one) for one in (case(), timed, strange)] == [True, False, False]
    assert [local.is_alone(one) for one in (case(), timed, strange)] == [False, True, False]
    assert Local(1).is_alone(strange)
    assert not Local(1)._stays(case())


def test_a_timed_case_waits_until_the_others_have_ended():
    local, seen = Local(2), []

    def place(name, one, seconds):
        with local.place(one):
            seen.append(f"{name} begins")
            time.sleep(seconds)
            seen.append(f"{name} ends")

    timed = replace(case(), resources={"timed": True})
    jobs = [("a", case(), 0.3), ("timed", timed, 0.1), ("b", case(), 0.1)]
    threads = [threading.Thread(target=place, args=job) for job in jobs]
    for thread in threads:
        thread.start()
        time.sleep(0.05)
    for thread in threads:
        thread.join(5)
    assert seen == ["a begins", "a ends", "timed begins", "timed ends", "b begins", "b ends"]


def test_minus_one_is_as_many_as_there_are_cores():
    local = Local(-1)
    assert local.slots == local.jobs >= 1
