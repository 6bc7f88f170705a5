"""Times of a model beside the rates of its machine, and the conditions that they were measured under."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from mlffbench.data import Conditions, Missing, Score
from mlffbench.forcefield import ForceField
from mlffbench.system.calibration import Calibration
from mlffbench.system.failures import catch_failure
from mlffbench.system.provenance import clocks
from mlffbench.system.torch_work import torch_work
from mlffbench.tasks.common.subtasks import Row
from mlffbench.tasks.timings.growth import Timing

__all__ = ["changed", "conditions", "latency_rows", "throughput_rows"]


def latency_rows(timing: Timing, rates: Calibration, evaluate: Callable[[], Any]) -> list[Row]:
    """The time of one small evaluation in launches of small kernels, and over that of its own launches.

    launches = t r, with the rate r of small kernels: the same on a machine on which all is twice as fast.
    times the floor = t r / n, with the n operations that torch dispatches in the evaluation: 1 where the time
    is that of their launches alone, below 1 where a captured graph saves launches.
    """
    launches = timing.parts["evaluate"].median * rates.launches
    rows: list[Row] = [Score("latency", "evaluate", "launches", launches, "launches")]
    work, _ = catch_failure(lambda: torch_work(evaluate))
    if work is not None:
        rows.append(Score("latency", "evaluate", "times_launch_floor", launches / work.operations, "×"))
    return rows


def throughput_rows(timing: Timing, rates: Calibration, dtype: str, evaluate: Callable[[], Any]) -> list[Row]:
    """The time of an atom of a large evaluation in operations of a matrix product and in bytes of a copy.

    operations = t F / N and bytes = t B / N, with the rates F in the precision of the model and B: the same
    on a machine on which all is twice as fast. times the floor = t F / f, with the f operations of the matrix
    products that torch dispatches in the evaluation: 1 where the time is that of these products alone.
    """
    t, n = timing.parts["evaluate"].median, timing.n_atoms
    per_atom = lambda value: value / n
    rows: list[Row] = [Score("throughput", "evaluate", "copy", per_atom(1e6 * t * rates.copy), "kB/atom")]
    rate = rates.matrix_product_float32 if dtype == "float32" else rates.matrix_product_float64
    if rate is None:
        return rows
    rows.append(Score("throughput", "evaluate", "matrix_product", per_atom(1e3 * t * rate), "MFLOP/atom"))
    work, _ = catch_failure(lambda: torch_work(evaluate))
    if work is not None and work.flops:
        floor = work.flops / (1e9 * rate)
        rows.append(Score("throughput", "evaluate", "times_matrix_product_floor", t / floor, "×"))
    return rows


def conditions(
    model: ForceField, fingerprint: Mapping[str, Any], rates: Calibration | None, before: Mapping[str, Any]
) -> Conditions:
    """Fingerprint, rates, clocks before and after, and the model's precision, kernels and captured graphs."""
    own = {
        "dtype": getattr(model, "dtype_", getattr(model, "dtype", None)),
        "kernels": getattr(model, "kernels_", None),
        "captured": getattr(model, "captured_", None),
    }
    facts = {
        "model": {name: str(value) for name, value in own.items() if value is not None},
        "calibration": None if rates is None else asdict(rates),
        "clocks": {"before": dict(before), "after": clocks()},
    }
    return Conditions(fingerprint, facts)


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Row]:
    """A failure if a setting was not the same before and after: the times are then of two things."""
    differing = [name for name in before if name in after and before[name] != after[name]]
    words = "; ".join(f"{name} was {before[name]}, then {after[name]}" for name in differing)
    return (
        [Missing("", "conditions", "error", f"settings changed between the times: {words}")] if words else []
    )
