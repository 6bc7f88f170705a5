"""Memory of processes."""

from __future__ import annotations

import os
import subprocess
import sys

from mlffbench.system.process_memory import available_memory, memory_below


def test_memory_is_that_of_all_descendants():
    before = memory_below(os.getpid()) or 0
    code = "block = bytearray(100_000_000); print(len(block), flush=True); input()"
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    child.stdout.readline()
    assert 100e6 < memory_below(os.getpid()) - before < 200e6
    child.communicate(b"\n")
    assert memory_below(child.pid) is None


def test_a_container_may_have_less_than_the_machine(tmp_path):
    machine = available_memory(tmp_path / "none")
    assert machine > 2**20
    (tmp_path / "memory.current").write_text("1000\n")
    (tmp_path / "memory.max").write_text("5096\n")
    assert available_memory(tmp_path) == 4096
    (tmp_path / "memory.max").write_text("max\n")
    assert available_memory(tmp_path) > 2**20
