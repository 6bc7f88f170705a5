"""Cores, memory and GPUs of this machine."""

from __future__ import annotations

import os

import psutil

from mlffbench.system import machine as machine_file
from mlffbench.system.machine import Machine, this_machine


def test_this_machine_has_what_this_process_may_use():
    machine = this_machine()
    assert machine.cores == len(os.sched_getaffinity(0))
    assert 0 < machine.memory <= psutil.virtual_memory().total


def test_the_limit_of_a_container_counts(tmp_path, monkeypatch):
    limit = tmp_path / "memory.max"
    limit.write_text("1000000\n")
    monkeypatch.setattr(machine_file, "LIMITS", (limit, tmp_path / "absent"))
    assert this_machine().memory == 1_000_000
    limit.write_text("max\n")
    assert this_machine().memory == psutil.virtual_memory().total


def test_gpus_are_those_given():
    assert Machine(1, 1, ("3",)).gpus == ("3",)
