"""State of a run: cases that are done, running and waiting, and the time they still need."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from mlffbench.cli.stage_words import stage_words
from mlffbench.harness.case import Case
from mlffbench.harness.execution.durations import Durations, budget

__all__ = ["RunState", "Running", "clock"]

FIT = ("fit", "epoch")  # stages of the fit


@dataclass
class Running:
    """A case that is running, and how far it has come; times in s."""

    case: Case
    begun: float
    stage: str = "starting"
    stage_begun: float = 0.0
    fit_begun: float | None = None
    first_step: int = 0
    step: int = 0
    total: int | None = None
    values: Mapping[str, float] = field(default_factory=dict)
    memory: int | None = None

    @property
    def words(self) -> str:
        return stage_words(self.stage, self.step, self.total, self.values)


class RunState:
    """Count of the cases of a run, and estimate of the time left.

    Parameters
    ----------
    cases : sequence of Case
        Those to run.
    n_before : int
        Number of the cases of the suite that are finished already.
    durations : Durations, optional
        What is known of the time that cases take.
    jobs : int
        Number of cases that run at the same time.
    now : callable
        Time, in s.
    n_failed : int
        Number of the cases that have failed already and are not repeated.
    added_to : container of str
        Ids of the finished cases that only get further tasks: the times of fits say nothing about them.

    Attributes
    ----------
    total, done, failed : int
        Cases of the suite; those that are finished, of which some before this run; those of them that failed.
    running : dict of str to Running
    """

    def __init__(
        self,
        cases: Sequence[Case],
        n_before: int = 0,
        durations: Durations | None = None,
        jobs: int = 1,
        now: Callable[[], float] = time.monotonic,
        n_failed: int = 0,
        added_to: Container[str] = (),
    ) -> None:
        self._added_to = added_to
        self.total, self.done, self.failed = len(cases) + n_before, n_before, n_failed
        self.now, self.jobs = now, jobs
        self.begun = now()
        self.running: dict[str, Running] = {}
        self._durations = durations or Durations()
        self._counting = Lock()
        self._waiting = {case.id: case for case in cases}

    def started(self, case: Case) -> None:
        self._waiting.pop(case.id, None)
        self.running[case.id] = Running(case, self.now(), stage_begun=self.now())

    def progressed(
        self, case: Case, stage: str, step: int, total: int | None, values: Mapping[str, float]
    ) -> Running:
        """Note a report; `values` are its numbers."""
        running = self.running[case.id]
        if stage in FIT and running.fit_begun is None:
            running.fit_begun = self.now()
        if stage != running.stage:
            running.stage, running.stage_begun, running.first_step = stage, self.now(), step
        running.step, running.total, running.values = step, total, values
        return running

    def beat(self, memory: Mapping[str, int | None]) -> None:
        for id, bytes in memory.items():
            if id in self.running and bytes is not None:
                self.running[id].memory = bytes

    def finished(self, case: Case, document: Mapping[str, Any]) -> None:
        """Count a case; one that another run has computed was never started here."""
        with self._counting:
            self._waiting.pop(case.id, None)
            running = self.running.pop(case.id, None)
            self.done += 1
            if document["failure"] is not None:
                self.failed += 1
            elif running is not None and case.id not in self._added_to:
                self._durations.add(case, self.now() - running.begun)

    def expected(self, case: Case) -> float | None:
        """Expected seconds of a case; None if nothing is known."""
        return None if case.id in self._added_to else self._durations.expected(case)

    def elapsed(self, running: Running) -> float:
        return self.now() - running.begun

    def left(self, running: Running) -> float | None:
        """Expected seconds that a running case still needs; None if nothing is known."""
        expected, spent = self.expected(running.case), self.elapsed(running)
        if expected is not None and expected == budget(running.case):  # which begins with the fit
            spent = 0.0 if running.fit_begun is None else self.now() - running.fit_begun
        by_expectation = None if expected is None or spent >= expected else expected - spent
        guesses = (by_expectation, self._left_of_training(running))
        return min((guess for guess in guesses if guess is not None), default=None)

    def _left_of_training(self, running: Running) -> float | None:
        """Time of the epochs that are left, at the pace so far."""
        steps = running.step - running.first_step
        if running.stage != "epoch" or steps <= 0 or not running.total:
            return None
        return (self.now() - running.stage_begun) * (running.total - running.step) / steps

    def left_in_all(self) -> tuple[float, bool]:
        """Expected seconds until the last case has finished, and False if some case is left out of them."""
        running = [self.left(case) for case in list(self.running.values())]
        waiting = [self.expected(case) for case in list(self._waiting.values())]
        known = [seconds for seconds in (*running, *waiting) if seconds is not None]
        return max([sum(known) / self.jobs, *known]), len(known) == len(running) + len(waiting)

    @property
    def left_words(self) -> list[str]:
        """Time left in words; none if nothing is known."""
        seconds, is_all = self.left_in_all()
        return [f"{'about' if is_all else 'more than'} {clock(seconds)} left"] if seconds else []

    @property
    def counts(self) -> str:
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{self.done} of {self.total} cases done{failed}"


def clock(seconds: float) -> str:
    """Duration as minutes and seconds, or hours, minutes and seconds.

    Examples
    --------
    >>> clock(75), clock(3675)
    ('1:15', '1:01:15')
    """
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
