"""Processes told apart on a shared file system: dead, alive, of another boot, namespace or user."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from mlffbench.system import process_identity
from mlffbench.system.process_identity import ProcessIdentity

SAY = """
import json
from mlffbench.system.process_identity import ProcessIdentity
print(json.dumps(ProcessIdentity.own().to_json()))
"""


def other_process(*prefix):
    """Identity of a process that has ended."""
    done = subprocess.run([*prefix, sys.executable, "-c", SAY], capture_output=True, text=True, check=True)
    return ProcessIdentity.of(json.loads(done.stdout))


def test_a_living_process_has_not_ended_and_a_dead_one_has():
    own = ProcessIdentity.own()
    assert not own.has_ended(own)
    dead = other_process()
    assert dead.machine == own.machine
    assert dead.has_ended(own)


def test_a_number_that_another_process_has_now_is_no_life():
    own = ProcessIdentity.own()
    assert replace(own, start="1").has_ended(own)


def test_a_zombie_has_ended():
    child = subprocess.Popen(["true"])
    identity = None
    while identity is None or identity[0] != "Z":
        identity = process_identity._state_and_start(str(child.pid))
        time.sleep(0.01)
    own = ProcessIdentity.own()
    assert replace(own, pid=child.pid, start=identity[1]).has_ended(own)
    child.wait()


def test_nothing_is_known_of_other_machines():
    own = ProcessIdentity.own()
    assert not replace(other_process(), machine="another").has_ended(own)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="needs the right to make a namespace")
def test_a_namespace_of_processes_is_another_machine():
    inside = other_process("unshare", "--pid", "--fork", "--mount-proc")
    assert inside.pid < 10
    assert inside.machine != ProcessIdentity.own().machine
    strange = other_process("unshare", "--pid", "--fork")  # /proc tells of other processes
    assert strange.machine not in (inside.machine, ProcessIdentity.own().machine)


def test_what_proc_hides_lives_as_long_as_its_number(monkeypatch):
    own, dead = ProcessIdentity.own(), other_process()
    monkeypatch.setattr(process_identity, "_state_and_start", lambda _: ("", ""))
    assert not own.has_ended(own)
    assert dead.has_ended(own)


@pytest.mark.parametrize(
    "values",
    [None, [], {}, "text", {"machine": "m", "pid": "1", "start": ""}, {"machine": "m", "pid": 0, "start": ""},
     {"machine": "m", "pid": 10**30, "start": ""}, {"machine": 1, "pid": 1, "start": ""},
     {"machine": "m", "pid": True, "start": ""}],
)  # fmt: skip
def test_values_that_name_no_process(values):
    assert ProcessIdentity.of(values) is None


def test_values_come_back():
    own = ProcessIdentity.own()
    assert ProcessIdentity.of(own.to_json()) == own
