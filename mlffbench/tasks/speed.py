"""Prediction time as a function of system size and batch size."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from ase import Atoms

from mlffbench.data import Dataset, Missing, Score, Split
from mlffbench.forcefield import ForceField
from mlffbench.system.calibration import Calibration, calibrate
from mlffbench.system.failures import catch_failure
from mlffbench.system.provenance import clocks, fingerprint
from mlffbench.system.ranges import Count, Counts, Positive
from mlffbench.tasks.common.subtasks import Row, measures_times, skipped_row
from mlffbench.tasks.timings.cold_start import cold_start
from mlffbench.tasks.timings.growth import Timing, grow, timing_of
from mlffbench.tasks.timings.machine import changed, conditions, latency_rows, throughput_rows
from mlffbench.tasks.timings.rows import curves, dynamics_rows, end_row, law_rows, timing_rows
from mlffbench.tasks.timings.systems import batch, copies_of, geometric_sizes

__all__ = ["speed"]

FACTOR, MOST_ATOMS = 4, 100_000  # between sizes of systems; of the largest
BATCHES = (1, 8, 64)
SYSTEMS_SHARE, BATCHES_SHARE = 0.6, 0.25  # of the time


@measures_times
def speed(
    model: ForceField,
    dataset: Dataset,
    split: Split,
    seed: int = 0,
    copies: Counts | None = None,
    batches: Counts = BATCHES,
    repeats: Count = 3,
    max_seconds: Positive = 20.0,
    timestep: Positive = 1.0,
    fresh_process: bool = False,
) -> list[Row]:
    """Time predictions of growing systems and of growing batches of frames.

    A system is a number of copies of the first test frame: a crystal is repeated, molecules are set side by
    side. A batch is so many test frames in one call. Of each, graph building (``prepare``) and ``evaluate``
    are timed apart, and the evaluation also of the energy alone, with forces, with stress and with standard
    deviations. The rows are medians in µs per atom between the quartiles; the curves hold all samples; first
    calls are apart. `docs/tasks.md` explains every row.

    Parameters
    ----------
    copies : sequence of int, optional
        Numbers of copies; by default 1, 4, 16 ... until 100,000 atoms, or the end of the time or the memory.
    batches : sequence of int
        Numbers of frames in one call, of at most 100,000 atoms.
    repeats : int
        Samples of each time, at least; up to 25 are taken while there is time.
    max_seconds : float
        Time of the task, s; sizes that would take longer are rows with this reason.
    timestep : float
        Of molecular dynamics, fs, for the days per nanosecond.
    fresh_process : bool
        Measure the cold start in a new Python process, which takes seconds, not in this one.
    """
    start, device = time.perf_counter(), str(getattr(model, "device", None) or "cpu")
    settings, clocks_before = fingerprint(device), clocks()
    frames = _frames(dataset, split, max(batches))
    systems, rows = _systems(model, frames[0], copies)
    protocol = _Protocol(model, device, repeats, max_seconds, timestep)
    timed, of_systems = _grown(protocol, systems, "system", SYSTEMS_SHARE)
    _, of_batches = _grown(protocol, _batches(frames, batches), "batch", BATCHES_SHARE)
    left = max(max_seconds - (time.perf_counter() - start), 1.0)
    rows += [*of_systems, *law_rows(timed), *of_batches]
    rows += _cold_start(model, frames[0], device, fresh_process, left)
    rates, _ = catch_failure(lambda: calibrate(device))
    rows += _beside_the_machine(protocol, rates, {n: systems[n] for n in timed}, timed) if rates else []
    now = fingerprint(device)
    return [*rows, *changed(settings, now), conditions(model, now, rates, clocks_before)]


@dataclass(frozen=True)
class _Protocol:
    """The model and its device, samples, seconds, and the timestep in fs."""

    model: ForceField
    device: str
    repeats: int
    seconds: float
    timestep: float


def _frames(dataset: Dataset, split: Split, most: int) -> list[Atoms]:
    return [dataset.frames[i] for i in next(iter(split.tests.values()))[:most]]


def _systems(
    model: ForceField, atoms: Atoms, copies: Sequence[int] | None
) -> tuple[dict[int, list[Atoms]], list[Row]]:
    """Systems by their numbers of copies, and a row with the reason if others cannot be timed."""
    most = max(1, MOST_ATOMS // len(atoms))
    wanted = geometric_sizes(most, FACTOR) if copies is None else list(copies)
    reason = f"{type(model).__name__} describes one molecule"
    several = [n for n in wanted if n > 1 and "extensive" not in model.supports]
    rows: list[Row] = [
        skipped_row(_name("system", n, n * len(atoms)), "evaluate", reason) for n in several[:1]
    ]
    return {n: [copies_of(atoms, n)] for n in wanted if n not in several}, rows


def _batches(frames: list[Atoms], sizes: Sequence[int]) -> dict[int, list[Atoms]]:
    """Frames of each batch; of batches with too many atoms only the smallest is kept."""
    batches = {n: batch(frames, n) for n in sizes}
    return {n: own for n, own in batches.items() if n == min(sizes) or sum(map(len, own)) <= MOST_ATOMS}


def _name(grown: str, size: int, n_atoms: int) -> str:
    return f"{size} copies, {n_atoms} atoms" if grown == "system" else f"batch of {size}, {n_atoms} atoms"


def _grown(
    protocol: _Protocol, sizes: Mapping[int, list[Atoms]], grown: str, share: float
) -> tuple[dict[int, Timing], list[Row]]:
    """Timings of systems or batches, and their rows and curves."""
    seconds = share * protocol.seconds
    timing = lambda frames: timing_of(protocol.model, frames, protocol.device, protocol.repeats, seconds)
    timings, end = grow(sizes, timing, seconds)
    name = lambda size: _name(grown, size, sum(map(len, sizes[size])))
    rows = [row for n, own in timings.items() for row in timing_rows(name(n), own)]
    if grown == "system":
        rows += [row for n, own in timings.items() for row in dynamics_rows(name(n), own, protocol.timestep)]
    return timings, [*rows, *([end_row(name(end.size), end)] if end else []), *curves(timings, grown)]


def _cold_start(
    model: ForceField, atoms: Atoms, device: str, fresh_process: bool, seconds: float
) -> list[Row]:
    """Seconds of each part of the cold start, or the reason why there are none."""
    times, failure = catch_failure(lambda: cold_start(model, atoms, device, fresh_process, seconds))
    if failure is not None:
        return [Missing("cold start", "cold_start", **failure)]
    return [Score("cold start", name, "time", seconds, "s") for name, seconds in times.items()]


def _beside_the_machine(
    protocol: _Protocol, rates: Calibration, systems: Mapping[int, list[Atoms]], timed: Mapping[int, Timing]
) -> list[Row]:
    """Rows of the smallest system, and of the one with the least time per atom, in rates of the machine."""
    if not timed:
        return []
    model, per_atom = protocol.model, lambda n: timed[n].parts["evaluate"].median / timed[n].n_atoms
    smallest, best = min(timed, key=lambda n: timed[n].n_atoms), min(timed, key=per_atom)
    evaluate = lambda n: partial(model.evaluate, model.prepare(systems[n]))
    dtype = str(getattr(model, "dtype_", getattr(model, "dtype", None)) or "float64")
    return [
        *latency_rows(timed[smallest], rates, evaluate(smallest)),
        *throughput_rows(timed[best], rates, dtype, evaluate(best)),
    ]
