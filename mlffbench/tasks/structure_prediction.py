"""Whether the model's minima are the reference's: found again, found from nothing, and in the same order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import inf
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator
from ase.data import chemical_symbols, covalent_radii
from ase.neighborlist import neighbor_list

from mlffbench.data import Curve, Dataset, Reference, Score, Split
from mlffbench.forcefield import ForceField
from mlffbench.properties import pointwise_distances
from mlffbench.properties.basin_hopping import basin_hopping
from mlffbench.properties.bulk_relaxation import relax_many
from mlffbench.properties.geometry import superposed_rmsd
from mlffbench.properties.minima import Minimum, distinct_minima, structure_distance
from mlffbench.properties.random_search import RandomSearch, random_search
from mlffbench.properties.ranking import ranking
from mlffbench.properties.relaxation import Relaxation
from mlffbench.registry import make
from mlffbench.tasks.common.subtasks import Row, needs, skipped, units

__all__ = ["structure_prediction"]

SAME = 0.25  # Å: a minimum of the model is one of the reference
LEFT = 0.5  # Å: relaxed further than this by the truth, a structure was no minimum of it
ALIKE = 0.1  # Å: two minima of one potential are one
RESOLUTION = 2e-3  # eV per atom: lower by less is not lower
SYMPREC = 1e-2  # Å, of the reference's ground state
LARGE = 8  # atoms in a crystal that is rattled, at least
VOLUMES = (0.9, 1.4)  # of random cells, in units of the ground state's
CLOSEST = 0.8  # distances in random cells, in units of the shortest in the reference's structures
LOWEST = 10  # minima that are ranked


@dataclass(frozen=True)
class _Job:
    """What all pieces share."""

    model: ForceField
    reference: Reference
    seed: int
    fmax: float
    steps: int

    @property
    def ground(self) -> tuple[str, Atoms]:
        return next(iter(self.reference.structures.items()))

    @property
    def cell(self) -> bool:
        """Whether cells relax."""
        return bool(self.ground[1].pbc.all()) and "stress" in self.model.properties

    def truth(self) -> BaseCalculator | None:
        return None if self.reference.truth is None else make(self.reference.truth, ("calculators",))

    def relaxed(self, calculator: BaseCalculator, structures: Sequence[Atoms]) -> list[Relaxation]:
        return relax_many(calculator, structures, cell=self.cell, fmax=self.fmax, steps=self.steps)


@needs("forces")
def structure_prediction(
    model: ForceField,
    dataset: Dataset,
    split: Split,
    seed: int = 0,
    *,
    amplitudes: Sequence[float] = (0.1, 0.3),
    n_rattled: int = 5,
    n_cells: int = 40,
    sizes: Sequence[int] = (2, 4),
    symmetry: float = 0.25,
    hops: int = 10,
    fmax: float = 0.03,
    steps: int = 300,
) -> list[Row]:
    """Relax rattled references; search for the ground state; rank the reference's minima.

    ``failure_rate``: the share of starts that do not end in the structure that was rattled, or, for the
    random cells of ``ground_state``, in the reference's ground state, with Wilson's 95 % interval. Where the
    dataset has its truth as a calculator, only rattled starts count that the truth itself brings home.
    ``steps`` are those of a mean relaxation. ``distance`` is how far (pointwise distance distributions, Å)
    or ``rmsd`` (molecules) the model's minimum is from the reference's. ``force_calls`` counts structures up
    to the first meeting with the ground state. ``minima_below`` counts the model's minima below its own
    ground state, ``false_minima`` those of them that the truth leaves when it relaxes them, or puts above
    its ground state. ``kendall`` is 1 − τ, ``top_k`` the share of the lowest three missed, of the reference's
    ten lowest minima (at least 2 meV per atom apart) relaxed by the model.

    Crystals are searched from random cells, molecules by basin hopping from the ground state.

    Parameters
    ----------
    amplitudes : sequence of float
        Standard deviations of the rattled coordinates, Å; `n_rattled` starts each.
    n_cells : int
        Random cells, multiples of the ground state's primitive cell of `sizes[0]` to `sizes[1]` atoms, a
        share `symmetry` of them with a space group.
    hops : int
        Of basin hopping.
    fmax, steps : float, int
        Of every relaxation, eV/Å.
    """
    if dataset.reference is None or not dataset.reference.structures:
        return [skipped("", "", f"{dataset.name} has no reference structures")]
    job = _Job(model, dataset.reference, seed, fmax, steps)
    work: dict[str, Callable[[], Sequence[Row]]] = {
        f"rattled {name}": partial(_rattled, job, name, amplitudes, n_rattled)
        for name in job.reference.structures
    }
    search: Callable[[BaseCalculator], RandomSearch] | None = None
    if job.ground[1].pbc.all() and job.cell:
        search = partial(_search, job, n_cells, sizes, symmetry)
        work["ground_state"] = partial(_ground_state, job, search)
    elif job.ground[1].pbc.any():
        work["ground_state"] = lambda: [skipped("", "ground_state", "cells cannot relax without stress")]
    else:
        work["ground_state"] = partial(_hopping, job, hops)
    work["ranking"] = partial(_ranking, job, search)
    return units(work)


# ---------------------------------------------------------------- from rattled references
def _rattled(job: _Job, name: str, amplitudes: Sequence[float], n: int) -> list[Row]:
    home, truth = job.reference.structures[name], job.truth()
    if truth is not None:
        home = _home(job, truth, home)
    rows: list[Row] = []
    for k, amplitude in enumerate(amplitudes):
        starts = [_shaken(home, amplitude, 1000 * (job.seed + 1) + n * k + i) for i in range(n)]
        if truth is not None:
            ends = job.relaxed(truth, starts)
            starts = [s for s, end in zip(starts, ends, strict=True) if _arrived(end, home)]
        test = f"{name}, rattled {amplitude:g} Å"
        if starts:
            rows += _recovery(test, home, job.relaxed(job.model.calculator(), starts))
        else:
            rows.append(skipped(test, "rattled", f"the reference potential itself leaves {name}"))
    return rows


def _home(job: _Job, truth: BaseCalculator, atoms: Atoms) -> Atoms:
    """The structure where the truth has its minimum."""
    return job.relaxed(truth, [atoms])[0].atoms


def _shaken(atoms: Atoms, amplitude: float, seed: int) -> Atoms:
    moved = atoms.copy()
    while atoms.pbc.all() and len(moved) < LARGE:
        moved = moved.repeat(np.eye(3, dtype=int)[np.argmin(moved.cell.lengths())] + 1)
    moved.rattle(amplitude, seed=seed)
    return moved


def _arrived(run: Relaxation, home: Atoms, tolerance: float = SAME) -> bool:
    return run.converged and _distance(home, run.atoms, tolerance) <= tolerance


def _distance(a: Atoms, b: Atoms, tolerance: float) -> float:
    """Of structures, crystals brought to one volume."""
    return structure_distance(a, b, tolerance, scaled=bool(a.pbc.all()))


def _recovery(test: str, home: Atoms, runs: Sequence[Relaxation]) -> list[Row]:
    back = [run.atoms for run in runs if _arrived(run, home)]
    steps = float(np.mean([run.steps for run in runs]))
    rows: list[Row] = [
        _failure_rate(test, "rattled", len(back), len(runs)),
        Score(test, "rattled", "steps", steps, ""),
    ]
    if not back:
        return [*rows, skipped(test, "geometry", "no start comes back to the structure")]
    if home.pbc.any():
        value = float(np.mean([structure_distance(home, atoms) for atoms in back]))
        return [*rows, Score(test, "geometry", "distance", value, "Å")]
    value = float(np.mean([superposed_rmsd(atoms, home) for atoms in back]))
    return [*rows, Score(test, "geometry", "rmsd", value, "Å")]


def _failure_rate(test: str, quantity: str, successes: int, n: int) -> Score:
    from scipy.stats import binomtest

    interval = binomtest(n - successes, n).proportion_ci(method="wilson")
    low, high = float(interval.low), float(interval.high)
    return Score(test, quantity, "failure_rate", 1 - successes / n, "", low, high)


# ---------------------------------------------------------------- the ground state from random cells
def _search(
    job: _Job, n: int, sizes: Sequence[int], symmetry: float, calculator: BaseCalculator
) -> RandomSearch:
    _, ground = job.ground
    per_atom = ground.cell.volume / len(ground)
    return random_search(
        calculator,
        _formulas(ground, sizes),
        [factor * per_atom for factor in VOLUMES],
        n,
        job.seed,
        _separation(list(job.reference.structures.values())),
        symmetry,
        job.fmax,
        job.steps,
        tolerance=ALIKE,
    )


def _formulas(ground: Atoms, sizes: Sequence[int]) -> list[str]:
    """Multiples of the ground state's primitive cell, which can hold it, with so many atoms; or one such."""
    import spglib

    cell = (ground.cell.array, ground.get_scaled_positions(), ground.numbers)
    counts = Counter(Atoms(spglib.find_primitive(cell, symprec=SYMPREC)[2]).get_chemical_symbols())
    low, high = sizes
    multiples = [k for k in range(1, high + 1) if low <= k * counts.total() <= high] or [1]
    return ["".join(f"{symbol}{k * count}" for symbol, count in counts.items()) for k in multiples]


def _separation(structures: Sequence[Atoms]) -> Mapping[str, float]:
    """Least distances by pair, Å: of the reference's structures, of covalent radii where these have none."""
    numbers = sorted({int(z) for atoms in structures for z in atoms.numbers})
    nearest = {(a, b): inf for a in numbers for b in numbers if a <= b}
    for atoms in structures:
        i, j, d = neighbor_list("ijd", atoms, 6.0)
        for pair, distance in zip(np.sort(atoms.numbers[[i, j]], axis=0).T.tolist(), d, strict=True):
            nearest[tuple(pair)] = min(nearest[tuple(pair)], float(distance))
    return {
        f"{chemical_symbols[a]}-{chemical_symbols[b]}": CLOSEST
        * (d if np.isfinite(d) else float(covalent_radii[a] + covalent_radii[b]))
        for (a, b), d in nearest.items()
    }


def _ground_state(job: _Job, search: Callable[[BaseCalculator], RandomSearch]) -> list[Row]:
    name, ground = job.ground
    calculator = job.model.calculator()
    own = _own(job, calculator)
    found = search(calculator)
    kept = _distance(ground, own.atoms, SAME) <= SAME
    hits = [i for i, run in enumerate(found.runs) if kept and _is(run, own)]
    steps = float(np.mean([run.steps for run in found.runs]))
    calls = (
        Score(name, "ground_state", "force_calls", float(found.calls_until(hits[0])), "")
        if hits
        else skipped(name, "ground_state_force_calls", f"not met in {found.force_calls} force calls")
    )
    return [
        _failure_rate(name, "ground_state", len(hits), len(found.runs)),
        Score(name, "ground_state", "missed", float(not hits), ""),
        calls,
        Score(name, "random_cells", "steps", steps, ""),
        *_below(job, name, own, found.minima),
    ]


def _own(job: _Job, calculator: BaseCalculator) -> Relaxation:
    """The reference's ground state where the model has it."""
    name, ground = job.ground
    (own,) = job.relaxed(calculator, [ground])
    if not own.converged:
        why = own.failure or f"its largest force is {own.max_force:.2g} eV/Å after {own.steps} steps"
        raise ValueError(f"the model does not relax the reference's {name}: {why}")
    return own


def _is(run: Relaxation, known: Relaxation) -> bool:
    near = abs(_per_atom(run) - _per_atom(known)) <= RESOLUTION
    return near and _arrived(run, known.atoms, ALIKE)


def _per_atom(run: Relaxation) -> float:
    return run.energy / len(run.atoms)


def _below(job: _Job, name: str, own: Relaxation, minima: Sequence[Minimum]) -> list[Row]:
    """Minima below the ground state, and those of them that the truth says are not."""
    lower = [m.atoms for m in minima if m.energy < _per_atom(own) - RESOLUTION]
    count = Score(name, "ground_state", "minima_below", float(len(lower)), "")
    if (truth := job.truth()) is None:
        return [count, skipped(name, "false_minima", "the dataset has no calculator that could judge them")]
    true, *judged = job.relaxed(truth, [job.ground[1], *lower])
    limit = _per_atom(true) + RESOLUTION
    real = [
        end.converged and _per_atom(end) <= limit and structure_distance(atoms, end.atoms, LEFT) <= LEFT
        for atoms, end in zip(lower, judged, strict=True)
    ]
    return [count, Score(name, "ground_state", "false_minima", float(len(real) - sum(real)), "")]


# ---------------------------------------------------------------- molecules
def _hopping(job: _Job, hops: int) -> list[Row]:
    """Minima that basin hopping from the ground state meets below it."""
    name, ground = job.ground
    found = basin_hopping(
        job.model.calculator(), [ground], hops, seed=job.seed, fmax=job.fmax, steps=job.steps, tolerance=ALIKE
    )
    lost = sum(not run.converged for run in found.runs)
    steps = float(np.mean([run.steps for run in found.runs]))
    return [
        _failure_rate(name, "hops", len(found.runs) - lost, len(found.runs)),
        Score(name, "hops", "steps", steps, ""),
        *_below(job, name, found.runs[0], found.minima),
        skipped(name, "random_cells", f"{name} is a molecule: there are no cells to draw"),
    ]


# ---------------------------------------------------------------- order
def _ranking(job: _Job, search: Callable[[BaseCalculator], RandomSearch] | None) -> list[Row]:
    """The reference's lowest minima in the model's order."""
    structures, true = _references(job, search)
    if len(true) < 2:
        return [skipped("low-energy structures", "ranking", "fewer than two structures of known energy")]
    ends = job.relaxed(job.model.calculator(), structures)
    guess = [_per_atom(run) if run.converged else inf for run in ends]
    k = min(3, len(true) - 1)
    found = ranking(true, guess, threshold=min(true), k=k)
    test, tau = "low-energy structures", found.kendall
    rows: list[Row] = [Score(test, "ranking", "top_k", 1 - found.top_k_recall, "")]
    rows.append(
        skipped(test, "kendall", "the model gives all structures one energy")
        if tau is None
        else Score(test, "ranking", "kendall", 1 - tau, "", predicted=tau, reference=1.0)
    )
    return [*rows, _curve(np.array(true), np.array(guess))]


def _references(
    job: _Job, search: Callable[[BaseCalculator], RandomSearch] | None
) -> tuple[list[Atoms], list[float]]:
    """Structures of the ground state's composition, with true energies per atom, eV; the lowest first."""
    kind = pointwise_distances.kind(job.ground[1])
    known = {n: a for n, a in job.reference.structures.items() if pointwise_distances.kind(a) == kind}
    truth = job.truth()
    if truth is None:
        energies: dict[str, Any] = {n: job.reference.values.get(n, {}).get("energy") for n in known}
        pairs = [(known[n], float(e)) for n, e in energies.items() if e is not None]
    else:
        runs = job.relaxed(truth, list(known.values()))
        runs += search(truth).runs if search is not None else ()
        pairs = [(m.atoms, m.energy) for m in distinct_minima(runs, ALIKE)]
    apart: list[tuple[Atoms, float]] = []
    for atoms, energy in sorted(pairs, key=lambda pair: pair[1]):
        if not apart or energy - apart[-1][1] >= RESOLUTION:
            apart.append((atoms, energy))
    return [atoms for atoms, _ in apart[:LOWEST]], [energy for _, energy in apart[:LOWEST]]


def _curve(true: np.ndarray, guess: np.ndarray) -> Curve:
    """Energies above the reference's lowest minimum, against its own."""
    x, y = true - true[0], guess - guess[0]
    kept = np.isfinite(y)
    labels = ("reference energy (eV/atom)", "energy (eV/atom)")
    return Curve("low-energy structures", *labels, x[kept].tolist(), y[kept].tolist(), x.tolist(), x.tolist())
