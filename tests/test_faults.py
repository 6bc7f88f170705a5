"""Faults injected at random and at chosen moments: kills, stops, other drivers, damage, full disks."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from example_cases import InProcess, Silent, case, pending
from example_drivers import (
    ROLES,
    below,
    check_same,
    check_whole,
    files,
    fits,
    good,
    start_driver,
    wait_until,
)
from example_processes import marked

from mlffbench.harness.documents.store import Store
from mlffbench.harness.execution.execute import execute
from mlffbench.harness.executors.local import Local
from mlffbench.system import checkpoint, lease
from mlffbench.system.failures import DiskFullError
from mlffbench.system.lease import Leases
from mlffbench.system.process_identity import ProcessIdentity

TESTS = Path(__file__).parent
ELSEWHERE = replace(ProcessIdentity.own(), machine="another machine")
IS_ROOT = os.name == "posix" and os.geteuid() == 0


@pytest.fixture(autouse=True)
def _importable(monkeypatch, tmp_path):
    """The children find ``helpers`` as a user's own module, and are known by a mark."""
    monkeypatch.setenv("PYTHONPATH", f"{TESTS}{os.pathsep}{TESTS.parent}")
    monkeypatch.syspath_prepend(str(TESTS))
    monkeypatch.setenv("MARK", str(tmp_path))


@pytest.fixture
def in_process(monkeypatch):
    """Cases run in threads of this process."""
    monkeypatch.setattr("mlffbench.harness.execution.case_queue.CaseProcess", InProcess)


@pytest.fixture
def short_lease(monkeypatch):
    monkeypatch.setattr(lease, "BEAT", 0.1)
    monkeypatch.setattr(lease, "LEASE", 2.0)


class ElsewhereStore(Store):
    """Results folder as another machine sees it."""

    def leases(self):
        return Leases(self.folder / "leases", ELSEWHERE)


def steady(tmp_path, n, **more):
    return [case("helpers:Steady", log=str(tmp_path / "out-log"), number=k, **more) for k in range(n)]


# ---------------------------------------------------------------- two machines
def test_two_machines_compute_every_case_once(tmp_path, in_process):
    cases = steady(tmp_path, 6, seconds=0.05)
    stores = [kind(tmp_path / "out") for kind in (Store, ElsewhereStore, Store)]
    runs = [
        threading.Thread(target=execute, args=(cases, store, Silent()), kwargs={"executor": Local(2)})
        for store in stores
    ]
    for run in runs:
        run.start()
    for run in runs:
        run.join(60)
    assert sorted(fits(tmp_path / "out")) == list(range(6))
    assert len(good(tmp_path / "out")) == 6
    assert not (tmp_path / "out" / "leases").exists()


def test_a_case_that_was_finished_after_the_plan_is_not_computed_again(tmp_path, in_process):
    store, other = Store(tmp_path / "out"), Store(tmp_path / "out")
    cases = pending(steady(tmp_path, 1), store)
    execute(cases, other, Silent())
    watcher = Silent()
    execute(cases, store, watcher)
    assert fits(tmp_path / "out") == [0]
    assert watcher.said == [("ok", "row")]


def test_nobody_waits_long_for_a_driver_that_died_elsewhere(tmp_path, in_process, short_lease):
    store, watcher = Store(tmp_path / "out"), Silent()
    (wanted,) = steady(tmp_path, 1)
    with ElsewhereStore(store.folder).leases().claim(wanted.id) as left:
        left.is_lost = True  # it never releases it
    begun = time.monotonic()
    execute([wanted], store, watcher)
    assert 2.0 <= time.monotonic() - begun < 30
    assert watcher.said[0] == ("waiting", 1)
    assert store.load(wanted.id)["status"] == "ok"
    assert not (store.folder / "leases").exists()


def test_the_lease_of_a_driver_that_died_here_is_free_at_once(tmp_path, in_process):
    store, watcher = Store(tmp_path / "out"), Silent()
    (wanted,) = steady(tmp_path, 1)
    with Leases(store.folder / "leases", replace(ProcessIdentity.own(), start="0")).claim(wanted.id) as left:
        left.is_lost = True
    execute([wanted], store, watcher)
    assert ("waiting", 1) not in watcher.said
    assert not (store.folder / "leases").exists()


# ---------------------------------------------------------------- stopped drivers
@pytest.mark.parametrize("moment", [pytest.param("fit", marks=pytest.mark.slow), "before", "after"])
def test_a_stopped_driver_that_wakes_up_stores_nothing(
    tmp_path, monkeypatch, in_process, short_lease, moment
):
    """Its case is computed by another one meanwhile; a driver may be stopped at its last step, too.

    Stopped after its check, it finds that the files of its case went with the lease.
    """
    out, seconds = tmp_path / "out", 600 if moment == "fit" else 0
    first = start_driver(out, 1, seconds=seconds, lease=2.0, stops="" if moment == "fit" else moment)
    try:
        wait_until(lambda: fits(out))
        if moment == "fit":
            os.kill(first.pid, signal.SIGSTOP)
        else:
            wait_until(
                lambda: Path(f"/proc/{first.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
            )
        monkeypatch.setattr("helpers.Steady.sleep", lambda _: None)
        store = Store(out)
        (wanted,) = steady(tmp_path, 1, seconds=seconds)
        execute([wanted], store, Silent())
        content = store.document_path(wanted.id).read_bytes()
        os.kill(first.pid, signal.SIGCONT)
        assert first.wait(60) == 0
        assert store.document_path(wanted.id).read_bytes() == content
        assert len(fits(out)) <= 2  # the finished fit may be in its checkpoint
        assert not marked(tmp_path)
        assert not (out / "leases").exists()
        assert not list(out.glob("*.part"))
    finally:
        first.kill()
        first.wait()


# ---------------------------------------------------------------- lost and interrupted cases
def test_a_lost_case_is_a_document_where_none_was_and_runs_again(tmp_path):
    store, wanted = Store(tmp_path / "out"), case("helpers:Fails", how="die")
    execute([wanted], store, Silent())
    assert store.load(wanted.id)["failure"]["kind"] == "worker lost"
    assert (store.folder / "logs" / f"{wanted.id}.log").read_text().count("computed again") == 1
    assert pending([wanted], store) == [wanted]
    refused = case("helpers:Fails", how="refuse")
    execute([refused], store, Silent())
    assert pending([refused], store) == []


def test_a_lost_or_interrupted_case_leaves_an_older_result(tmp_path):
    store, wanted = Store(tmp_path / "out"), case("helpers:Fails", how="die")
    execute([case()], store, Silent())
    document = store.load(case().id)
    store.save({**document, "id": wanted.id, "case": wanted.to_json()})
    content = store.document_path(wanted.id).read_bytes()
    execute([wanted], store, Silent(), replaced={wanted.id}, retries=0)
    assert store.document_path(wanted.id).read_bytes() == content


# ---------------------------------------------------------------- damage
def finished_case(tmp_path):
    store, wanted = Store(tmp_path / "out"), case()
    execute([wanted], store, Silent())
    return store, wanted


@pytest.mark.parametrize("step", [37, pytest.param(1, marks=pytest.mark.slow)])
def test_a_document_cut_at_any_byte_is_not_read(tmp_path, in_process, step):
    store, wanted = finished_case(tmp_path)
    path = store.document_path(wanted.id)
    content, whole = path.read_bytes(), store.load(wanted.id)
    for length in {*range(0, len(content), step), len(content) - 2, len(content) - 1}:
        path.write_bytes(content[:length])
        again = Store(store.folder)
        expected = whole if length == len(content) - 1 else None  # only the end of the line is missing
        assert again.load(wanted.id) == expected, length
        assert again.documents() == ([expected] if expected else [])
        assert bool(again.set_aside) is (expected is None)


@pytest.mark.parametrize("step", [97, pytest.param(1, marks=pytest.mark.slow)])
def test_predictions_a_model_and_a_checkpoint_cut_at_any_byte_are_not_read(tmp_path, in_process, step):
    store, wanted = finished_case(tmp_path)
    checkpoint.write(tmp_path / "checkpoint", {"fit": list(range(50))})
    readers = {
        store.predictions_path(wanted.id): lambda: Store(store.folder).predictions(wanted.id),
        store.model_path(wanted.id): lambda: Store(store.folder).kept_model(wanted.id),
        tmp_path / "checkpoint": lambda: checkpoint.read(tmp_path / "checkpoint"),
    }
    for path, read in readers.items():
        content = path.read_bytes()
        assert read() is not None
        for length in {*range(0, len(content), step), len(content) - 1}:
            path.write_bytes(content[:length])
            assert read() is None, (path, length)


def test_a_damaged_document_is_moved_when_its_case_is_computed_again(tmp_path, in_process):
    store, wanted = finished_case(tmp_path)
    path = store.document_path(wanted.id)
    aside = store.folder / "set_aside"
    for number in (1, 2):
        damaged = path.read_bytes()[: 100 * number]
        path.write_bytes(damaged)
        again = Store(store.folder)
        assert pending([wanted], again) == [wanted]
        assert "EOF" in again.set_aside[path]
        execute([wanted], again, Silent())
        assert again.load(wanted.id)["status"] == "ok"
        assert (aside / f"{wanted.id}.{number}.json").read_bytes() == damaged
    assert len(Store(store.folder).documents()) == 1


# ---------------------------------------------------------------- full disks
@pytest.fixture
def small_disk(tmp_path):
    """Function that makes a file system of so many bytes, or changes its size."""
    place = tmp_path / "disk"
    place.mkdir()

    def size(n_bytes):
        again = ["-o", f"remount,size={n_bytes}"] if os.path.ismount(place) else ["-o", f"size={n_bytes}"]
        command = ["mount", "-t", "tmpfs", *again, "tmpfs", str(place)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"no file system can be mounted: {done.stderr}")
        return place

    yield size
    subprocess.run(["umount", str(place)], check=False)


@pytest.mark.skipif(not IS_ROOT or shutil.which("mount") is None, reason="needs the right to mount")
@pytest.mark.parametrize("pages", [2, 5, 7, *(pytest.param(n, marks=pytest.mark.slow) for n in range(1, 30))])
def test_a_full_disk_ends_the_run_and_loses_nothing(tmp_path, small_disk, in_process, pages):
    out = small_disk(4096 * pages) / "out"
    (tmp_path / "out-log").touch()
    cases = steady(tmp_path, 4)
    with suppress(DiskFullError, OSError):
        execute(pending(cases, Store(out)), Store(out), Silent())
    before = {d["id"]: d for d in Store(out).documents() if d["status"] == "ok"}
    assert not list(out.rglob("*.part"))
    assert not (out / "leases").exists()
    small_disk(4 << 20)
    execute(pending(cases, Store(out), retry=True), Store(out), Silent())
    after = {d["id"]: d for d in Store(out).documents() if d["status"] == "ok"}
    check_same(before, after)
    assert set(after) == {case.id for case in cases}
    assert len(good(out)) == 4
    assert not (out / "unfinished").exists()


# ---------------------------------------------------------------- kills
VICTIMS = ["worker", "template", "driver", "driver and worker", "any", "all", "SIGTERM", "SIGINT"]


def kill(driver, victim, rng):
    """Kill the driver, processes below it, or both, in any order, or end it by a signal; say whom."""
    processes = below(driver.pid)
    of_role = [
        pid
        for pid, depth in processes.items()
        if victim in ("any", "all") or ROLES.get(depth, "other") in victim
    ]
    if victim != "all" and of_role:
        of_role = [int(rng.choice(of_role))]
    drivers = [driver.pid] if victim in ("all", "SIGTERM", "SIGINT") or "driver" in victim else []
    sign = getattr(signal, victim, signal.SIGKILL)
    targets = drivers if sign != signal.SIGKILL else [*drivers, *of_role]
    for pid in rng.permutation(targets):
        with suppress(ProcessLookupError):
            os.kill(int(pid), sign)
    return [
        ROLES.get(processes.get(int(pid), 0), "driver" if pid == driver.pid else "other") for pid in targets
    ]


def wait_for_a_fit(out, drivers):
    """Wait until another fit begins, or no driver runs."""
    before = len(fits(out))
    wait_until(lambda: len(fits(out)) > before or all(driver.poll() is not None for driver in drivers))


def injected(
    tmp_path, n_kills, n_cases, machines, seed, lease_seconds=3.0, victims=VICTIMS, executor="local"
):
    """Kill processes of drivers on these machines at random moments until as many kills have hit."""
    rng, killed, suites = np.random.default_rng(seed), Counter(), 0
    others = {"leases", "unfinished"} if len(set(machines)) > 1 else set()  # of runs that died elsewhere
    out, done = tmp_path / "out-0", {}
    drivers = dict.fromkeys(range(len(machines)))
    while killed.total() < n_kills:
        for k, driver in drivers.items():
            if driver is None or driver.poll() is not None:
                options = {"lease": lease_seconds, "machine": machines[k], "executor": executor}
                drivers[k] = start_driver(out, n_cases, **options)
        if rng.random() < 0.75:  # else while drivers start
            wait_for_a_fit(out, drivers.values())
        time.sleep(float(rng.uniform(0.0, 1.0)))
        driver = drivers[int(rng.integers(len(machines)))]
        killed.update(kill(driver, victims[int(rng.integers(len(victims)))], rng))
        now = good(out) if out.exists() else {}
        check_same(done, now)
        done = now
        if len(done) == n_cases:
            for other in drivers.values():
                other.wait(120)
            check_whole(out, n_cases, others, lease=lease_seconds)
            suites += 1
            out, done = tmp_path / f"out-{suites}", {}
    for driver in drivers.values():
        driver.wait(240)
    check_whole(out, n_cases, others, lease=lease_seconds)
    wait_until(lambda: not marked(tmp_path), 10)
    assert not [file for file in files(tmp_path / "tmp") if not file.startswith("dask-scratch-space/")]
    return killed, suites + 1


def test_kills_lose_and_leave_nothing(tmp_path):
    injected(tmp_path, 4, 3, ("",), 16, victims=["worker", "template", "driver", "all"])


@pytest.mark.slow
@pytest.mark.parametrize("machines", [("",), ("", ""), ("", "", "another")])
def test_many_kills_lose_and_leave_nothing(tmp_path, machines, capsys):
    killed, suites = injected(tmp_path, 60, 6, machines, 13)
    with capsys.disabled():
        print(f"\n{len(machines)} drivers: {killed.total()} kills {dict(killed)}, {suites} suites")


@pytest.mark.slow
def test_kills_of_a_scheduler_and_its_workers_lose_and_leave_nothing(tmp_path, capsys):
    pytest.importorskip("distributed")
    killed, suites = injected(tmp_path, 20, 6, ("",), 14, victims=["any", "any", "driver"], executor="dask")
    with capsys.disabled():
        print(f"\ndask: {killed.total()} kills {dict(killed)}, {suites} suites")


@pytest.mark.parametrize("n_drivers", [2, pytest.param(3, marks=pytest.mark.slow)])
def test_drivers_fit_every_case_once(tmp_path, n_drivers):
    out = tmp_path / "out"
    drivers = [start_driver(out, 4) for _ in range(n_drivers)]
    assert [driver.wait(240) for driver in drivers] == [0] * n_drivers
    assert sorted(fits(out)) == list(range(4))
    check_whole(out, 4)
