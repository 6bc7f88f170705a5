"""Cases on the workers of a real dask cluster: numbers, folders that are not shared, losses of processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
from distributed import Client, LocalCluster
from example_cases import Silent, case, pending
from example_processes import alive, marked

from mlffbench.data import Spec
from mlffbench.harness.cluster import case_runner, connection, session
from mlffbench.harness.cluster.cluster_executor import ClusterExecutor
from mlffbench.harness.cluster.connection import Connection
from mlffbench.harness.cluster.host import hosted
from mlffbench.harness.cluster.identity import Identity
from mlffbench.harness.documents.store import Store
from mlffbench.harness.execution.execute import execute
from mlffbench.harness.execution.placement import ExecutorError
from mlffbench.harness.executors.dask import Dask
from mlffbench.harness.run import run

TESTS = Path(__file__).parents[2]
HOST = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
LOCAL = {"threads_per_worker": 1, "memory_limit": None, **HOST}


@pytest.fixture(scope="module", autouse=True)
def _importable():
    """Workers and their children find ``helpers``."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", f"{TESTS}{os.pathsep}{TESTS.parent}")
        yield


@pytest.fixture(scope="module")
def address():
    """A scheduler with two workers, threads of this process: only the children are processes."""
    with LocalCluster(n_workers=2, processes=False, protocol="tcp://", **LOCAL) as cluster:
        yield cluster.scheduler_address


@pytest.fixture(scope="module")
def processes():
    """A scheduler with two workers, each a process."""
    with hosted("LocalCluster", {"n_workers": 2, **LOCAL}) as address:
        yield address


@pytest.fixture
def blind(monkeypatch):
    """Workers that do not see the results folder, as on a machine with other disks."""
    monkeypatch.setattr(session, "is_visible", lambda _: False)


def until(true, seconds=120.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it has not happened"
        time.sleep(0.05)


def said(log):
    return log.read_text().split("\n")[:-1] if log.exists() else []


def started(log, times=1):
    """Process that a Steady case has named last, once it has started so often."""
    lines = lambda: [line for line in said(log) if "started" in line]
    until(lambda: len(lines()) >= times)
    return int(lines()[-1].split()[-1])


# ---------------------------------------------------------------- results
def check_equal_to_local(store, cases):
    for wanted in cases:
        outcome, predictions = run(wanted)
        document = store.load(wanted.id)
        assert document["failure"] is None, document["failure"]
        assert document["scores"] == outcome.to_json()["scores"]
        for name, array in store.predictions(wanted.id).items():
            np.testing.assert_array_equal(array, predictions[name])
        assert store.kept_model(wanted.id).is_file()


def test_numbers_are_those_of_a_local_process(tmp_path):
    store, watcher = Store(tmp_path), Silent()
    cases = [case(seed=0), case("lennard_jones", seed=1)]
    with Dask(2) as executor:
        assert executor.describe()[0] == "dask: 2 workers on this machine"
        assert executor.dashboard.startswith("http://127.0.0.1:")
        execute(cases, store, watcher, nullcontext(executor))
    check_equal_to_local(store, cases)
    assert ("fit", 0) in watcher.said
    assert not (tmp_path / "unfinished").exists()


def test_answers_come_as_bytes_where_the_results_folder_is_not_seen(tmp_path, address, blind):
    store, cases = Store(tmp_path), [case(seed=2), case("lennard_jones", seed=2)]
    execute(cases, store, Silent(), Dask(2, scheduler=address))
    check_equal_to_local(store, cases)


@pytest.mark.slow
def test_unfinished_work_and_kept_models_travel_to_workers_that_do_not_see_them(tmp_path, address, blind):
    store, pieces = Store(tmp_path / "out"), tmp_path / "pieces"
    fit = {"log": str(tmp_path / "fits")}
    plain = case("helpers:Steady", **fit)
    dying = case("helpers:Steady", **fit, tasks=[Spec("helpers:killed_once", {"log": str(pieces)})])
    execute([dying], store, Silent(), Dask(1, scheduler=address))  # its process dies, and it is repeated
    document = store.load(dying.id)
    assert document["failure"] is None
    assert not document["task_failures"]
    assert sum("finished" in line for line in said(tmp_path / "fits")) == 1
    assert [pieces.read_text().count(f"piece {k}\n") for k in range(3)] == [1, 1, 2]
    more = Spec("helpers:killed_once", {"log": str(pieces), "pieces": 4})
    pieces.write_text("piece 3\n")
    wider = case("helpers:Steady", **fit, tasks=[*dying.tasks, more])
    assert wider.id == plain.id
    todo = pending([wider], store)
    execute(todo, store, Silent(), Dask(1, scheduler=address), extended={wider.id})
    assert len(store.load(wider.id)["case"]["tasks"]) == 2
    assert sum("finished" in line for line in said(tmp_path / "fits")) == 1


def test_failures_keep_kind_and_words(tmp_path, address):
    store = Store(tmp_path)
    slow, wrong = case("helpers:Fails", how="hang"), case("helpers:Fails", how="memory")
    execute([slow, wrong], store, Silent(), Dask(2, scheduler=address), time_limit=5.0)
    assert store.load(slow.id)["failure"]["kind"] == "timed out"
    assert "time_limit of 5 s" in store.load(slow.id)["failure"]["message"]
    assert store.load(wrong.id)["failure"]["kind"] == "out of memory"
    assert "a framework talks" in (tmp_path / store.load(wrong.id)["failure"]["log"]).read_text()


def test_workers_that_come_late_get_the_waiting_cases(tmp_path):
    store, cases = Store(tmp_path), [case(seed=3), case(seed=4)]
    with LocalCluster(n_workers=0, processes=False, protocol="tcp://", **LOCAL) as cluster:
        executor = Dask(2, scheduler=cluster.scheduler_address)
        driver = threading.Thread(target=execute, args=(cases, store, Silent(), executor))
        driver.start()
        time.sleep(1.0)
        cluster.scale(1)
        driver.join(120)
    assert [store.load(c.id)["status"] for c in cases] == ["ok", "ok"]


def test_workers_with_another_mlffbench_are_refused(tmp_path, address, monkeypatch):
    monkeypatch.setattr(connection, "identity", lambda: Identity("0.0.1", "abc"))
    with pytest.raises(ExecutorError, match=r"install the same mlffbench on both"):
        execute([case()], Store(tmp_path), Silent(), Dask(scheduler=address))
    assert not list(tmp_path.glob("*.json"))


def test_no_scheduler_is_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(connection, "PATIENCE", 0.5)
    with pytest.raises(ExecutorError, match=r"no dask scheduler answers at tcp://127.0.0.1:1"):
        execute([case()], Store(tmp_path), Silent(), Dask(scheduler="tcp://127.0.0.1:1"))


def test_timed_cases_are_alone_on_the_workers_of_this_machine(monkeypatch):
    monkeypatch.setattr(ClusterExecutor, "place", lambda self, case: nullcontext())
    executor, entered = Dask(2), threading.Event()

    def another():
        with executor.place(case()):
            entered.set()

    thread = threading.Thread(target=another)
    with executor.place(replace(case(), resources={"timed": True})):
        thread.start()
        assert not entered.wait(0.2)
    thread.join(10)
    assert entered.is_set()
    assert "900 TB of memory are asked for" in executor.lack(replace(case(), resources={"memory": "900 TB"}))


# ---------------------------------------------------------------- losses
def test_a_worker_that_takes_no_message_is_lost(address, monkeypatch):
    monkeypatch.setattr(connection, "DELIVERY_SECONDS", 0.2)
    monkeypatch.setattr(case_runner, "deliver", lambda *_: time.sleep(1.0))
    driver = Connection(address)
    with driver.joined():
        place = driver.reserve({"threads": 1.0}, 1, 0)
        place.deliver({"order": "{}"})
        assert list(place.messages()) == []
        assert "cannot be reached" in place.loss


@pytest.mark.slow
def test_a_case_goes_on_elsewhere_when_its_worker_is_killed(tmp_path, processes):
    store, log = Store(tmp_path / "out"), tmp_path / "log"
    wanted = case("helpers:Steady", log=str(log), seconds=2.0)
    driver = threading.Thread(target=execute, args=([wanted], store, Silent(), Dask(1, scheduler=processes)))
    driver.start()
    child = started(log)
    above = {process.pid for process in psutil.Process(child).parents()}
    with Client(processes, set_as_default=False) as client:
        (worker,) = above & set(client.run(os.getpid).values())
    os.kill(worker, signal.SIGKILL)
    until(lambda: not alive(child), 10.0)
    driver.join(120)
    assert store.load(wanted.id)["failure"] is None
    assert [line.split()[1] for line in said(log)] == ["started", "started", "finished"]


DRIVER = """
import sys
from example_cases import Silent, case
from mlffbench.harness.documents.store import Store
from mlffbench.harness.execution.execute import execute
from mlffbench.harness.executors.dask import Dask
from mlffbench.system.interrupts import interruptible
out, address = sys.argv[1:]
wanted = case("helpers:Steady", log=out + "-log", seconds=600.0)
with interruptible():
    try:
        execute([wanted], Store(out), Silent(), Dask(scheduler=address))
    except KeyboardInterrupt:
        sys.exit(130)
"""


@pytest.mark.slow
@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT])
def test_nothing_computes_on_when_the_driver_dies_or_is_interrupted(tmp_path, processes, sign):
    out = tmp_path / "out"
    environment = {**os.environ, "PYTHONPATH": f"{TESTS}{os.pathsep}{TESTS.parent}"}
    with subprocess.Popen([sys.executable, "-c", DRIVER, str(out), processes], env=environment) as driver:
        child = started(tmp_path / "out-log")
        driver.send_signal(sign)
        assert driver.wait(60) == (130 if sign == signal.SIGINT else -sign)
    until(lambda: not alive(child), 10.0)


@pytest.mark.slow
def test_the_run_ends_with_a_sentence_when_the_scheduler_dies(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", f"{TESTS}{os.pathsep}{TESTS.parent}")
    monkeypatch.setenv("MARK", str(tmp_path))
    log, ends = tmp_path / "log", []
    waiting = [case("helpers:Steady", log=str(log), seconds=600.0, number=k) for k in range(3)]

    def drive():
        with pytest.raises(ExecutorError) as end:
            execute(waiting, Store(tmp_path / "out"), Silent(), Dask(1))
        ends.append(str(end.value))

    driver = threading.Thread(target=drive)
    driver.start()
    started(log)
    (host,) = [p for p in marked(tmp_path) if "mlffbench.harness.cluster.host" in psutil.Process(p).cmdline()
               and "supervisor" not in " ".join(psutil.Process(p).cmdline())]  # fmt: skip
    os.kill(host, signal.SIGKILL)
    driver.join(120)
    assert "scheduler" in ends[0]
    until(lambda: not marked(tmp_path), 10.0)
