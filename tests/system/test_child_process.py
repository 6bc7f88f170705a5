"""Child processes: lines there and back, time limits, deaths, another interpreter."""

from __future__ import annotations

import os
import sys
import tempfile

import pytest

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
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "out of memory", "signal 9"),
        ("raise SystemExit(3)", "error", "ended with code 3"),
        ("1 / 0", "error", "ended with code 1"),
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
    code = f"import os, sys; {shown}; print('oh', file=sys.stderr)"
    with tempfile.TemporaryFile("w+") as errors:
        child = start(code, threads=3, environment={"WHO": "me"}, errors=errors)
        assert list(child.lines()) == [f"{['3'] * len(THREADS)} me\n"]
        child.wait()
        errors.seek(0)
        assert errors.read() == "oh\n"
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
