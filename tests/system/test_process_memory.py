"""Memory of processes."""

from __future__ import annotations

import os
import subprocess
import sys

from mlffbench.system.process_memory import memory_below


def test_memory_is_that_of_all_descendants():
    before = memory_below(os.getpid()) or 0
    code = "block = bytearray(100_000_000); print(len(block), flush=True); input()"
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    child.stdout.readline()
    assert 100e6 < memory_below(os.getpid()) - before < 200e6
    child.communicate(b"\n")
    assert memory_below(child.pid) is None
