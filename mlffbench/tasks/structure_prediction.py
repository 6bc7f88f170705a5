"""Structure prediction: recovery of rattled minima, search for the ground state, order of minima."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from math import inf
from typing import Annotated, Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator
from ase.data import chemical_symbols, covalent_radii

from mlffbench.data import Curve, Dataset, Reference, Score, Split, value_name
from mlffbench.descriptors.neighbours import neighbour_list
from mlffbench.forcefield import ForceField
from mlffbench.properties import pointwise_distances
from mlffbench.properties.basin_hopping import basin_hopping
from mlffbench.properties.bulk_relaxation import relax_many
from mlffbench.properties.geometry import superposed_rmsd
from mlffbench.properties.minima import Minimum, distinct_minima, structure_distance
from mlffbench.properties.random_search import RandomSearch, random_search
from mlffbench.properties.ranking import ranking
from mlffbench.properties.relaxation import Relaxation
from mlffbench.properties.symmetry import standard_cell
from mlffbench.system.ranges import Count, Natural, Positive, Positives, Window
from mlffbench.tasks.common.reference import reference_calculator, stored_value
from mlffbench.tasks.common.settings import from_keywords
from mlffbench.tasks.common.subtasks import Row, Subtask, needs, run_subtasks, skipped_row

__all__ = ["structure_prediction"]

SAME_MINIMUM = 0.25  # Å: largest distance between a minimum of the model and the same one of the reference
LEFT_BASIN = 0.5  # Å: a structure that the reference potential relaxes further was no minimum of it
DUPLICATE = 0.1  # Å: largest distance between two relaxations of one potential that are one minimum
RESOLUTION = 2e-3  # eV per atom: smaller differences of energy do not count
SYMPREC = 1e-2  # Å, of the reference's ground state
MIN_ATOMS = 8  # of a rattled crystal
VOLUMES = (0.9, 1.4)  # of random cells, in units of the ground state's
CLOSEST = 0.8  # distances in random cells, in units of the shortest in the reference's structures
SYMMETRIC = 0.25  # share of the random cells that have a space group
N_RANKED = 10  # lowest minima that are ranked


@dataclass(frozen=True)
class RelaxationSettings:
    """Largest force, eV/Å, or number of steps at which every relaxation ends."""

    fmax: Positive = 0.03
    steps: Natural = 300


@dataclass(frozen=True)
class Landscape:
    """The energy landscape that is searched: the model, and the reference with its minima."""

    model: ForceField
    reference: Reference
    seed: int
    relaxation: RelaxationSettings

    @property
    def ground_state(self) -> tuple[str, Atoms]:
        return next(iter(self.reference.structures.items()))

    @property
    def cells_relax(self) -> bool:
        return bool(self.ground_state[1].pbc.all()) and "stress" in self.model.properties

    def true_calculator(self) -> BaseCalculator | None:
        return reference_calculator(self.reference)

    def relax(self, calculator: BaseCalculator, structures: Sequence[Atoms]) -> list[Relaxation]:
        fmax, steps = self.relaxation.fmax, self.relaxation.steps
        return relax_many(calculator, structures, cell=self.cells_relax, fmax=fmax, steps=steps)


@needs("forces")
def structure_prediction(
    model: ForceField, dataset: Dataset, split: Split, seed: int = 0, *,
    amplitudes: Positives = (0.1, 0.3), n_rattled: Count = 5, n_cells: Natural = 40, sizes: Window = (2, 4),
    hops: Natural = 10, relaxation: Annotated[Mapping[str, Any], RelaxationSettings] | None = None,
) -> list[Row]:  # fmt: skip
    """Relax rattled references; search for the ground state; rank the reference's minima.

    ``failure_rate``: the share of starts that do not end in the structure that was rattled, or, for the
    random cells of ``ground_state``, in the reference's ground state, with Wilson's 95 % interval. Where the
    dataset has its truth as a calculator, only starts and cells count that the truth itself brings home.
    ``steps`` are those of a mean relaxation. ``distance`` (pointwise distance distributions, Å) or ``rmsd``
    (molecules) is that of the model's minimum from the reference's, relaxed from the same start where the
    dataset has its truth. ``force_calls`` counts structures up to the first meeting with the ground state.
    ``minima_below`` counts the model's minima below its own ground state, ``false_minima`` those of them that
    the truth leaves when it relaxes them, or puts above its ground state. ``kendall`` is 1 − τ, ``top_k`` the
    share of the lowest three missed, of the reference's ten lowest minima (at least 2 meV per atom apart)
    relaxed by the model.

    Crystals are searched from random cells, molecules by basin hopping from the ground state.

    Parameters
    ----------
    amplitudes : sequence of float
        Standard deviations of the rattled coordinates, Å; `n_rattled` starts each.
    n_cells : int
        Random cells, multiples of the ground state's primitive cell of `sizes[0]` to `sizes[1]` atoms, a
        quarter of them with a space group.
    sizes : two ints
        Fewest and most atoms of a random cell.
    hops : int
        Steps of basin hopping.
    relaxation : mapping, optional
        ``fmax`` (largest force left, 0.03 eV/Å) and ``steps`` (at most, 300) of every relaxation.

    Raises
    ------
    LookupError
        The relaxation has no such keyword.
    """
    settings = from_keywords(RelaxationSettings, relaxation, "'relaxation' of structure_prediction")
    if dataset.reference is None or not dataset.reference.structures:
        return [skipped_row("", "", f"{dataset.name} has no reference structures")]
    landscape = Landscape(model, dataset.reference, seed, settings)
    subtasks: dict[str, Subtask] = {
        f"rattled {name}": partial(recovery, landscape, name, amplitudes, n_rattled)
        for name in landscape.reference.structures
    }
    search: Search | None = None
    if landscape.cells_relax:
        search = Search(landscape, n_cells, sizes)
        subtasks["ground_state"] = partial(_ground_state, landscape, search)
    elif landscape.ground_state[1].pbc.any():
        reason = "cells cannot relax without stress"
        subtasks["ground_state"] = lambda: [skipped_row("", "ground_state", reason)]
    else:
        subtasks["ground_state"] = partial(_hopping, landscape, hops)
    subtasks["ranking"] = partial(_ranking, landscape, search)
    return run_subtasks(subtasks)


# ---------------------------------------------------------------- from rattled references
def recovery(landscape: Landscape, name: str, amplitudes: Sequence[float], n: int) -> list[Row]:
    """Relax rattled copies of a reference minimum, those that the reference potential itself brings back."""
    minimum, truth = landscape.reference.structures[name], landscape.true_calculator()
    if truth is not None:
        minimum = landscape.relax(truth, [minimum])[0].atoms
    rows: list[Row] = []
    for k, amplitude in enumerate(amplitudes):
        starts = [_rattled(minimum, amplitude, 1000 * (landscape.seed + 1) + n * k + i) for i in range(n)]
        goals = [minimum] * n
        if truth is not None:
            ends = landscape.relax(truth, starts)
            home = [i for i, end in enumerate(ends) if _recovered(end, minimum)]
            starts, goals = [starts[i] for i in home], [ends[i].atoms for i in home]
        test = f"{name}, rattled {value_name(amplitude)} Å"
        if starts:
            relaxations = landscape.relax(landscape.model.calculator(), starts)
            rows += _recovery_rows(test, goals, relaxations)
        else:
            rows.append(skipped_row(test, "rattled", f"the reference potential itself leaves {name}"))
    return rows


def _rattled(atoms: Atoms, amplitude: float, seed: int) -> Atoms:
    """Return a rattled copy; a crystal is repeated to at least `MIN_ATOMS` atoms."""
    moved = atoms.copy()
    while atoms.pbc.all() and len(moved) < MIN_ATOMS:
        moved = moved.repeat(np.eye(3, dtype=int)[np.argmin(moved.cell.lengths())] + 1)
    moved.rattle(amplitude, seed=seed)
    return moved


def _recovered(run: Relaxation, minimum: Atoms, tolerance: float = SAME_MINIMUM) -> bool:
    return run.converged and _distance(minimum, run.atoms, tolerance) <= tolerance


def _distance(a: Atoms, b: Atoms, tolerance: float) -> float:
    """Distance of two structures, Å, of crystals after scaling to one volume."""
    return structure_distance(a, b, tolerance, scaled=bool(a.pbc.all()))


def _recovery_rows(test: str, goals: Sequence[Atoms], runs: Sequence[Relaxation]) -> list[Row]:
    """Failures to reach each start's goal, its relaxation by the reference, and distances from it."""
    recovered = [(run.atoms, goal) for run, goal in zip(runs, goals, strict=True) if _recovered(run, goal)]
    rows: list[Row] = [
        _failure_rate(test, "rattled", len(recovered), len(runs)),
        _mean_steps(test, "rattled", runs),
    ]
    if not recovered:
        return [*rows, skipped_row(test, "geometry", "no start comes back to the structure")]
    if goals[0].pbc.any():
        value = float(np.mean([structure_distance(goal, atoms) for atoms, goal in recovered]))
        return [*rows, Score(test, "geometry", "distance", value, "Å")]
    value = float(np.mean([superposed_rmsd(atoms, goal) for atoms, goal in recovered]))
    return [*rows, Score(test, "geometry", "rmsd", value, "Å")]


def _mean_steps(test: str, quantity: str, runs: Sequence[Relaxation]) -> Score:
    return Score(test, quantity, "steps", float(np.mean([run.steps for run in runs])), "")


def _failure_rate(test: str, quantity: str, successes: int, n: int) -> Score:
    """Share of failures with Wilson's 95 % interval."""
    from scipy.stats import binomtest

    interval = binomtest(n - successes, n).proportion_ci(method="wilson")
    low, high = float(interval.low), float(interval.high)
    return Score(test, quantity, "failure_rate", 1 - successes / n, "", low, high, trials=n)


# ---------------------------------------------------------------- the ground state from random cells
@dataclass(frozen=True)
class Search:
    """Random cells of the ground state's composition, `n` of `sizes` atoms, for any potential to relax."""

    landscape: Landscape
    n: int
    sizes: Sequence[int]

    def run(self, calculator: BaseCalculator) -> RandomSearch:
        """Relax the cells with a potential."""
        _, ground = self.landscape.ground_state
        per_atom = ground.cell.volume / len(ground)
        return random_search(
            calculator,
            formulas(ground, self.sizes),
            [factor * per_atom for factor in VOLUMES],
            self.n,
            self.landscape.seed,
            least_separations(list(self.landscape.reference.structures.values())),
            SYMMETRIC,
            self.landscape.relaxation.fmax,
            self.landscape.relaxation.steps,
            tolerance=DUPLICATE,
        )

    @cached_property
    def true_run(self) -> RandomSearch | None:
        """The cells relaxed with the reference potential, once for all; None without one."""
        truth = self.landscape.true_calculator()
        return None if truth is None else self.run(truth)


def formulas(ground: Atoms, sizes: Sequence[int]) -> list[str]:
    """Return the multiples of the ground state's primitive cell of these sizes; the cell itself if none."""
    primitive = standard_cell(ground, SYMPREC, primitive=True)
    counts = Counter((ground if primitive is None else primitive).get_chemical_symbols())
    low, high = sizes
    multiples = [k for k in range(1, high + 1) if low <= k * counts.total() <= high] or [1]
    return ["".join(f"{symbol}{k * count}" for symbol, count in counts.items()) for k in multiples]


def least_separations(structures: Sequence[Atoms]) -> Mapping[str, float]:
    """Return the least distance by pair of elements, Å, from the structures, else from covalent radii."""
    numbers = sorted({int(z) for atoms in structures for z in atoms.numbers})
    nearest = {(a, b): inf for a in numbers for b in numbers if a <= b}
    for atoms in structures:
        i, j, d = neighbour_list("ijd", atoms, 6.0)
        for pair, distance in zip(np.sort(atoms.numbers[[i, j]], axis=0).T.tolist(), d, strict=True):
            nearest[tuple(pair)] = min(nearest[tuple(pair)], float(distance))
    return {
        f"{chemical_symbols[a]}-{chemical_symbols[b]}": CLOSEST
        * (d if np.isfinite(d) else float(covalent_radii[a] + covalent_radii[b]))
        for (a, b), d in nearest.items()
    }


def _ground_state(landscape: Landscape, search: Search) -> list[Row]:
    """Search for the ground state from random cells."""
    name, _ = landscape.ground_state
    calculator = landscape.model.calculator()
    own = _own_ground_state(landscape, calculator)
    result = search.run(calculator)
    return [
        *_meetings(landscape, search, own, result),
        _mean_steps(name, "random_cells", result.runs),
        *_below(landscape, name, own, result.minima),
    ]


def _meetings(landscape: Landscape, search: Search, own: Relaxation, result: RandomSearch) -> list[Row]:
    """Meetings with the ground state, from cells that the reference potential itself brings there."""
    name, _ = landscape.ground_state
    hits, cells = _hits(landscape, own, result), list(range(len(result.runs)))
    if (truth := landscape.true_calculator()) is not None and search.true_run is not None:
        true = _own_ground_state(landscape, truth, "the reference potential")
        cells = _hits(landscape, true, search.true_run)
    if not cells:
        return [skipped_row(name, "ground_state", f"the reference potential itself does not meet {name}")]
    return [
        _failure_rate(name, "ground_state", len({*cells} & {*hits}), len(cells)),
        Score(name, "ground_state", "missed", float(not hits), "", trials=1),
        Score(name, "ground_state", "force_calls", float(result.calls_until(hits[0])), "")
        if hits
        else skipped_row(name, "ground_state_force_calls", f"not met in {result.force_calls} force calls"),
    ]


def _hits(landscape: Landscape, own: Relaxation, result: RandomSearch) -> list[int]:
    """Numbers of the random cells that a potential relaxes to its own form of the ground state."""
    if _distance(landscape.ground_state[1], own.atoms, SAME_MINIMUM) > SAME_MINIMUM:
        return []
    return [i for i, run in enumerate(result.runs) if _same_minimum(run, own)]


def _own_ground_state(landscape: Landscape, calculator: BaseCalculator, who: str = "the model") -> Relaxation:
    """Relax the reference's ground state with the model, or with the reference potential."""
    name, ground = landscape.ground_state
    (own,) = landscape.relax(calculator, [ground])
    if not own.converged:
        why = own.failure or f"its largest force is {own.max_force:.2g} eV/Å after {own.steps} steps"
        raise ValueError(f"{who} does not relax the reference's {name}: {why}")
    return own


def _same_minimum(run: Relaxation, other: Relaxation) -> bool:
    near = abs(_per_atom(run) - _per_atom(other)) <= RESOLUTION
    return near and _recovered(run, other.atoms, DUPLICATE)


def _per_atom(run: Relaxation) -> float:
    return run.energy / len(run.atoms)


def _below(landscape: Landscape, name: str, own: Relaxation, minima: Sequence[Minimum]) -> list[Row]:
    """Count the model's minima below its ground state, and those that are none of the reference potential."""
    lower = [m.atoms for m in minima if m.energy < _per_atom(own) - RESOLUTION]
    count = Score(name, "ground_state", "minima_below", float(len(lower)), "", trials=len(minima))
    if (truth := landscape.true_calculator()) is None:
        reason = "the dataset has no calculator that could judge them"
        return [count, skipped_row(name, "false_minima", reason)]
    true, *ends = landscape.relax(truth, [landscape.ground_state[1], *lower])
    limit = _per_atom(true) + RESOLUTION
    stays = lambda atoms, end: structure_distance(atoms, end.atoms, LEFT_BASIN) <= LEFT_BASIN
    real = [
        end.converged and _per_atom(end) <= limit and stays(atoms, end)
        for atoms, end in zip(lower, ends, strict=True)
    ]
    n_false = float(len(real) - sum(real))
    return [count, Score(name, "ground_state", "false_minima", n_false, "", trials=len(minima))]


# ---------------------------------------------------------------- molecules
def _hopping(landscape: Landscape, hops: int) -> list[Row]:
    """Search for minima below the ground state by basin hopping from it."""
    name, ground = landscape.ground_state
    fmax, steps = landscape.relaxation.fmax, landscape.relaxation.steps
    result = basin_hopping(
        landscape.model.calculator(), [ground], hops, seed=landscape.seed, fmax=fmax, steps=steps,
        tolerance=DUPLICATE,
    )  # fmt: skip
    converged = sum(run.converged for run in result.runs)
    return [
        _failure_rate(name, "hops", converged, len(result.runs)),
        _mean_steps(name, "hops", result.runs),
        *_below(landscape, name, result.runs[0], result.minima),
        skipped_row(name, "random_cells", f"{name} is a molecule: there are no cells to draw"),
    ]


# ---------------------------------------------------------------- order
def _ranking(landscape: Landscape, search: Search | None) -> list[Row]:
    """Compare the order of the reference's lowest minima with the model's."""
    test = "low-energy structures"
    structures, true = _reference_minima(landscape, search)
    if len(true) < 2:
        return [skipped_row(test, "ranking", "fewer than two structures of known energy")]
    ends = landscape.relax(landscape.model.calculator(), structures)
    predicted = [_per_atom(run) if run.converged else inf for run in ends]
    order = ranking(true, predicted, threshold=min(true), k=min(3, len(true) - 1))
    tau = order.kendall
    return [
        Score(test, "ranking", "top_k", 1 - order.top_k_recall, "", trials=order.k),
        skipped_row(test, "kendall", "the model gives all structures one energy")
        if tau is None
        else Score(test, "ranking", "kendall", 1 - tau, "", predicted=tau, reference=1.0),
        _energy_curve(np.array(true), np.array(predicted)),
    ]


def _reference_minima(landscape: Landscape, search: Search | None) -> tuple[list[Atoms], list[float]]:
    """Return minima of the ground state's composition with true energies per atom, eV, the lowest first."""
    reference, kind = landscape.reference, pointwise_distances.kind(landscape.ground_state[1])
    alike = {n: a for n, a in reference.structures.items() if pointwise_distances.kind(a) == kind}
    truth = landscape.true_calculator()
    if truth is None:
        energies = {n: stored_value(reference, n) for n in alike}
        size = 1 if kind[0] else len(landscape.ground_state[1])  # a molecule's energy is that of all atoms
        pairs = [(alike[n], float(e) / size) for n, e in energies.items() if e is not None]
    else:
        runs = landscape.relax(truth, list(alike.values()))
        runs += search.true_run.runs if search is not None and search.true_run is not None else ()
        pairs = [(m.atoms, m.energy) for m in distinct_minima(runs, DUPLICATE)]
    apart: list[tuple[Atoms, float]] = []
    for atoms, energy in sorted(pairs, key=lambda pair: pair[1]):
        if not apart or energy - apart[-1][1] >= RESOLUTION:
            apart.append((atoms, energy))
    return [atoms for atoms, _ in apart[:N_RANKED]], [energy for _, energy in apart[:N_RANKED]]


def _energy_curve(true: np.ndarray, predicted: np.ndarray) -> Curve:
    """Predicted against true energies, both above the reference's lowest minimum."""
    x, y = true - true[0], predicted - predicted[0]
    finite = np.isfinite(y)
    return Curve(
        "low-energy structures", "reference energy (eV/atom)", "energy (eV/atom)",
        x[finite].tolist(), y[finite].tolist(), x.tolist(), x.tolist(),
    )  # fmt: skip
