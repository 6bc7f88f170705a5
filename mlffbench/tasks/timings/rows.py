"""Rows of measured times: medians with quartiles, memory, energy, the law of their growth, their curves."""

from __future__ import annotations

from collections.abc import Mapping

from mlffbench.data import Curve, Missing, Score
from mlffbench.tasks.common.subtasks import Row
from mlffbench.tasks.timings.growth import End, Timing
from mlffbench.tasks.timings.power_law import FEWEST, fit_power_law
from mlffbench.tasks.timings.samples import Samples

__all__ = ["curves", "dynamics_rows", "end_row", "law_rows", "timing_rows"]

LAW = "power law"  # the test of its rows
NORMAL = 1.349  # quartiles of a normal distribution lie so many standard deviations apart
DAY = 86400.0  # s


def dynamics_rows(test: str, timing: Timing, timestep: float) -> list[Row]:
    """Days per nanosecond of dynamics with a preparation and an evaluation of forces a step of so many fs."""
    if "evaluate_forces" not in timing.parts:
        return []
    step = timing.parts["prepare"].median + timing.parts["evaluate_forces"].median
    return [Score(test, "dynamics", "days_per_ns", step * 1e6 / timestep / DAY, "days/ns")]


def timing_rows(test: str, timing: Timing) -> list[Row]:
    """Medians of every part in µs per atom between their quartiles, warm-up, memory, electric energy."""
    n, first = timing.n_atoms, timing.first
    rows: list[Row] = [_per_atom(test, name, samples, n) for name, samples in timing.parts.items()]
    rows.append(Score(test, "evaluate", "warm_up", 1e3 * timing.warm_up, "ms"))
    rows.append(Score(test, "evaluate", "peak_memory", first.peak_memory_mb, "MB"))
    if first.peak_gpu_memory_mb is not None:
        rows.append(Score(test, "evaluate", "peak_gpu_memory", first.peak_gpu_memory_mb, "MB"))
    if timing.joules is not None:
        rows.append(Score(test, "evaluate", "electric_energy", 1e3 * timing.joules / n, "mJ/atom"))
    return rows


def _per_atom(test: str, quantity: str, samples: Samples, n_atoms: int) -> Score:
    median, low, high = (1e6 * t / n_atoms for t in (samples.median, *samples.quartiles))
    return Score(test, quantity, "time_per_atom", median, "µs/atom", low, high)


def end_row(test: str, end: End) -> Missing:
    """The reason why no larger size was timed."""
    return Missing(test, "evaluate", end.kind, end.message, end.traceback)


def law_rows(timings: Mapping[int, Timing]) -> list[Row]:
    """Prefactor and exponent of the evaluation's times, 95 % interval of the exponent, range of the law."""
    if len(timings) < FEWEST:
        return []
    samples = [timing.parts["evaluate"] for timing in timings.values()]
    spreads = [(s.quartiles[1] - s.quartiles[0]) / NORMAL / s.median for s in samples]
    atoms = [timing.n_atoms for timing in timings.values()]
    law = fit_power_law(atoms, [s.median for s in samples], spreads)
    if law is None:
        return [Missing(LAW, "evaluate", "skipped", "no three of the largest sizes lie on one power law")]
    half = 1.96 * law.exponent_error
    return [
        Score(LAW, "evaluate", "prefactor", 1e6 * law.prefactor, "µs"),
        Score(LAW, "evaluate", "exponent", law.exponent, "", law.exponent - half, law.exponent + half),
        Score(LAW, "evaluate", "least_atoms", law.least, "atoms"),
        Score(LAW, "evaluate", "most_atoms", law.most, "atoms"),
    ]


def curves(timings: Mapping[int, Timing], grown: str) -> list[Row]:
    """All samples of preparation and evaluation, over the atoms of the system or of the batch."""
    return [_curve(part, list(timings.values()), grown) for part in ("prepare", "evaluate") if timings]


def _curve(part: str, timings: list[Timing], grown: str) -> Curve:
    points = [(float(t.n_atoms), 1e3 * seconds) for t in timings for seconds in t.parts[part].seconds]
    x, y = zip(*points, strict=True)
    return Curve(f"{part}: time of a {grown}", f"atoms of the {grown}", f"{part} (ms)", x, y, log=True)
