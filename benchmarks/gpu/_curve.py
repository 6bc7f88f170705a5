"""Test errors against wall time while a network trains."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import monotonic
from typing import Any

import numpy as np
from _gpu import rmse

from mlffbench.data import Dataset
from mlffbench.potentials.networks.averaging import Best

__all__ = ["Points", "recorded", "seconds_to"]

Points = list[dict[str, Any]]


@contextmanager
def recorded(
    model: Any, data: Dataset, tests: Mapping[str, np.ndarray], every: float, keep: Callable[[Points], None]
) -> Iterator[Points]:
    """Evaluate the model that trains inside the block about every so many seconds, with its averaged weights.

    `keep` gets all points after each; ``seconds`` count from the block's begin, without the evaluations. An
    epoch's validation has just ended when they are read, so that the device is idle.
    """
    update, clock = Best.update, _Clock()
    points: Points = []
    prepared: dict[str, Any] = {}

    def watched(best: Best, value: float, epoch: int, weights: Any) -> None:
        update(best, value, epoch, weights)
        seconds = clock.read()
        if points and seconds - points[-1]["seconds"] < every:
            return
        with clock.paused():
            vars(model).pop("_evaluation_of", None)  # a Behler–Parrinello network's, with earlier weights
            if not prepared:
                prepared.update({k: model.prepare([data.frames[i] for i in v]) for k, v in tests.items()})
            found = {k: rmse(data, tests[k], model.evaluate(p)) for k, p in prepared.items()}
            points.append({"seconds": seconds, "epoch": epoch, "validation": value, **found})
            keep(points)

    Best.update = watched  # type: ignore[method-assign]
    try:
        yield points
    finally:
        Best.update = update  # type: ignore[method-assign]


class _Clock:
    """Seconds since its making, without those inside `paused`."""

    def __init__(self) -> None:
        self.start = monotonic()

    def read(self) -> float:
        return monotonic() - self.start

    @contextmanager
    def paused(self) -> Iterator[None]:
        begin = monotonic()
        yield
        self.start += monotonic() - begin


def seconds_to(target: float, points: Points, test: str) -> float | None:
    """Seconds of the first point whose forces' error is at most `target`, meV/Å; None if there is none."""
    below = (p["seconds"] for p in points if p[test]["forces_rmse_mev_per_angstrom"] <= target)
    return next(below, None)
