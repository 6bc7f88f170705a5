"""Whether a model survives dynamics, and whether what it shows then is what the reference shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from ase import Atoms

from mlffbench import registry
from mlffbench.data import Curve, Dataset, Missing, Score, Split
from mlffbench.forcefield import ForceField
from mlffbench.properties.diffusion import diffusion
from mlffbench.properties.distributions import Distribution, distributions, pooled
from mlffbench.properties.dynamics import Trajectory, dynamics
from mlffbench.properties.limits import Limits
from mlffbench.properties.spectra import Spectrum, spectrum
from mlffbench.properties.survival import survival
from mlffbench.system import progress
from mlffbench.system.checkpoint import resumed
from mlffbench.system.failures import catch_failure
from mlffbench.tasks.common.subtasks import Row, needs, skipped

__all__ = ["md"]

KINDS = {"radial": "Å", "bond": "Å", "angle": "°", "torsion": "°"}
MOST = 1000  # reference frames that limits are taken from
BONDED = 20  # one in so many of these says how molecules can be bonded
NEAR = 1.0  # K: reference frames are of this temperature
SHOWN = 0.05  # Å: bins of the curves
Record = Mapping[str, Any]  # what is kept of one trajectory, plain JSON


@dataclass(frozen=True)
class Protocol:
    """How every trajectory is followed: the model's and the reference's alike."""

    limits: Limits
    known: Sequence[Atoms]
    steps: int
    timestep: float
    friction: float
    interval: int
    equilibration: float
    frames: int
    max_seconds: float | None

    @property
    def length(self) -> float:
        return self.steps * self.timestep

    def run(
        self, calculator: Any, start: Atoms, temperature: float, seed: int, nve_steps: int = 0
    ) -> Trajectory:
        """Langevin dynamics, or so many steps at constant energy."""
        friction = None if nve_steps else self.friction
        return dynamics(
            calculator, start, temperature, nve_steps or self.steps, self.timestep, friction,
            self.interval, self.limits, seed, self.max_seconds,
        )  # fmt: skip


@dataclass(frozen=True)
class Seen:
    """What several trajectories, or the reference's frames, show together; None where they do not."""

    distributions: Mapping[str, Distribution]
    spectrum: Spectrum | None = None
    diffusion: float | None = None


@needs("forces")
def md(
    model: ForceField, dataset: Dataset, split: Split, seed: int = 0, *,
    temperatures: Sequence[float] = (300.0,), n_trajectories: int = 4, picoseconds: float = 1.0,
    timestep: float = 0.5, friction: float = 0.01, interval: int = 5, nve_picoseconds: float = 0.5,
    equilibration: float = 0.2, frames: int = 100, margin: float = 0.25, max_seconds: float | None = None,
) -> list[Row]:  # fmt: skip
    """Survival, conserved energy and observables of molecular dynamics, a test per temperature.

    Trajectories start from frames of the dataset of the nearest ``temperature`` (a column), else of training.
    They end at limits that the reference data set (`properties.limits`), at `max_seconds` they are stopped,
    which is no failure. ``failures`` is 1 − the share alive at the end, ``lifetime_lost`` 1 − restricted mean
    lifetime / length. Observables are of the living part after the equilibration; Wasserstein's W₁ to the
    reference is averaged over kinds of atoms. The reference is the dataset's true potential under the same
    protocol, starts and seeds where there is one, else its frames of the same temperature. Equal seeds give
    equal rows but for ``time_per_atom_step`` and ``days_per_ns``, and where `max_seconds` stops something.

    Parameters
    ----------
    temperatures : sequence of float
        K; the energy at constant energy (NVE) is watched at the first.
    n_trajectories : int
    picoseconds, nve_picoseconds : float
    timestep, friction : float
        fs, and 1/fs of Langevin's thermostat.
    interval : int
        Steps between looks. Vibrations above 1/(2 interval · timestep) fold back in the spectrum.
    equilibration : float
        The first part of a trajectory, not observed.
    frames : int
        Structures of a trajectory whose distributions are taken.
    margin : float
        Distances may be this part shorter or longer than any in the dataset.
    max_seconds : float, optional
        Wall time per trajectory.
    """
    if not temperatures or n_trajectories < 1 or picoseconds <= 0:
        raise ValueError("md needs at least one temperature and one trajectory, of a positive length")
    known, limits = _known(dataset, margin)
    protocol = Protocol(
        limits, known, _steps(picoseconds, timestep), timestep, friction, interval, equilibration, frames,
        max_seconds,
    )  # fmt: skip
    rows: list[Row] = []
    for n, temperature in enumerate(temperatures):
        starts, seeds = _starts(dataset, split, temperature, n_trajectories, seed)
        if n == 0 and nve_picoseconds > 0:
            steps = _steps(nve_picoseconds, timestep)
            rows += _nve(model, protocol, temperature, starts[0], seeds[0], steps)
        rows += _at_temperature(model, dataset, protocol, temperature, starts, seeds)
    return rows


# ---------------------------------------------------------------- what goes in
def _steps(picoseconds: float, timestep: float) -> int:
    return max(round(1e3 * picoseconds / timestep), 1)


def _known(dataset: Dataset, margin: float) -> tuple[list[Atoms], Limits]:
    """Frames that show how atoms can be bonded, and the limits that all together set."""
    picks = np.unique(np.linspace(0, len(dataset) - 1, MOST).astype(int))
    groups = dataset.columns.get("group", np.zeros(len(dataset)))
    frames = [dataset.frames[int(i)] for i in picks]
    return frames[::BONDED], Limits.observed(frames, list(np.asarray(groups)[picks]), margin)


def _starts(
    dataset: Dataset, split: Split, temperature: float, n: int, seed: int
) -> tuple[list[Atoms], list[int]]:
    """Frames of the most frequent kind of system, and the seed of each trajectory."""
    rng = np.random.default_rng([seed, round(temperature)])
    picks = split.train
    if "temperature" in dataset.columns:
        gap = np.abs(np.asarray(dataset.columns["temperature"], dtype=float) - temperature)
        if np.isfinite(gap).any():
            picks = np.flatnonzero(gap == np.nanmin(gap))
    chosen = [dataset.frames[int(i)] for i in picks]
    common = Counter(a.numbers.tobytes() for a in chosen).most_common(1)[0][0]
    alike = [a for a in chosen if a.numbers.tobytes() == common]
    drawn = rng.choice(len(alike), n, replace=n > len(alike))
    return [alike[i] for i in drawn], rng.integers(2**31, size=n).tolist()


def _frames_at(dataset: Dataset, temperature: float, like: Atoms) -> list[Atoms]:
    """The reference's frames of a temperature and of the same atoms."""
    if "temperature" not in dataset.columns:
        return []
    at = np.abs(np.asarray(dataset.columns["temperature"], dtype=float) - temperature) <= NEAR
    frames = [dataset.frames[int(i)] for i in np.flatnonzero(at)]
    return [a for a in frames if np.array_equal(a.numbers, like.numbers)]


# ---------------------------------------------------------------- constant energy
def _nve(
    model: ForceField, protocol: Protocol, temperature: float, start: Atoms, seed: int, steps: int
) -> list[Row]:
    test = f"{temperature:g} K"

    def follow() -> dict[str, Any]:
        found = protocol.run(model.calculator(), start, temperature, seed, steps)
        long = found.failure is None and len(found.times) > 2
        return {
            "failure": found.failure,
            "lifetime": found.lifetime,
            "drift": found.drift if long else None,
            "fluctuation": found.fluctuation if long else None,
        }

    record, rows = _piece(f"{test}, NVE", follow)
    if record is None:
        return rows
    if record["drift"] is None:
        reason = record["failure"] or "limit of wall time"
        message = f"the trajectory at constant energy ended after {record['lifetime']:g} fs: {reason}"
        return [*rows, Missing(test, "nve_drift", "diverged" if record["failure"] else "skipped", message)]
    drift, fluctuation = record["drift"], record["fluctuation"]
    unit = "meV/atom/ps"
    return [
        *rows,
        Score(test, "nve_drift", "error", abs(drift), unit, predicted=drift, reference=0.0),
        Score(test, "nve_fluctuation", "std", fluctuation, "meV/atom"),
    ]


def _piece(name: str, work: Callable[[], dict[str, Any]]) -> tuple[Record | None, list[Row]]:
    """What is kept of a piece, or the row that says why there is none."""
    found, failure = catch_failure(lambda: resumed(name, work))
    return found, [] if failure is None else [Missing("", name, **failure)]


# ---------------------------------------------------------------- one temperature
def _at_temperature(
    model: ForceField,
    dataset: Dataset,
    protocol: Protocol,
    temperature: float,
    starts: Sequence[Atoms],
    seeds: Sequence[int],
) -> list[Row]:
    test = f"{temperature:g} K"
    follow = lambda who, make: _records(f"{test}, {who}", make, protocol, temperature, starts, seeds)
    records, rows = follow("trajectory", model.calculator)
    if not records:
        return rows
    rows += _survival(test, records, protocol) + _cost(test, records, protocol, len(starts[0]))
    truth = dataset.reference.truth if dataset.reference is not None else None
    if truth is not None:
        true, failed = follow("reference", lambda: registry.make(truth, ("calculators",)))
        rows += failed + _doubt(test, true)
        reference = _together(true)
    else:
        found = _frames_at(dataset, temperature, starts[0])
        reference = Seen(distributions(found, like=[*starts, *protocol.known]) if found else {})
    return rows + _compared(test, _together(records), reference, records)


def _records(
    name: str,
    make: Callable[[], Any],
    protocol: Protocol,
    temperature: float,
    starts: Sequence[Atoms],
    seeds: Sequence[int],
) -> tuple[list[Record], list[Row]]:
    """What is kept of each trajectory, and rows for those of which nothing is."""
    records: list[Record] = []
    rows: list[Row] = []
    for k, (start, seed) in enumerate(zip(starts, seeds, strict=True)):
        progress.report(name, k, len(starts))

        def follow(start: Atoms = start, seed: int = seed) -> dict[str, Any]:
            found = protocol.run(make(), start, temperature, seed)
            return _kept(found, start, [*starts, *protocol.known], protocol)

        record, failed = _piece(f"{name} {k}", follow)
        rows += failed
        records += [] if record is None else [record]
    return records, rows


def _kept(found: Trajectory, start: Atoms, like: Sequence[Atoms], protocol: Protocol) -> dict[str, Any]:
    begin = protocol.equilibration * protocol.length
    alive = (found.times >= begin) & ((found.failure is None) | (found.times < found.lifetime))
    living = replace(
        found, times=found.times[alive], positions=found.positions[alive], velocities=found.velocities[alive]
    )
    return {
        "failure": found.failure,
        "lifetime": found.lifetime,
        "seconds": found.seconds,
        "distributions": _distributions(living, start, like, protocol.frames),
        "spectrum": _spectrum(living, start.get_masses()),
        "diffusion": _diffusion(living, start),
    }


def _distributions(living: Trajectory, start: Atoms, like: Sequence[Atoms], n: int) -> list[list[Any]]:
    if not len(living.times):
        return []
    picks = np.unique(np.linspace(0, len(living.times) - 1, n).astype(int))
    frames = [start.copy() for _ in picks]
    for atoms, k in zip(frames, picks, strict=True):
        atoms.positions = living.positions[k]
    found = distributions(frames, like=like)
    return [[d.kind, d.elements, d.x.tolist(), d.y.tolist(), d.frames] for d in found.values()]


def _spectrum(living: Trajectory, masses: np.ndarray) -> list[list[float]] | None:
    try:
        found = spectrum(living, masses)
    except ValueError:  # too short
        return None
    return [found.frequencies.tolist(), found.density.tolist()]


def _diffusion(living: Trajectory, start: Atoms) -> float | None:
    if not start.pbc.all() or not len(living.times):
        return None
    return diffusion(living.times, living.positions, start.get_masses()).coefficient


def _together(records: Sequence[Record]) -> Seen:
    """Trajectories as one: frames count alike, spectra count alike."""
    parts = [
        {f"{k} {e}": Distribution(k, e, np.array(x), np.array(y), n) for k, e, x, y, n in r["distributions"]}
        for r in records
    ]
    spectra = [r["spectrum"] for r in records if r["spectrum"] is not None]
    rates = [r["diffusion"] for r in records if r["diffusion"] is not None]
    return Seen(pooled(parts), _mean_spectrum(spectra), float(np.mean(rates)) if rates else None)


def _mean_spectrum(spectra: Sequence[Sequence[Sequence[float]]]) -> Spectrum | None:
    """On the finest of their grids."""
    if not spectra:
        return None
    grid = np.array(max((f for f, _ in spectra), key=len))
    mean = np.mean([np.interp(grid, f, d, right=0.0) for f, d in spectra], axis=0)
    return Spectrum(grid, mean / np.trapezoid(mean, grid))


# ---------------------------------------------------------------- rows
def _survival(test: str, records: Sequence[Record], protocol: Protocol) -> list[Row]:
    end, died = protocol.length, [r["failure"] is not None for r in records]
    found = survival([r["lifetime"] for r in records], died, end)
    ends = Counter(r["failure"] for r in records if r["failure"] is not None)
    story = ", ".join(f"{n} {failure}" for failure, n in ends.items())
    lost = [1 - t / end for t in (found.lifetime, found.lifetime_high, found.lifetime_low)]
    share = [1 - s for s in (found.share, found.share_high, found.share_low)]
    return [
        Score(test, "failures", "share", share[0], "", share[1], share[2]),
        Score(test, "lifetime_lost", "share", lost[0], "", lost[1], lost[2]),
        Curve(
            f"survival, {test}" + (f" ({story})" if story else ""), "time / fs", "share alive",
            np.repeat(found.times, 2)[1:].tolist(), np.repeat(found.alive, 2)[:-1].tolist(),
        ),
    ]  # fmt: skip


def _cost(test: str, records: Sequence[Record], protocol: Protocol, n_atoms: int) -> list[Row]:
    steps = sum(r["lifetime"] for r in records) / protocol.timestep
    if not steps:
        return []
    seconds = sum(r["seconds"] for r in records) / steps
    return [
        Score(test, "dynamics", "time_per_atom_step", 1e6 * seconds / n_atoms, "µs"),
        Score(test, "dynamics", "days_per_ns", seconds * 1e6 / protocol.timestep / 86400, "d"),
    ]


def _doubt(test: str, true: Sequence[Record]) -> list[Row]:
    """A warning where the reference's own potential does not stay within the limits."""
    ends = [r["failure"] for r in true if r["failure"] is not None]
    reason = (
        f"the reference potential itself crosses the limits in {len(ends)} of {len(true)} trajectories "
        f"({', '.join(sorted(set(ends)))}): a failure here need not be the model's; raise `margin`"
    )
    return [skipped(test, "reference survival", reason)] if ends else []


def _compared(test: str, found: Seen, reference: Seen, records: Sequence[Record]) -> list[Row]:
    rows: list[Row] = []
    ends = sorted({r["failure"] for r in records if r["failure"] is not None})
    dead = f"no trajectory lived beyond the equilibration ({', '.join(ends) or 'limit of wall time'})"
    for kind, unit in KINDS.items():
        rows += _distance(test, kind, unit, found, reference, dead)
    rows += [_radial_curve(test, name, found, reference) for name in found.distributions if "radial" in name]
    return rows + _spectra(test, found, reference, dead) + _rates(test, found, reference)


def _distance(test: str, kind: str, unit: str, found: Seen, reference: Seen, dead: str) -> list[Row]:
    quantity = f"{kind}_distribution"
    true = {k: d for k, d in reference.distributions.items() if d.kind == kind}
    if not found.distributions:
        return [skipped(test, quantity, dead)]
    if not reference.distributions:
        return [skipped(test, quantity, f"the dataset has neither frames nor a potential for {test}")]
    both = [found.distributions[k].distance(d) for k, d in true.items() if k in found.distributions]
    if true and len(both) < len(true):
        gone = ", ".join(sorted(true.keys() - found.distributions.keys()))
        return [skipped(test, quantity, f"the model's trajectories have no {gone}")]
    return [Score(test, quantity, "wasserstein", float(np.mean(both)), unit)] if both else []


def _radial_curve(test: str, name: str, found: Seen, reference: Seen) -> Curve:
    x, y = _binned(found.distributions[name])
    other = reference.distributions.get(name)
    rx, ry = _binned(other) if other is not None else (None, None)
    return Curve(f"{name}, {test}", "r / Å", "density / Å⁻¹", x, y, rx, ry)


def _binned(distribution: Distribution) -> tuple[list[float], list[float]]:
    """The density in coarser bins, zeros included."""
    edges = np.arange(0, distribution.x.max() + 2 * SHOWN, SHOWN)
    y = np.histogram(distribution.x, edges, weights=distribution.y)[0] / (distribution.y.sum() * SHOWN)
    first = max(int(np.flatnonzero(y)[0]) - 1, 0)
    return (edges[first:-1] + SHOWN / 2).round(3).tolist(), y[first:].tolist()


def _spectra(test: str, found: Seen, reference: Seen, dead: str) -> list[Row]:
    if found.spectrum is None:
        return [skipped(test, "vibrational_spectrum", f"{dead}, or long enough for a spectrum")]
    grid, density = found.spectrum.frequencies.tolist(), found.spectrum.density.tolist()
    true = reference.spectrum
    other = (None, None) if true is None else (true.frequencies.tolist(), true.density.tolist())
    curve = Curve(f"vibrational spectrum, {test}", "frequency / THz", "density / ps", grid, density, *other)
    if true is None:
        reason = "frames without velocities have no spectrum, and the dataset names no true potential"
        return [curve, skipped(test, "vibrational_spectrum", reason)]
    distance = found.spectrum.distance(true)
    return [curve, Score(test, "vibrational_spectrum", "wasserstein", distance, "THz")]


def _rates(test: str, found: Seen, reference: Seen) -> list[Row]:
    """Diffusion, where both diffuse; a row with the reason where only one does."""
    one, other = found.diffusion, reference.diffusion
    if reference.spectrum is None or (one is None and other is None):
        return []
    if one is None or other is None:
        who = "the reference" if one is None else "the model"
        return [skipped(test, "diffusion", f"only {who} diffuses: {one or other:.3g} Å²/ps")]
    return [Score(test, "diffusion", "error", abs(one - other), "Å²/ps", predicted=one, reference=other)]
