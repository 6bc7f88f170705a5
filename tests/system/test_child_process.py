"""Child processes: lines there and back, time limits, deaths, other interpreters, and what is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from example_processes import alive, marked

from mlffbench.system import child_process
from mlffbench.system.child_process import THREADS, ChildProcess

ECHO = "import sys\nfor line in sys.stdin: print('got', line.strip(), flush=True)"


@pytest.fixture
def start():
    children = []

    def _start(code, **settings):
        children.append(ChildProcess(["-c", code], **settings))
        return children[-1]

    yield _start
    for child in children:
        child.close()


def test_lines_go_there_and_back_one_at_a_time(start):
    child = start(ECHO)
    for word in ("one", "two", "three"):
        child.send(word)
        assert next(child.lines()) == f"got {word}\n"


def test_a_child_over_its_limit_is_killed_with_that_reason(start):
    child = start("import time; time.sleep(60)")
    with child.time_limit(0.3):
        assert list(child.lines()) == []
    assert child.timed_out
    assert child.failure(0.3) == {"kind": "timed out", "message": "took longer than the time_limit of 0.3 s"}


def test_a_child_within_its_limit_lives_on(start):
    child = start(ECHO)
    with child.time_limit(60):
        child.send("a")
        assert next(child.lines()) == "got a\n"
    child.send("b")
    assert next(child.lines()) == "got b\n"
    assert not child.timed_out


@pytest.mark.parametrize(
    ("code", "kind", "word"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "worker lost", "signal 9"),
        ("raise SystemExit(3)", "internal error", "ended with code 3"),
        ("1 / 0", "internal error", "ended with code 1"),
    ],
)
def test_a_death_has_a_kind_and_a_sentence(start, code, kind, word):
    child = start(code)
    assert list(child.lines()) == []
    failure = child.failure(None)
    assert failure["kind"] == kind
    assert word in failure["message"]


def test_sending_to_a_dead_child_is_no_exception(start):
    child = start("raise SystemExit(0)")
    child.wait()
    child.send("anybody there?")
    assert list(child.lines()) == []


def test_threads_environment_and_errors_reach_the_child(start):
    shown = f"print([os.environ[n] for n in {THREADS!r}], os.environ['WHO'])"
    code = f"import os, sys; {shown}; print('o' * 9000, 'oh', file=sys.stderr)"
    child = start(code, threads=3, environment={"WHO": "me"})
    assert list(child.lines()) == [f"{['3'] * len(THREADS)} me\n"]
    assert child.errors.endswith("ooo oh\n")
    assert len(child.errors) == 4000
    assert "WHO" not in os.environ


def test_another_interpreter_can_be_named(start, tmp_path):
    other = tmp_path / "python"
    other.write_text(f'#!/bin/sh\necho "through the other one"\nexec {sys.executable} "$@"\n')
    other.chmod(0o755)
    assert list(start("print('child')", python=str(other)).lines()) == ["through the other one\n", "child\n"]


def test_a_closed_child_is_gone(start):
    child = start("import os, time; print(os.getpid(), flush=True); time.sleep(60)")
    pid = int(next(child.lines()))
    child.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_python_that_is_not_there_is_named(start):
    with pytest.raises(FileNotFoundError) as refused:
        start("", python="/no/such/python")
    assert refused.value.filename == "/no/such/python"


# ---------------------------------------------------------------- deaths that others would hide
FORK = "if os.fork() == 0: time.sleep(60); os._exit(0)"
POOL = "import multiprocessing as m; p = m.get_context('fork').Pool(2)"
OTHER_SESSION = "subprocess.Popen(['sleep', '60'], start_new_session=True)"
DAEMON = "if os.fork() == 0:\n os.setsid()\n if os.fork() == 0: time.sleep(60)\n os._exit(0)\nos.wait()"
STUBBORN = "if os.fork() == 0: signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60); os._exit(0)"
LEGACIES = [FORK, POOL, OTHER_SESSION, DAEMON, STUBBORN]
IMPORTS = "import os, signal, subprocess, sys, time\n"


@pytest.mark.parametrize("legacy", LEGACIES)
@pytest.mark.parametrize("end", ["os._exit(3)", "os.kill(os.getpid(), signal.SIGKILL)", "print('done')"])
def test_a_death_ends_the_lines_and_all_descendants(start, legacy, end, tmp_path):
    child = start(f"{IMPORTS}{legacy}\n{end}", environment={"MARK": str(tmp_path)})
    begun = time.monotonic()
    assert list(child.lines()) in ([], ["done\n"])
    assert time.monotonic() - begun < 20, "the pipe was waited for, not the process"
    assert not marked(tmp_path)


def test_a_time_limit_ends_a_call_that_holds_the_lock_of_python_and_ignores_signals(start, tmp_path):
    code = (
        f"{IMPORTS}import ctypes\n{STUBBORN}\nsignal.signal(15, signal.SIG_IGN); ctypes.PyDLL(None).sleep(60)"
    )
    child = start(code, environment={"MARK": str(tmp_path)})
    with child.time_limit(1.0):
        assert list(child.lines()) == []
    assert child.failure(1.0)["kind"] == "timed out"
    assert not marked(tmp_path)


@pytest.mark.parametrize("victim", ["driver", "driver and supervisor", "supervisor"])
def test_nothing_outlives_the_driver_or_the_supervisor(tmp_path, victim):
    inner = (
        f"{IMPORTS}import ctypes\n{OTHER_SESSION if victim == 'driver' else ''}\nctypes.PyDLL(None).sleep(60)"
    )
    code = (
        "import time\nfrom mlffbench.system.child_process import ChildProcess\n"
        f"child = ChildProcess(['-c', {inner!r}], environment={{'MARK': {str(tmp_path)!r}}})\n"
        "print(child._process.pid, flush=True); list(child.lines()); time.sleep(60)"
    )
    driver = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    supervisor = int(driver.stdout.readline())
    wait_until(lambda: len(marked(tmp_path)) >= (3 if victim == "driver" else 2))
    if "supervisor" in victim:
        os.kill(supervisor, signal.SIGKILL)
    if "driver" in victim:
        driver.kill()
    wait_until(lambda: not marked(tmp_path), 10)
    driver.kill()
    driver.communicate()


def test_a_stopped_supervisor_is_killed(start, monkeypatch):
    monkeypatch.setattr(child_process, "SUPERVISOR_SECONDS", 0.3)
    child = start("import os, time; print(os.getpid(), os.getppid(), flush=True); time.sleep(60)")
    pid, supervisor = map(int, next(child.lines()).split())
    os.kill(supervisor, signal.SIGSTOP)
    child.close()
    wait_until(lambda: not alive(pid), 5)


def wait_until(condition, seconds=30.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing happened in time"
        time.sleep(0.05)


def test_the_kernel_says_whether_memory_ran_out(start, tmp_path, monkeypatch):
    kills = tmp_path / "vmstat"
    monkeypatch.setattr(child_process, "MEMORY_EVENTS", kills)
    code = "import os, signal, sys; sys.stdin.readline(); os.kill(os.getpid(), signal.SIGKILL)"
    for before, after, kind in (
        ("3", "4", "out of memory"),
        ("3", "3", "worker lost"),
        (None, None, "worker lost"),
    ):
        kills.write_text(f"oom_kill {before}\n" if before else "")
        child = start(code)
        kills.write_text(f"pgfault 1\noom_kill {after}\n" if after else "")
        child.send("now")
        assert list(child.lines()) == []
        assert child.failure(None)["kind"] == kind


def test_a_flood_on_every_pipe_is_read(start):
    child = start("import sys\nfor _ in range(20000): print('x' * 100); print('y' * 100, file=sys.stderr)")
    assert sum(map(len, child.lines())) == 101 * 20000


def test_bytes_that_are_no_text_end_nothing(start):
    code = r"import os; os.write(1, b'\xff\xfe garbage\n\x00'); print('whole')"
    assert [line.strip() for line in start(code).lines()][-1].endswith("whole")


MISSING = """
import os, subprocess, sys
from mlffbench.system import supervisor

look, looks = supervisor._parents, iter(range(10**6))
supervisor._parents = lambda: {} if next(looks) < 3 else look()
supervisor._prctl(supervisor.PR_SET_CHILD_SUBREAPER, 1)
dead = subprocess.Popen(["sh", "-c", "sleep 60 & echo $!"], stdout=subprocess.PIPE, text=True)
print(dead.stdout.readline().strip(), flush=True)
dead.wait()
supervisor._end_descendants()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="orphans are handed on to a supervisor on Linux alone")
def test_a_process_that_a_look_has_missed_is_ended_by_the_next(start):
    """While a parent dies, its child is below nobody in what /proc says."""
    child = start(MISSING)
    orphan = int(next(child.lines()))
    child.wait()
    assert child.failure(None)["message"].startswith("the process ended with code 0")
    assert not alive(orphan)
