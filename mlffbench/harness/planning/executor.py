"""Executor of a suite, made from its keywords and from what the command line says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlffbench import registry
from mlffbench.data import Spec
from mlffbench.harness.execution.placement import Executor
from mlffbench.harness.planning.plan import Suite

__all__ = ["executor_of"]


def executor_of(
    suite: Suite,
    jobs: int | None = None,
    executor: str | Mapping[str, Any] | None = None,
    scheduler: str | None = None,
) -> Executor:
    """Make the executor of a suite; it starts nothing before it is entered.

    Parameters
    ----------
    jobs : int, optional
        Cases that run at once, in place of what the suite says.
    executor : str or mapping, optional
        Another executor; with the suite's keywords if it is the one that the suite names.
    scheduler : str, optional
        Address of a dask scheduler that runs; the executor is then dask.

    Raises
    ------
    LookupError
        There is no such executor, or it has no such keyword.
    ExecutorError
        It needs a package that is not installed.
    """
    given = suite.executor if executor is None else Spec.parse(executor)
    if scheduler is not None and executor is None and given.name != "dask":
        given = Spec("dask")
    params = dict(given.params)
    if given.name == suite.executor.name:
        params = {**suite.executor.params, **params}
    more = {"jobs": jobs, "scheduler": scheduler}
    params |= {name: value for name, value in more.items() if value is not None}
    return registry.make(Spec(given.name, params), ("executors",))
