"""Child on a worker: its order, and its end without an answer."""

from __future__ import annotations

import json

import pytest
from example_cases import case

from mlffbench.data import Spec
from mlffbench.harness.cluster.remote_child import RemoteChild
from mlffbench.harness.cluster.reservation import Reservation


@pytest.mark.parametrize(("tasks", "timed"), [([], False), ([Spec("speed")], True)])
def test_the_driver_says_if_times_count(tasks, timed):
    delivered = []
    place = Reservation("key", lambda *message: delivered.append(message), lambda key: None)
    place.hear({"begun": "tcp://a"})
    place.wait()
    RemoteChild(place).send(json.dumps({"case": case(tasks=tasks).to_json()}))
    ((_, _, message),) = delivered
    assert json.loads(message["order"])["timed"] is timed


@pytest.mark.parametrize("first", [[], [{"begun": "tcp://a"}]])
def test_a_worker_that_ends_a_case_without_an_answer_is_lost(first):
    place = Reservation("key", lambda *message: None, lambda key: None)
    for message in (*first, {"result": {}}):
        place.hear(message)
    place.wait()
    child = RemoteChild(place)
    assert list(child.lines()) == []
    lost = {"kind": "worker lost", "message": "the worker ended the case without an answer"}
    assert child.failure(None) == lost
