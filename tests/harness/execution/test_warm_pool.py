"""Processes that stay for further cases: as good as new, or gone."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from mlffbench.harness.execution.warm_pool import WarmPool
from mlffbench.system.child_process import ChildProcess

ANSWERS = """
import json, os, sys
for line in sys.stdin:
    exec(line)
    print(json.dumps({"answered": os.getpid()}), flush=True)
    print(json.dumps({"ready": 100}), flush=True)
"""


@pytest.fixture
def program(tmp_path):
    file = tmp_path / "program.py"
    file.write_text(ANSWERS)
    return lambda: ChildProcess(["-P", str(file)])


def run(pool, program, kind="a", code="pass", patience=10.0):
    """Number of the process that ran a case."""
    child = pool.take(kind, program)
    child.send(code)
    pid = next((line for line in child.lines() if "answered" in line), None)
    child.close(patience)
    child.close()
    return pid


def test_a_process_is_used_again_for_the_same_kind_of_case(program):
    pool = WarmPool(2, 10**6)
    one, two, other = run(pool, program), run(pool, program), run(pool, program, "b")
    assert one == two != other
    pool.close()


def test_the_number_and_the_memory_of_idle_processes_are_bounded(program):
    for pool in (WarmPool(1, 10**6), WarmPool(5, 150)):
        one, _, again = run(pool, program, "a"), run(pool, program, "b"), run(pool, program, "a")
        assert one != again
        assert len(pool._idle) == 1
        pool.close()
        assert pool._idle == []


def test_a_process_that_leaves_dies_or_hangs_is_not_used_again(program):
    pool = WarmPool(2, 10**6)
    first = run(pool, program, code='print(\'{"leaves": ["threads"]}\', flush=True); sys.exit()')
    assert first is None
    assert pool._idle == []
    hangs = "print('{\"answered\": 1}', flush=True); import time; time.sleep(60)"
    assert run(pool, program, code=hangs, patience=0.1) is not None
    assert pool._idle == [], "nobody waits longer for it to be ready"
    run(pool, program)
    pool._idle[0][1].kill()
    assert run(pool, program) is not None, "one that died while it was idle is replaced"
    pool.close()


def test_a_process_that_died_before_it_began_is_lost(program):
    pool = WarmPool(2, 10**6)
    child = pool.take("a", program)
    child.kill()
    child.send("pass")
    assert list(child.lines()) == []
    assert child.is_lost
    child.close(1.0)
    busy = pool.take("a", program)
    busy.send("print('begun', flush=True); os.kill(os.getpid(), 9)")
    list(busy.lines())
    assert not busy.is_lost, "its case killed it"
    busy.close(1.0)
    pool.close()


def test_a_process_taken_when_the_run_ends_does_not_stay(program):
    pool = WarmPool(2, 10**6)
    child = pool.take("a", program)
    child.send("pass")
    pid = int(next(line for line in child.lines() if "answered" in line).split()[1].rstrip("}"))
    pool.close()
    child.close(10.0)
    end = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists()
    assert os.getpid() != pid
