"""Costs of fitting and predicting: seconds, microseconds per atom, megabytes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from mlffbench.report.budgets import budget_text, ends
from mlffbench.report.problems import Document, Method, dig, fitted_here
from mlffbench.report.quantities import costs as quantities
from mlffbench.report.results import Results, number

__all__ = ["COSTS", "costs"]

COSTS = {  # columns of numbers: their names and units in a report
    cost.quantity: (cost.name, cost.unit) for cost in quantities.COSTS
}
TEXTS = ("device", "dtype", "stopped_by")
SITUATION = ("budget", "reproducible", "environment", "resumed")  # texts, mostly empty


def costs(results: Results) -> pd.DataFrame:
    """One row a problem and method, means over seeds: fit time, prediction time, peak memory, parameters.

    Also device and precision, what ended the fit, its budget, environment and resumptions. The fit time of a
    tuned method holds the time of the search, which is the tuning time.

    The prediction time is the time of all test groups over all their atoms, preparation (neighbour lists,
    descriptors) and evaluation added; each of these is a column, too. `COSTS` holds the units.
    """
    rows = [
        {"problem": problem.name, "method": method.label, **_mean_costs(method)}
        for problem, method in results.methods()
        if method.done
    ]
    frame = pd.DataFrame(rows, columns=["problem", "method", *COSTS, *TEXTS, *SITUATION])
    return frame.astype(dict.fromkeys(COSTS, float))


def _mean_costs(method: Method) -> dict[str, Any]:
    costs = [_costs_of(d) for d in method.done]
    numbers = {name: _mean([cost[name] for cost in costs]) for name in COSTS}
    texts = {k: ", ".join(sorted({str(v) for d in method.done if (v := dig(d, "model", k))}))
             for k in TEXTS}  # fmt: skip
    return {**numbers, **texts, **_situation(method)}


def _situation(method: Method) -> dict[str, str]:
    """Budget with its reproducibility, environment, and number of times that fits went on after a stop."""
    names = [dig(d, "provenance", "environment", "name") or dig(d, "case", "environment", "name") or
             (dig(d, "case", "environment") and "its own") for d in method.done]  # fmt: skip
    resumed = sum(int(n) for d in method.done if (n := number(dig(d, "timings", "fit", "resumed"))) > 0)
    return {
        "budget": budget_text(method.budget),
        "reproducible": ", ".join(dict.fromkeys(filter(None, map(ends, method.done)))),
        "environment": ", ".join(dict.fromkeys(str(name) for name in names if name)),
        "resumed": f"{resumed}×" if resumed else "",
    }


def _mean(values: Iterable[float]) -> float:
    """The mean of the numbers that are known; NaN without any."""
    known = [value for value in values if not np.isnan(value)]
    return sum(known) / len(known) if known else np.nan


def _costs_of(document: Document) -> dict[str, float]:
    """Costs of one document; microseconds per atom over all its test groups."""
    predict = list((dig(document, "timings", "predict") or {}).values())
    atoms = sum(number(p.get("n_atoms")) for p in predict)
    per_atom = {
        part: 1e6 * sum(number(p.get(f"{part}_seconds")) for p in predict) / atoms if atoms > 0 else np.nan
        for part in ("prepare", "evaluate")
    }
    stages = [dig(document, "timings", "fit"), *predict]
    return {
        "fit_time": number(dig(document, "timings", "fit", "seconds")) if fitted_here(document) else np.nan,
        "tuning_time": number(dig(document, "model", "tuning", "seconds")),
        "prediction_time": per_atom["evaluate"] + np.nan_to_num(per_atom["prepare"]),
        "prepare_time": per_atom["prepare"],
        "evaluate_time": per_atom["evaluate"],
        "peak_memory": _largest(dig(s, "peak_memory_mb") for s in stages),
        "peak_gpu_memory": _largest(dig(s, "peak_gpu_memory_mb") for s in stages),
        "n_parameters": number(dig(document, "model", "n_parameters")),
    }


def _largest(values: Iterable[Any]) -> float:
    """The largest finite number; NaN without one."""
    return max((v for v in map(number, values) if np.isfinite(v)), default=np.nan)
