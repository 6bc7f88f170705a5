"""Processes of cases: forked by one template, which is replaced or missed when it is gone."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from example_cases import Silent, case

from mlffbench.harness.documents.store import Store
from mlffbench.harness.execution import workers as workers_file
from mlffbench.harness.execution.execute import execute
from mlffbench.harness.execution.workers import Workers
from mlffbench.system.fork_server import ForkServer

TESTS = Path(__file__).parents[2]
with_template = pytest.mark.skipif(not ForkServer.is_possible(), reason="no template on this system")


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", f"{TESTS}{os.pathsep}{TESTS.parent}")


def parent(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


@with_template
def test_children_have_one_template_and_a_dead_one_is_replaced(monkeypatch):
    monkeypatch.setattr(workers_file, "WORKER", "example_forked")
    workers = Workers()
    one, two = workers.start(1), workers.start(1)
    template = parent(one._process.pid)
    assert parent(two._process.pid) == template
    os.kill(template, signal.SIGKILL)
    for child in (one, two):
        child.wait()
        assert child.is_lost
        child.close()
    three = workers.start(1)
    assert parent(three._process.pid) != template
    three.send("print('alive')")
    assert list(three.lines()) == ["alive\n"]
    three.close()
    workers.close()


def test_without_a_template_children_are_fresh_interpreters(monkeypatch):
    monkeypatch.setattr(ForkServer, "is_possible", lambda: False)
    workers = Workers()
    child = workers.start(1)
    assert parent(child._process.pid) == os.getpid()
    child.close()
    workers.close()


@with_template
def test_a_case_whose_template_is_killed_is_computed_again(tmp_path):
    store, log = Store(tmp_path / "out"), tmp_path / "log"
    wanted = case("helpers:Steady", log=str(log), seconds=3.0)
    run = threading.Thread(target=execute, args=([wanted], store, Silent()))
    run.start()
    while not log.exists():
        time.sleep(0.05)
    os.kill(parent(parent(int(log.read_text().split()[2]))), signal.SIGKILL)
    run.join(120)
    assert store.load(wanted.id)["status"] == "ok"
    assert log.read_text().count("started") == 2
    assert "computed again" in (tmp_path / "out" / "logs" / f"{wanted.id}.log").read_text()


@with_template
def test_imports_are_paid_once_a_run_and_every_case_is_a_process(tmp_path):
    """Five cases cost 18 CPU seconds and more where each makes the imports of its own."""
    store, log = Store(tmp_path / "out"), tmp_path / "log"
    cases = [case("helpers:Steady", log=str(log), number=k) for k in range(5)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    execute(cases, store, Silent())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    assert all(store.load(one.id)["status"] == "ok" for one in cases)
    assert len({line.split()[2] for line in log.read_text().splitlines()}) == 5
    assert seconds < 10.0


def test_the_template_has_not_imported_torch():
    code = (
        "import os, sys, mlffbench.harness.execution.worker as w; w.prepare(); "
        "others = [t for t in os.listdir('/proc/self/task') if int(t) != os.getpid()]; "
        "tasks = [open(f'/proc/self/task/{t}/comm').read().strip() for t in others]; "
        "print('torch' in sys.modules, [task for task in tasks if task != 'jemalloc_bg_thd'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.stdout.split() == ["False", "[]"], "pyarrow's jemalloc knows of forks, other threads do not"
