"""Job script of the executor slurm, and runs through a real SLURM on this machine."""

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
from types import SimpleNamespace

import pytest
from example_cases import Silent, case
from example_processes import alive, marked
from example_slurm import NoSlurm
from example_slurm import Slurm as Installation

from mlffbench.harness.cluster.needs import needs
from mlffbench.harness.documents.store import Store
from mlffbench.harness.execution.execute import execute
from mlffbench.harness.execution.placement import ExecutorError
from mlffbench.harness.executors.slurm import Slurm

TESTS = Path(__file__).parents[2]
SMALL = {"partition": "tests", "cores": 1, "memory": "1GB", "walltime": "00:10:00", "interface": "lo"}


def test_the_job_script_asks_for_what_the_suite_says():
    executor = Slurm(
        partition="gpu", cores=8, memory="32GB", walltime="02:00:00", gpu=1, jobs=3, account="physics",
        extra=["--exclude=node07"], prologue=["module load cuda"],
    )  # fmt: skip
    first, *script = executor.describe()
    assert first == "slurm: jobs of this script: 3"
    for line in ("-p gpu", "-A physics", "-n 1", "--cpus-per-task=8", "--mem=30G", "-t 02:00:00",
                 "--gres=gpu:1", "--exclude=node07"):  # fmt: skip
        assert f"#SBATCH {line}" in script, line
    assert "module load cuda" in script
    command = script[-1]
    for option in ("--nthreads 8", "--resources threads=8,gpu=1", "--nanny"):
        assert option in command
    assert command.startswith(f"{sys.executable} -m distributed.cli.dask_worker tcp://<")
    assert executor.slots == 3


def test_cases_of_few_threads_share_a_job():
    assert Slurm(cores=8, jobs=2, threads=2).slots == 8


def test_a_timed_case_has_a_whole_job_also_before_any_has_started():
    executor = Slurm(cores=8, threads=2)
    executor._measure(SimpleNamespace(resources=list))
    timed = replace(case(), resources={"timed": True})
    assert executor.workers()[0]["threads"] == 8
    assert needs(timed, executor._threads, executor._most) == {"threads": 8.0}


@pytest.mark.parametrize(
    "wrong",
    [
        *({name: "a\nevil"} for name in ("partition", "account", "walltime", "interface", "memory")),
        {"python": "a\nevil"},
        {"interface": "lo; evil"}, {"partition": "gpu --wrap=evil"}, {"account": "$(evil)"},
        {"extra": ["--nice\nevil"]}, {"prologue": ["a\n"]},
    ],
)  # fmt: skip
def test_no_text_adds_lines_or_words_to_the_script(wrong):
    with pytest.raises(ExecutorError, match=f"{next(iter(wrong))} of slurm must"):
        Slurm(**wrong)


def test_without_sbatch_nothing_is_started(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ExecutorError, match="sbatch is not on this machine: start the run on a login node"):
        execute([case()], Store(tmp_path), Silent(), Slurm())


# ---------------------------------------------------------------- a real SLURM
@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    installation = Installation.__new__(Installation)
    installation.folder = tmp_path_factory.mktemp("slurm")
    with pytest.MonkeyPatch.context() as patch:
        try:
            installation.__init__(installation.folder)
            patch.setenv("SLURM_CONF", str(installation.configuration))
            patch.setenv("PYTHONPATH", f"{TESTS}{os.pathsep}{TESTS.parent}")
            patch.setenv("MLFFBENCH_CACHE", str(installation.folder / "cache"))
            patch.setenv("MARK", str(installation.folder))
            yield installation
        except NoSlurm as error:
            pytest.skip(f"no SLURM here: {error}")
        finally:
            installation.close()


def until(true, seconds=120.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it has not happened"
        time.sleep(0.2)


@pytest.mark.slow
def test_three_cases_run_as_jobs_of_slurm(tmp_path, slurm):
    store, watcher = Store(tmp_path), Silent()
    cases = [case(seed=0), case("lennard_jones"), case("helpers:Fails", how="memory")]
    with Slurm(**SMALL, jobs=2) as executor:
        assert executor.describe()[0] == "slurm: jobs submitted: 2"
        assert executor.describe()[1].startswith("dashboard: http://")
        execute(cases, store, watcher, nullcontext(executor))
        assert slurm.jobs() == ["mlffbench", "mlffbench"]
    assert [store.load(c.id)["status"] for c in cases] == ["ok", "ok", "failed"]
    assert store.load(cases[2].id)["failure"]["kind"] == "out of memory"
    assert watcher.said.count(("fit", 0)) == 3
    until(lambda: not slurm.jobs())
    until(lambda: not marked(slurm.folder), 20.0)


@pytest.mark.slow
def test_a_partition_that_does_not_exist_is_a_sentence(tmp_path, slurm):
    with pytest.raises(ExecutorError, match=r"invalid partition specified: none"):
        execute([case()], Store(tmp_path), Silent(), Slurm(**{**SMALL, "partition": "none"}))
    assert not slurm.jobs()


@pytest.mark.slow
def test_a_case_goes_on_in_another_job_when_its_job_is_cancelled(tmp_path, slurm):
    store, log = Store(tmp_path / "out"), tmp_path / "log"
    wanted = case("helpers:Steady", log=str(log), seconds=5.0)
    driver = threading.Thread(target=execute, args=([wanted], store, Silent(), Slurm(**SMALL)))
    driver.start()
    until(lambda: log.exists() and "started" in log.read_text())
    first = int(log.read_text().split()[-1])
    subprocess.run(["scancel", "--name=mlffbench"], check=True)
    until(lambda: not alive(first), 15.0)
    driver.join(180)
    assert store.load(wanted.id)["failure"] is None
    assert [line.split()[1] for line in log.read_text().splitlines()] == ["started", "started", "finished"]
    until(lambda: not slurm.jobs())


DRIVER = """
import sys
from example_cases import Silent, case
from mlffbench.harness.cluster.needs import needs
from mlffbench.harness.documents.store import Store
from mlffbench.harness.execution.execute import execute
from mlffbench.harness.executors.slurm import Slurm
from mlffbench.system.interrupts import interruptible
out = sys.argv[1]
wanted = case("helpers:Steady", log=out + "-log", seconds=600.0)
with interruptible():
    try:
        execute([wanted], Store(out), Silent(), Slurm(partition="tests", memory="1GB", interface="lo"))
    except KeyboardInterrupt:
        sys.exit(130)
"""


@pytest.mark.slow
@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT])
def test_jobs_end_with_the_driver(tmp_path, slurm, sign):
    log = tmp_path / "out-log"
    with subprocess.Popen([sys.executable, "-c", DRIVER, str(tmp_path / "out")]) as driver:
        until(lambda: log.exists() and "started" in log.read_text())
        child = int(log.read_text().split()[-1])
        driver.send_signal(sign)
        assert driver.wait(60) == (130 if sign == signal.SIGINT else -sign)
    until(lambda: not alive(child), 10.0)
    until(lambda: not slurm.jobs(), 30.0)
