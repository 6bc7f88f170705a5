"""Resources of a case: threads, memory, GPUs, and a device for itself where times are compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mlffbench import registry
from mlffbench.estimators.tuning.limits import TUNED
from mlffbench.harness.case import Case
from mlffbench.system.machine import Machine
from mlffbench.system.memory_size import memory_size, size_text

__all__ = ["Resources", "is_timed", "lack", "resources_of"]

SECONDS = ("fit_seconds", "tuning_seconds")  # budgets that depend on what else the machine does


@dataclass(frozen=True)
class Resources:
    """Part of a machine that a case needs.

    Attributes
    ----------
    threads : int or None
        Threads of its numerical libraries; None for its share of the cores.
    memory : int
        Bytes; 0 if nothing is said.
    gpus : int
        Number of GPUs, which no other case uses.
    gpu : int or None
        The one that its estimator names: 1 for ``cuda:1``.
    is_timed : bool
        True if times are compared, so that nothing else may run on its device.
    """

    threads: int | None = None
    memory: int = 0
    gpus: int = 0
    gpu: int | None = None
    is_timed: bool = False


def resources_of(case: Case) -> Resources:
    """Resources that a case declares; a GPU also where its estimator says ``device: cuda``."""
    given = case.resources or {}
    devices = [text for text in _values(case.estimator.params, "device") if str(text).startswith("cuda")]
    numbers = [int(number) for text in devices if (number := str(text).partition(":")[2]).isdigit()]
    return Resources(
        threads=given.get("threads"),
        memory=memory_size(given["memory"]) if "memory" in given else 0,
        gpus=max(int(given.get("gpu") or 0), 1 if devices else 0),
        gpu=numbers[0] if numbers else None,
        is_timed=is_timed(case),
    )


def is_timed(case: Case) -> bool:
    """True if times of the case are compared.

    That is what ``resources: {timed: ...}`` says; else, a budget in seconds or a task that measures times.
    """
    declared = (case.resources or {}).get("timed")
    if declared is not None:
        return bool(declared)
    budgets = [(case.budget or {}).get(name) for name in SECONDS]
    budgets += list(_values(case.estimator.params, "max_seconds"))
    budgets += [case.estimator.params.get("seconds")] if case.estimator.name == TUNED else []
    tasks = (registry.load("tasks", task.name) for task in case.tasks)
    return any(b is not None for b in budgets) or any(getattr(t, "measures_times", False) for t in tasks)


def lack(needed: Resources, machine: Machine) -> str | None:
    """Sentence on what a machine can never give a case; None if the case fits on it."""
    if (needed.threads or 0) > machine.cores:
        return f"{needed.threads} threads are asked for, and this machine has {machine.cores} cores"
    if needed.memory > machine.memory:
        here = size_text(machine.memory)
        return f"{size_text(needed.memory)} of memory are asked for, and this machine has {here}"
    if needed.gpus and needed.gpus > len(machine.gpus):
        return f"GPUs are asked for ({needed.gpus}), and this machine has {len(machine.gpus) or 'none'}"
    if needed.gpu is not None and needed.gpu >= len(machine.gpus):
        return f"GPU number {needed.gpu} is asked for, and this machine has {len(machine.gpus)}"
    return None


def _values(params: Any, key: str) -> Iterator[Any]:
    """Values of a keyword, also of models inside a model."""
    if isinstance(params, Mapping):
        for name, value in params.items():
            if name == key and not isinstance(value, Mapping):
                yield value
            yield from _values(value, key)
    elif isinstance(params, list | tuple):
        for value in params:
            yield from _values(value, key)
