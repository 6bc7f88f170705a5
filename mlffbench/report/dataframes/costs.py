"""What fitting and predicting cost: seconds, microseconds per atom, megabytes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from mlffbench.report.dataframes.scores import number, numeric
from mlffbench.report.results import Document, Method, dig, problems

__all__ = ["COSTS", "costs"]

COSTS = [
    "problem",
    "method",
    "fit time (s)",
    "prediction time (µs/atom)",
    "prepare time (µs/atom)",
    "evaluate time (µs/atom)",
    "peak memory (MB)",
    "peak GPU memory (MB)",
    "device",
    "dtype",
]


def costs(documents: Iterable[Document]) -> pd.DataFrame:
    """One row a problem and method, means over seeds: fit time, prediction time, peak memory, device.

    The prediction time is the time of all test groups over all their atoms, preparation (neighbour lists,
    descriptors) and evaluation added; both are also given apart.
    """
    rows = [
        {"problem": problem.name, "method": method.label, **_cost(method)}
        for problem in problems(documents)
        for method in problem.methods
        if method.done
    ]
    return numeric(pd.DataFrame(rows, columns=COSTS))


def _cost(method: Method) -> dict[str, Any]:
    numbers = pd.DataFrame([_cost_of(d) for d in method.done]).mean()
    words = {k: ", ".join(sorted({str(v) for d in method.done if (v := dig(d, "model", k))}))
             for k in ("device", "dtype")}  # fmt: skip
    return {**{str(k): float(v) for k, v in numbers.items()}, **words}


def _cost_of(document: Document) -> dict[str, float]:
    """One document's costs; microseconds per atom over all its test groups."""
    predict = list((dig(document, "timings", "predict") or {}).values())
    atoms = sum(number(p.get("n_atoms")) for p in predict)
    per_atom = {
        part: 1e6 * sum(number(p.get(f"{part}_seconds")) for p in predict) / atoms if atoms > 0 else np.nan
        for part in ("prepare", "evaluate")
    }
    stages = [dig(document, "timings", "fit"), *predict]
    return {
        "fit time (s)": number(dig(document, "timings", "fit", "seconds")),
        "prediction time (µs/atom)": per_atom["evaluate"] + np.nan_to_num(per_atom["prepare"]),
        "prepare time (µs/atom)": per_atom["prepare"],
        "evaluate time (µs/atom)": per_atom["evaluate"],
        "peak memory (MB)": _largest(dig(s, "peak_memory_mb") for s in stages),
        "peak GPU memory (MB)": _largest(dig(s, "peak_gpu_memory_mb") for s in stages),
    }


def _largest(values: Iterable[Any]) -> float:
    return max((v for v in map(number, values) if np.isfinite(v)), default=np.nan)
