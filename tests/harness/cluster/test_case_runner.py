"""Worker's side of a run: a task that is released while it begins starts no child and holds no place."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from types import SimpleNamespace

import pytest
from distributed import Status

from mlffbench.harness.cluster.case_runner import CaseRunner


class Worker:
    """Part of a worker of dask that a runner needs."""

    address, local_directory, status = "tcp://a", "/tmp", Status.running

    def __init__(self, resources):
        self.state = SimpleNamespace(nthreads=2, total_resources=resources)
        self.memory_manager = SimpleNamespace(memory_limit=1000)
        self.events, self.declared = [], {}

    async def set_resources(self, **amounts):
        self.declared = amounts

    def log_event(self, topic, message):
        self.events.append((topic, message))


def runner(resources=()):
    plugin = CaseRunner("run")
    asyncio.run(plugin.setup(Worker(dict(resources))))
    return plugin


def test_what_the_administrator_has_declared_stays(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    assert runner()._worker.declared == {"threads": 2, "memory": 1000.0, "gpu": 2}
    assert runner({"threads": 8, "gpu": 1})._worker.declared == {"memory": 1000.0}


@pytest.mark.parametrize("begun", [False, True])
def test_a_released_task_ends_at_once(begun):
    plugin, begin = runner(), time.monotonic()
    release = partial(plugin.transition, "run-key", "executing", "released")
    if begun:
        send = plugin._worker.log_event
        plugin._worker.log_event = lambda *event: (send(*event), release())
    else:
        release()
    assert plugin.serve("run-key", 1, 0) == {}
    assert time.monotonic() - begin < 30
    assert [message for _, message in plugin._worker.events] == [
        {"key": "run-key", "begun": "tcp://a"}
    ] * begun
    asyncio.run(plugin.teardown(plugin._worker))


def test_tasks_of_other_runs_are_not_remembered():
    plugin = runner()
    plugin.transition("other-key", "executing", "released")
    plugin.transition(("tuple", 1), "executing", "released")
    assert not plugin._released
