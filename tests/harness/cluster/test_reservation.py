"""Places on workers: begun, lost, repeated elsewhere by dask, silent."""

from __future__ import annotations

import time

import pytest

from mlffbench.harness.cluster import reservation as file
from mlffbench.harness.cluster.reservation import Reservation
from mlffbench.harness.execution.placement import ExecutorError


@pytest.fixture
def place():
    cancelled = []
    place = Reservation("key", lambda *message: None, cancelled.append)
    place.cancelled = cancelled
    return place


def test_messages_come_until_the_result(place):
    for message in (
        {"begun": "tcp://a"},
        {"lines": ["1\n"]},
        {"result": {"files": None}},
        {"lines": ["2\n"]},
    ):
        place.hear(message)
    place.wait()
    assert place.address == "tcp://a"
    assert [message["lines"] for message in place.messages()] == [["1\n"]]
    assert place.result == {"files": None}
    assert place.loss is None
    assert list(place.messages()) == []


@pytest.mark.parametrize("message", [{"lost": "the worker tcp://a was lost"}, {"begun": "tcp://b"}])
def test_a_worker_is_lost_also_when_dask_repeats_its_task(place, message):
    place.hear({"begun": "tcp://a"})
    place.wait()
    place.hear(message)
    assert list(place.messages()) == []
    assert place.loss == "the worker tcp://a was lost"


def test_a_silent_worker_is_lost(place, monkeypatch):
    monkeypatch.setattr(file, "LOST_SECONDS", 0.05)
    place.hear({"begun": "tcp://a"})
    place.wait()
    assert list(place.messages()) == []
    assert "nothing was heard from tcp://a" in place.loss


def test_an_error_ends_the_waiting_and_stopping_does(place):
    place.hear({"error": "no scheduler"})
    with pytest.raises(ExecutorError, match="no scheduler"):
        place.wait()
    place.end()
    place.wait()
    assert place.address is None
    assert place.cancelled == ["key"]


def test_a_worker_that_cannot_be_reached_is_lost():
    def broken(*message):
        raise OSError("no route")

    place = Reservation("key", broken, lambda key: None)
    place.hear({"begun": "tcp://a"})
    place.wait()
    place.deliver({"order": "{}"})
    assert list(place.messages()) == []
    assert "cannot be reached: no route" in place.loss


@pytest.mark.parametrize(
    "message", [{"lost": "the worker tcp://a was lost"}, {"stopped": True}, {"result": {}}]
)
def test_nothing_is_waited_for_after_an_end_before_the_beginning(place, message):
    place.hear(message)
    place.wait()
    begun = time.monotonic()
    assert list(place.messages()) == []
    assert time.monotonic() - begun < 5
    assert (place.loss is None) == ("stopped" in message)
