"""Traces of a computation in its process."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.random import mtrand

from mlffbench.system.process_state import changes, process_state, seed_afresh

ROOT = Path(__file__).parents[2]
TRACES = {
    "working folder": "os.chdir('/')",
    "environment variables": "os.environ['LEFT'] = '1'",
    "warnings filters": "warnings.simplefilter('ignore')",
    "signal handlers": "signal.signal(signal.SIGUSR1, signal.SIG_IGN)",
    "threads": "threading.Thread(target=time.sleep, args=(5,), daemon=True).start()",
    "child processes": "subprocess.Popen(['sleep', '5'], start_new_session=False)",
    "open files": "kept.append(open(os.devnull))",
    "streams": "sys.stdout = io.StringIO()",
    "search path": "sys.path.insert(0, '/tmp')",
    "limits": "resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))",
    "interpreter": "sys.setrecursionlimit(500)",
    "logging": "logging.basicConfig()",
    "numpy": "np.seterr(all='raise')",
}
PROGRAM = """
import io, json, logging, os, resource, signal, subprocess, sys, threading, time, warnings
import numpy as np
from mlffbench.system.process_state import changes, process_state
kept, out = [], os.fdopen(os.dup(1), "w")
before = process_state()
assert changes(before, process_state()) == []
exec(sys.argv[1])
out.write(json.dumps(changes(before, process_state())))
out.flush()
for child in [k for k in globals().values() if isinstance(k, subprocess.Popen)]:
    child.kill()
os._exit(0)
"""


def traces(code):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, code], capture_output=True, text=True, env=environment, check=True
    )
    return json.loads(done.stdout)


def test_every_trace_is_seen():
    code = "; ".join(TRACES.values())
    seen = traces(code)
    assert set(TRACES) <= set(seen), set(TRACES) - set(seen)


def test_settings_of_torch_are_traces():
    torch = pytest.importorskip("torch")
    before, dtype = process_state(), torch.get_default_dtype()
    torch.set_default_dtype(torch.float64 if dtype == torch.float32 else torch.float32)
    try:
        assert changes(before, process_state()) == ["torch"]
    finally:
        torch.set_default_dtype(dtype)
    assert changes(before, process_state()) == []


def test_what_is_put_back_is_no_trace(tmp_path):
    before = process_state()
    with (tmp_path / "file").open("w"), np.errstate(all="ignore"):
        assert changes(before, process_state()) == ["open files", "numpy"]
    old = signal.signal(signal.SIGUSR2, signal.SIG_IGN)
    signal.signal(signal.SIGUSR2, old)
    assert changes(before, process_state()) == []


def test_random_numbers_do_not_go_on_from_an_earlier_case():
    torch = pytest.importorskip("torch")
    numbers = []
    for _ in range(2):
        mtrand.seed(0)
        random.seed(0)
        torch.manual_seed(0)
        seed_afresh()
        numbers.append((mtrand.random_sample(), random.random(), torch.rand(1, dtype=torch.float64).item()))
    one, two = numbers
    assert all(a != b for a, b in zip(one, two, strict=True)), "they differ in every process"
