"""Samples of the times of several functions, taken in turn after a warm-up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlffbench.system.timing import seconds_of

__all__ = ["Samples", "take_samples", "warm_up_calls"]

MOST = 25  # samples of one function


@dataclass(frozen=True)
class Samples:
    """Times of one function, seconds: first the calls that warmed it up, then those that count."""

    warm_up: tuple[float, ...]
    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return float(np.median(self.seconds))

    @property
    def quartiles(self) -> tuple[float, float]:
        low, high = np.percentile(self.seconds, [25, 75])
        return float(low), float(high)

    @property
    def beyond_median(self) -> float:
        """Seconds that the warm-up took more than as many later calls: compilation, capture, allocation."""
        return max(0.0, sum(self.warm_up) - len(self.warm_up) * self.median)


def warm_up_calls(device: str) -> int:
    """Number of calls before the first that counts; on CUDA the last of them captures a graph."""
    if not device.startswith("cuda"):
        return 1
    from mlffbench.system.cuda_graph import WARM_UP

    return WARM_UP + 1


def take_samples(
    functions: Mapping[str, Callable[[], Any]], device: str, least: int, seconds: float
) -> dict[str, Samples]:
    """Time functions in turn, so that a slow moment of the machine falls on all of them.

    Parameters
    ----------
    functions : mapping of str to callable
    device : str
    least : int
        Samples of each.
    seconds : float
        Further rounds are taken until this time is used, or there are `MOST` samples.
    """
    n = warm_up_calls(device)
    warm_up = {name: tuple(seconds_of(f, device) for _ in range(n)) for name, f in functions.items()}
    rounds: list[dict[str, float]] = []
    spent = 0.0
    while len(rounds) < least or (spent < seconds and len(rounds) < MOST):
        rounds.append({name: seconds_of(f, device) for name, f in functions.items()})
        spent += sum(rounds[-1].values())
    return {name: Samples(warm_up[name], tuple(times[name] for times in rounds)) for name in functions}
