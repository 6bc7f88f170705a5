"""Executor of a run: that of the suite, or what the command line says in its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mlffbench import registry
from mlffbench.data import Spec
from mlffbench.harness.case import Case
from mlffbench.harness.execution.placement import Executor
from mlffbench.harness.planning.plan import Suite, SuiteError

__all__ = ["ExecutorChoice", "executor_of", "is_here", "refuse_oversized"]


@dataclass(frozen=True)
class ExecutorChoice:
    """Options of a run that change the executor of its suite.

    Attributes
    ----------
    jobs : int or None
        Cases that run at once.
    executor : str or mapping or None
        Another executor; with the suite's keywords if it is the one that the suite names.
    scheduler : str or None
        Address of a dask scheduler that runs; the executor is then dask.
    """

    jobs: int | None = None
    executor: str | Mapping[str, Any] | None = None
    scheduler: str | None = None

    def of(self, own: Spec) -> Spec:
        """The executor, given that of the suite."""
        chosen = own if self.executor is None else Spec.parse(self.executor)
        if self.scheduler is not None and self.executor is None and own.name != "dask":
            chosen = Spec("dask")
        params = {**own.params, **chosen.params} if chosen.name == own.name else dict(chosen.params)
        more = {"jobs": self.jobs, "scheduler": self.scheduler}
        return Spec(chosen.name, params | {name: value for name, value in more.items() if value is not None})

    def applied(self, suite: Suite) -> Suite:
        """The suite with this executor."""
        return suite.model_copy(update={"executor": self.of(suite.executor)})


def executor_of(suite: Suite) -> Executor:
    """Make the executor of a suite; it starts nothing before it is entered.

    Raises
    ------
    LookupError
        There is no such executor, or it has no such keyword.
    ExecutorError
        It needs a package that is not installed.
    """
    return registry.make(suite.executor, ("executors",))


def is_here(executor: Spec) -> bool:
    """True for an executor whose processes run on this machine, with its packages and devices."""
    return executor.name == "local" or (executor.name == "dask" and not executor.params.get("scheduler"))


def refuse_oversized(executor: Executor, cases: Iterable[Case]) -> None:
    """Refuse cases that need more than the executor can ever give.

    Raises
    ------
    SuiteError
        Some of them do; one line a row.
    """
    reasons = {case.label: sentence for case in cases if (sentence := executor.lack(case)) is not None}
    if reasons:
        raise SuiteError("\n".join(f"row {label!r}: {sentence}" for label, sentence in reasons.items()))
