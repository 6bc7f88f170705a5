"""Times of predictions of growing size, until time or memory ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from ase import Atoms

from mlffbench.forcefield import ForceField
from mlffbench.system.energy_meter import counts_energy, joules_of
from mlffbench.system.failures import catch_failure
from mlffbench.system.process_memory import available_memory
from mlffbench.system.timing import Measurement, measure
from mlffbench.tasks.timings.samples import Samples, take_samples, warm_up_calls

__all__ = ["End", "Timing", "grow", "timing_of"]

SHARE = 1 / 40  # of the time of a growth, for further samples of one size
LONG_ENOUGH = 0.5  # s of work whose energy is counted


@dataclass(frozen=True)
class Timing:
    """Times, memory and energy of one system or batch.

    Attributes
    ----------
    n_atoms : int
    parts : mapping of str to Samples
        ``prepare``; ``evaluate`` (all quantities); ``evaluate_energy``, ``evaluate_forces`` (with energies),
        ``evaluate_stress`` (with both), ``evaluate_std`` (with energies).
    first : Measurement
        Of the very first preparation and evaluation.
    grown : int
        Bytes by which that call raised the memory of the process.
    joules : float or None
        Electric energy of one evaluation.
    least_seconds : float
        Time of the calls that are needed at least.
    """

    n_atoms: int
    parts: dict[str, Samples]
    first: Measurement
    grown: int
    joules: float | None
    least_seconds: float

    @property
    def warm_up(self) -> float:
        """Seconds that first calls of this size took beyond the median."""
        prepare, evaluate = self.parts["prepare"], self.parts["evaluate"]
        first = max(0.0, self.first.seconds - prepare.median - evaluate.median)
        return first + evaluate.beyond_median


@dataclass(frozen=True)
class End:
    """The size at which a growth ended, with kind and message of the reason."""

    size: int
    kind: str
    message: str
    traceback: str = ""
    where: str | None = None


def grow(
    sizes: Mapping[int, list[Atoms]], timing: Callable[[list[Atoms]], Timing], seconds: float
) -> tuple[dict[int, Timing], End | None]:
    """Time each size in turn, until one fails or would take more time or memory than there is.

    Parameters
    ----------
    sizes : mapping of int to list of Atoms
        The frames of one prediction by its size.
    timing : callable
        Frames -> Timing.
    seconds : float
        Of all sizes together.

    Returns
    -------
    timings : dict of int to Timing
    end : End or None
        None if all sizes were timed.
    """
    timings: dict[int, Timing] = {}
    start = time.perf_counter()
    for size, frames in sizes.items():
        left = seconds - (time.perf_counter() - start)
        if reason := _too_large(list(timings.values()), sum(map(len, frames)), left, seconds):
            return timings, End(size, "skipped", reason)
        value, failure = catch_failure(partial(timing, frames))
        if failure is not None:
            return timings, End(size, **failure)
        timings[size] = value
    return timings, None


def _too_large(timings: list[Timing], n_atoms: int, left: float, seconds: float) -> str:
    """Sentence on the time or the memory that a size lacks, extrapolated from smaller ones; '' if none."""
    if not timings or n_atoms <= timings[-1].n_atoms:
        return ""
    ratio = n_atoms / timings[-1].n_atoms
    needed = timings[-1].least_seconds * ratio ** _exponent(timings)
    if needed > left:
        return (
            f"this and larger sizes would take longer, about {needed:.2g} s, than the {max(left, 0):.2g} s "
            f"left of {seconds:.3g}"
        )
    memory, free = timings[-1].grown * ratio, available_memory()
    if memory > free:
        return (
            f"this and larger sizes would need more memory, about {memory / 2**30:.2g} GiB, than the "
            f"{free / 2**30:.2g} GiB that are free"
        )
    return ""


def _exponent(timings: list[Timing]) -> float:
    """Exponent of the growth to the next size: that between the last two, if below 1 halfway to it."""
    if len(timings) < 2 or timings[-1].n_atoms <= timings[-2].n_atoms:
        return 0.5
    times, atoms = ([getattr(t, name) for t in timings[-2:]] for name in ("least_seconds", "n_atoms"))
    last = float(np.log(times[1] / times[0]) / np.log(atoms[1] / atoms[0]))
    return max(last, (last + 1) / 2)


def timing_of(model: ForceField, frames: list[Atoms], device: str, repeats: int, seconds: float) -> Timing:
    """Time the preparation and evaluation of frames, together and quantity by quantity.

    The first call is measured with its memory; the samples are taken later, beside no other thread.
    """
    with measure(device) as before:
        pass
    with measure(device) as first:
        prepared = model.prepare(frames)
        labels = model.evaluate(prepared)
    evaluate = partial(model.evaluate, prepared)
    functions: dict[str, Callable[[], Any]] = {"prepare": partial(model.prepare, frames)}
    functions["evaluate"] = evaluate
    known = {"forces": labels.forces, "stress": labels.stress, "std": labels.energy_std}
    for name, quantities in _asked([name for name, values in known.items() if values is not None]).items():
        functions[f"evaluate_{name}"] = partial(evaluate, quantities)
    parts = take_samples(functions, device, repeats, SHARE * seconds)
    calls = warm_up_calls(device) + repeats
    least = first.seconds + calls * sum(samples.median for samples in parts.values())
    grown = max(0, int((first.peak_memory_mb - before.peak_memory_mb) * 2**20))
    n_atoms = sum(map(len, frames))
    return Timing(n_atoms, parts, first, grown, _joules(evaluate, parts["evaluate"].median, device), least)


def _asked(known: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Quantities that are asked for together, named by the last."""
    asked = {"energy": ("energy",), "forces": ("energy", "forces"), "stress": ("energy", "forces", "stress")}
    asked["std"] = ("energy", "std")
    return {name: quantities for name, quantities in asked.items() if name == "energy" or name in known}


def _joules(evaluate: Callable[[], object], seconds: float, device: str) -> float | None:
    """Energy of one of many evaluations; None where nothing counts it."""
    if not counts_energy(device):
        return None
    calls = 1 + int(LONG_ENOUGH / seconds)

    def work() -> None:
        for _ in range(calls):
            evaluate()

    used = joules_of(work, device)
    return None if used is None else used / calls
