"""Executor of a suite, made from its keywords and from what the command line says."""

from __future__ import annotations

from dataclasses import replace

from mlffbench import registry
from mlffbench.harness.execution.placement import Executor
from mlffbench.harness.planning.plan import Suite

__all__ = ["executor_of"]


def executor_of(suite: Suite, jobs: int | None = None) -> Executor:
    """Make the executor of a suite; it starts nothing before it is entered.

    Parameters
    ----------
    jobs : int, optional
        Cases that run at once, in place of what the suite says.
    """
    spec = suite.executor
    if jobs is not None:
        spec = replace(spec, params={**spec.params, "jobs": jobs})
    return registry.make(spec, ("executors",))
