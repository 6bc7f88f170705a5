"""Signals that end a command as Ctrl-C does."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress

import pytest

from mlffbench.system import interrupts
from mlffbench.system.interrupts import Interrupted, interruptible


@pytest.fixture(autouse=True)
def usual_handlers():
    """Handlers of a terminal, also where the tests run in the background or under ``nohup``."""
    usual = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGTERM: signal.SIG_DFL,
        signal.SIGHUP: signal.SIG_DFL,
    }
    before = {number: signal.signal(number, handler) for number, handler in usual.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_becomes_an_exception_and_an_exit_code(name):
    number = signal.Signals[name]
    with pytest.raises(SystemExit) as exit, interruptible():  # noqa: PT012
        with pytest.raises(Interrupted, match=name):
            signal.raise_signal(number)
        signal.raise_signal(number)  # a second one does not disturb the end
        raise SystemExit(130)
    assert exit.value.code == 128 + number


def test_a_signal_is_heard_again_when_the_first_exception_was_lost(monkeypatch):
    monkeypatch.setattr(interrupts, "PATIENCE", 0.05)
    with pytest.raises(Interrupted, match="SIGHUP"), interruptible():  # noqa: PT012
        with suppress(Interrupted):
            signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGHUP)
        time.sleep(0.1)
        signal.raise_signal(signal.SIGHUP)


def test_without_a_signal_nothing_changes():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as exit, interruptible():
        raise SystemExit(2)
    assert exit.value.code == 2
    assert signal.getsignal(signal.SIGTERM) == before


def test_an_ignored_signal_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interruptible():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)
