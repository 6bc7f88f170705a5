"""Drivers of a small suite in processes of their own, the roles of the processes below them, and checks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from example_processes import alive

from mlffbench.harness.documents.store import Store

DRIVER = """
import json, os, signal, sys, time
from example_cases import Silent, case, pending
from mlffbench import registry
from mlffbench.harness.documents.store import Store
from mlffbench.harness.execution.execute import execute
from mlffbench.system import lease, process_identity
from mlffbench.system.interrupts import interruptible

out, options = sys.argv[1], json.loads(sys.argv[2])
lease.BEAT, lease.LEASE = options["lease"] / 8, options["lease"]
if options["machine"]:
    process_identity._machine = lambda: options["machine"]
save = Store.save

def stopping(self, document, predictions=None, model=None, held=bool):
    def stop():
        os.kill(os.getpid(), signal.SIGSTOP)
        time.sleep(0.2)  # a thread runs on until the signal reaches it
    def check():
        for step in {"before": (stop, held), "after": (held, stop)}[options["stops"]]:
            step()
    save(self, document, predictions, model, check)

if options["stops"]:
    Store.save = stopping
params = {"log": f"{out}-log", "seconds": options["seconds"]}
cases = [case("helpers:Steady", number=k, **params) for k in range(options["n"])]
store, watcher = Store(out), Silent()
executor = registry.load("executors", options["executor"])(2)
with interruptible():
    try:
        execute(pending(cases, store, retry=True), store, watcher, executor=executor)
    except KeyboardInterrupt:
        sys.exit(130)
"""


def start_driver(out, n, seconds=0.1, lease=60.0, machine="", stops="", executor="local"):
    """Start a driver of n cases; on another machine, if it is given a name.

    It may stop ``before`` or ``after`` each check of its lease when it stores a document.
    """
    (out.parent / "tmp").mkdir(exist_ok=True)
    options = {
        "n": n,
        "seconds": seconds,
        "lease": lease,
        "machine": machine,
        "stops": stops,
        "executor": executor,
    }
    environment = {**os.environ, "TMPDIR": str(out.parent / "tmp")}
    command = [sys.executable, "-c", DRIVER, str(out), json.dumps(options)]
    return subprocess.Popen(command, env=environment, start_new_session=True)


def below(pid):
    """Living processes below one, by their depth: supervisor, template, supervisor of a case, worker ..."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                parents[int(name)] = int(Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, ValueError):
                continue
    depths = {pid: 0}
    while more := {p: depths[q] + 1 for p, q in parents.items() if q in depths and p not in depths}:
        depths |= more
    return {p: depth for p, depth in depths.items() if p != pid and alive(p)}


ROLES = {1: "supervisor", 2: "template", 3: "supervisor of a case", 4: "worker"}


def good(out):
    """Documents of the cases that went well, with predictions and model, and the number of fits of each."""
    store = Store(out)
    documents = {d["id"]: d for d in store.documents() if d["status"] == "ok"}
    assert not store.set_aside, store.set_aside
    assert all(store.predictions(id) and store.kept_model(id) for id in documents)
    counts = Counter(fits(out))
    return {id: (d, counts[d["case"]["estimator"]["params"]["number"]]) for id, d in documents.items()}


def fits(out, word="started"):
    """Numbers of the cases whose fit began, or has finished, in turn."""
    log = Path(f"{out}-log")
    lines = log.read_text().splitlines() if log.exists() else []
    return [int(line.split()[0]) for line in lines if word in line]


def files(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def check_same(before, after):
    """Fail if a finished case was lost, or computed again."""
    assert {id: after.get(id) for id in before} == before, "a finished case was lost, or computed again"


def check_whole(out, n, others=frozenset(), **options):
    """Finish a suite, whose folder then holds the results and nothing but these other folders."""
    before = good(out)
    assert start_driver(out, n, **options).wait(240) == 0
    after = good(out)
    check_same(before, after)
    assert len(after) == n
    parts = ("{}.json", "logs/{}.log", "models/{}.mlff", "predictions/{}.npz")
    own = [file for file in files(out) if file.partition("/")[0] not in others]
    assert set(own) == {part.format(id) for part in parts for id in after}
    assert {p.name for p in out.iterdir() if p.is_dir()} - others == {"logs", "models", "predictions"}


def wait_until(condition, seconds=120.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.05)
