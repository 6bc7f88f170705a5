"""Children of a template: alone in fresh processes, and ended with all that they start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from example_processes import marked

from mlffbench.system import child_process
from mlffbench.system.child_process import ChildProcess
from mlffbench.system.fork_server import ForkServer

pytestmark = pytest.mark.skipif(not ForkServer.is_possible(), reason="no template on this system")
TESTS = Path(__file__).parents[1]
IMPORTS = "import ctypes, os, signal, subprocess, sys, time; "


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    mark = tmp_path_factory.mktemp("mark")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", f"{TESTS}{os.pathsep}{TESTS.parent}")
        patch.setenv("MARK", str(mark))
        yield mark


@pytest.fixture(scope="module")
def shared_server(environment):
    server = ForkServer("example_forked", threads=2)
    run(server, "pass")  # the template has started
    yield server
    server.close()
    assert not marked(environment)


@pytest.fixture
def server(environment):
    """A template of its own, for tests that end it."""
    server = ForkServer("example_forked")
    yield server
    server.close()


def run(server, code):
    child = server.fork()
    child.send(code)
    lines = [line.strip() for line in child.lines()]
    child.close()
    return lines, child


def wait_until(condition, seconds=30.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing happened in time"
        time.sleep(0.05)


def test_every_child_is_a_fresh_process_below_the_template(shared_server):
    code = (
        "seen.append(1); parent = open(f'/proc/{os.getppid()}/stat').read().rpartition(')')[2].split()[1]; "
        "print(os.getpid(), os.getppid(), parent, template, len(seen), os.getsid(0))"
    )
    rows = [list(map(int, run(shared_server, code)[0][0].split())) for _ in range(3)]
    assert len({row[0] for row in rows}) == len({row[1] for row in rows}) == 3
    assert {row[2] for row in rows} == {rows[0][3]}, "the supervisors are children of the template"
    assert {row[4] for row in rows} == {1}, "a child saw what another one did"
    assert all(supervisor == session for _, supervisor, *_, session in rows)


def test_children_run_beside_each_other_with_streams_of_their_own(shared_server):
    children = [shared_server.fork() for _ in range(3)]
    for k, child in enumerate(children):
        child.send(f"print({k}); print('error', {k}, file=sys.stderr)")
    for k, child in reversed(list(enumerate(children))):
        assert list(child.lines()) == [f"{k}\n"]
        child.close()
        assert child.errors == f"error {k}\n"


def test_a_child_holds_three_files_and_computes_with_threads(shared_server):
    code = "a = np.random.rand(300, 300); a @ a; print(sorted(os.listdir('/proc/self/fd'))[:-1], len(a @ a))"
    assert run(shared_server, code)[0] == ["['0', '1', '2'] 300"]


@pytest.mark.parametrize(
    ("code", "kind", "word"),
    [
        ("os.kill(os.getpid(), 9)", "worker lost", "signal 9"),
        ("os.kill(os.getpid(), 11)", "internal error", "killed by SIGSEGV"),
        ("raise SystemExit(3)", "internal error", "ended with code 3"),
        ("1 / 0", "internal error", "ended with code 1"),
    ],
)
def test_a_death_has_a_kind_and_costs_no_other_child(shared_server, code, kind, word):
    other = shared_server.fork()
    lines, child = run(shared_server, code)
    failure = child.failure(None)
    assert (lines, failure["kind"], child.is_lost) == ([], kind, False)
    assert word in failure["message"]
    other.send("print('alive')")
    assert list(other.lines()) == ["alive\n"]
    other.close()


LEGACIES = [
    "subprocess.Popen(['sleep', '60'], start_new_session=True)",
    "os.fork() or (os.setsid(), os.fork() or time.sleep(60), os._exit(0))",
    "os.fork() or (signal.signal(15, signal.SIG_IGN), time.sleep(60))",
]


@pytest.mark.parametrize("legacy", LEGACIES)
@pytest.mark.parametrize("end", ["os._exit(3)", "os.kill(os.getpid(), 9)", "print('done')"])
def test_the_end_of_a_child_ends_its_descendants(shared_server, environment, legacy, end):
    before = set(marked(environment))
    lines, _ = run(shared_server, f"{IMPORTS}{legacy}; {end}")
    assert lines in ([], ["done"])
    assert set(marked(environment)) == before


def test_a_time_limit_ends_a_call_that_holds_the_lock_of_python(shared_server):
    child = shared_server.fork()
    with child.time_limit(1.0):
        child.send(f"{IMPORTS}signal.signal(15, signal.SIG_IGN); ctypes.PyDLL(None).sleep(60)")
        assert list(child.lines()) == []
    assert child.failure(1.0)["kind"] == "timed out"
    child.close()


SLEEP = (
    f"{IMPORTS}print(template, os.getppid(), flush=True); subprocess.Popen(['sleep', '60']); time.sleep(60)"
)


def test_children_die_with_their_template_and_say_so(server, environment):
    child = server.fork()
    child.send(SLEEP)
    os.kill(int(next(child.lines()).split()[0]), signal.SIGKILL)
    assert list(child.lines()) == []
    assert (child.failure(None)["kind"], child.is_lost) == ("worker lost", True)
    assert not server.is_alive
    with pytest.raises(OSError, match=r"template|pipe|reset"):
        server.fork()
    child.close()
    assert not [pid for pid in marked(environment) if b"sleep" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def test_a_template_that_cannot_be_imported_is_an_error(environment):
    server = ForkServer("no_such_module")
    with pytest.raises(OSError, match=r"no_such_module|pipe|reset"):
        server.fork()
    server.close()


def test_a_stopped_template_is_no_obstacle(server, monkeypatch):
    monkeypatch.setattr(child_process, "SUPERVISOR_SECONDS", 0.3)
    child = server.fork()
    child.send(SLEEP)
    os.kill(int(next(child.lines()).split()[0]), signal.SIGSTOP)
    begun = time.monotonic()
    child.close()
    assert time.monotonic() - begun < 20


@pytest.mark.parametrize("victim", ["driver", "template", "supervisor"])
def test_nothing_outlives_the_driver(environment, tmp_path, victim):
    code = (
        "import sys, time\nfrom mlffbench.system.fork_server import ForkServer\n"
        f"child = ForkServer('example_forked').fork(); child.send({SLEEP!r})\n"
        "print(next(child.lines()), flush=True); list(child.lines()); time.sleep(60)"
    )
    environment = {**os.environ, "MARK": str(tmp_path)}
    driver = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment
    )
    template, supervisor = map(int, driver.stdout.readline().split())
    wait_until(lambda: len(marked(tmp_path)) >= 5)
    for pid in {"driver": [], "template": [template], "supervisor": [supervisor]}[victim]:
        os.kill(pid, signal.SIGKILL)
    driver.kill()
    wait_until(lambda: not marked(tmp_path), 10)
    driver.communicate()


def test_memory_means_the_same_as_in_a_fresh_interpreter(shared_server):
    code = (
        "import time\nfrom mlffbench.system.timing import measure\n"
        "with measure() as m:\n    held = np.ones(50 * 2**17)\n    time.sleep(0.1)\nprint(m.peak_memory_mb)"
    )  # longer than the sampler waits
    forked = float(run(shared_server, f"exec({code!r})")[0][0])
    module = "import gc, importlib, json, os, select, socket, sys; import mlffbench.system.template_process"
    fresh = ChildProcess(["-P", "-c", f"{module}; import numpy as np\n{code}"], threads=2)
    (line,) = fresh.lines()
    fresh.close()
    assert abs(forked - float(line)) < 10, (forked, float(line))


def test_a_child_tidies_up_before_it_ends(shared_server, tmp_path):
    end, thread = tmp_path / "exit", tmp_path / "thread"
    code = (
        f"import atexit, threading, time; atexit.register(lambda: open({str(end)!r}, 'w').close()); "
        f"threading.Thread(target=lambda: (time.sleep(0.2), open({str(thread)!r}, 'w'))).start(); "
        "sys.stdout.write('not a whole line')"
    )
    lines, child = run(shared_server, code)
    assert lines == ["not a whole line"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["exit", "thread"]
    assert child.failure(None)["message"] == "the process ended with code 0 and left no result"
