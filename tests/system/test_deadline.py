"""Time limit of a part of a process."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import suppress

import pytest

from mlffbench.system.deadline import deadline
from mlffbench.system.failures import TooLongError, failure_of


def busy(seconds):
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        with suppress(Exception):  # as a library may
            sum(range(1000))


def test_work_is_stopped_in_the_middle_and_the_process_goes_on():
    before, begun = signal.getsignal(signal.SIGALRM), time.monotonic()
    with pytest.raises(TooLongError, match="too long") as failure, deadline(0.1, "too long"):
        busy(20)
    assert time.monotonic() - begun < 5
    assert failure_of(failure.value)["kind"] == "timed out"
    assert signal.getsignal(signal.SIGALRM) == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    busy(0.15)  # no late signal


def test_work_within_its_limit_or_without_one_goes_on():
    for limit in (30.0, None):
        with deadline(limit, "too long"):
            busy(0.01)


def test_errors_of_the_work_are_its_own():
    with pytest.raises(ZeroDivisionError), deadline(30.0, "too long"):
        raise ZeroDivisionError
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_work_that_cannot_be_interrupted_is_refused_at_its_end():
    raised = []

    def work():
        try:
            with deadline(0.05, "too long"):
                busy(0.1)
        except TooLongError as error:
            raised.append(str(error))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert raised == ["too long"]
