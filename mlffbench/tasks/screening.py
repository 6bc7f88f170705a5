"""Screening of a pool of candidates: order by energy, choice of the stable ones, cost per structure."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Literal

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from mlffbench.data import LEFT_OUT, Curve, Dataset, Missing, Reference, Score, Split, bare
from mlffbench.forcefield import ForceField
from mlffbench.properties.bulk_relaxation import relax_many
from mlffbench.properties.ranking import Ranking, ranking
from mlffbench.system.ranges import Count, Natural, NonNegative, Positive, Workers
from mlffbench.system.timing import measure
from mlffbench.tasks.common.reference import reference_calculator
from mlffbench.tasks.common.settings import from_keywords
from mlffbench.tasks.common.subtasks import Row, Subtask, measures_times, needs, run_subtasks, skipped_row

__all__ = ["screening"]

MIN_ATOMS = 8  # of a candidate crystal
RATTLES = (0.02, 0.2)  # Å, smallest and largest standard deviation
STRAIN = 0.06  # largest component
STABLE = 0.2  # share of the pool that is stable if no threshold is given
RESOLUTION = 1e-3  # eV per atom, of relaxed energies
N_SHARDS, SHARD = 4, 250  # parts of a pool, at least; candidates in one, at most
AXES = ("reference energy (eV/atom)", "predicted energy (eV/atom)")
Candidate = tuple[Atoms, float | None]  # a structure, and the energy of its label, eV


@dataclass(frozen=True)
class RelaxationSettings:
    """Largest force, eV/Å, or number of steps at which a relaxation of positions ends; 0 steps: none."""

    fmax: Positive = 0.05
    steps: Natural = 200


Pool = Literal["strained", "labels"]
RelaxationKeywords = Annotated[Mapping[str, Any], RelaxationSettings]


@measures_times
@needs("forces")
def screening(
    model: ForceField, dataset: Dataset, split: Split, seed: int = 0, *, pool: Pool | None = None,
    n: Count = 60, n_jobs: Workers = 1, relax: bool | RelaxationKeywords = False, k: Count = 10,
    threshold: NonNegative | None = None,
) -> list[Row]:  # fmt: skip
    """Order a pool of candidates by energy per atom, and choose the stable ones.

    Energies count from those of the elements that fit the pool's reference energies best (least squares), the
    same for both. Of the pool's order the scores are 1 − ρ (``spearman``), 1 − τ
    (``kendall``), the share of the lowest k missed (``top_k``) and 1 − enrichment over the largest possible;
    of the choice of candidates at or below the threshold 1 − precision, 1 − recall, 1 − F1 and 1 − DAF over
    the largest possible, see `mlffbench.properties.ranking`. The cost is wall and processor time per
    structure.

    Parameters
    ----------
    pool : {"strained", "labels"}, optional
        ``strained``: strained, rattled and vacant cells of the reference's structures, rattled molecules,
        judged by the dataset's own potential; ``labels``: frames of the test groups with their labels. By
        default the first where the dataset has a potential.
    n : int
        Number of candidates.
    n_jobs : int
        Worker processes that share the pool, as joblib counts them; times are then sums over workers.
    relax : bool or mapping
        Model and reference relax the positions of each candidate (``strained`` only) until the largest force
        is ``fmax`` (0.05 eV/Å) or for ``steps`` (200), which a mapping sets: ``{fmax: 0.01}``.
    k : int
        Number of lowest candidates whose recall is scored.
    threshold : float, optional
        A candidate is stable within so much of the lowest reference energy, eV per atom; by default a fifth
        of the pool is.

    Raises
    ------
    LookupError
        The relaxation has no such keyword.
    ValueError
        There is no such pool, or its candidates cannot be relaxed.
    """
    relaxation = _relaxation(relax)
    reference = dataset.reference
    judged = reference is not None and reference.truth is not None and bool(reference.structures)
    pool = pool or ("strained" if judged else "labels")
    if pool not in ("strained", "labels") or (relaxation.steps and pool == "labels"):
        raise ValueError(f"a pool is 'strained', or 'labels' without relax; got {pool!r}, relax={relax}")
    if pool == "strained" and not judged:
        reason = f"{dataset.name} has no potential to judge candidates: use pool: labels"
        return [skipped_row("", "", reason)]
    judge = reference if pool == "strained" else None
    candidates = _labelled(dataset, split, n, seed) if judge is None else _strained(judge, n, seed)
    energies = partial(_energies, relaxation=relaxation)
    parts = _parts(len(candidates), n_jobs)
    rows = run_subtasks(_subtasks(model, candidates, parts, judge, energies), n_jobs)
    left_out = split.notes.get(LEFT_OUT) if judge is None else None
    name = f"{pool} without {', '.join(left_out)}" if left_out else pool
    return _summary(name, rows, candidates, parts, k, threshold, relaxation.steps > 0)


Energies = Callable[[BaseCalculator, Sequence[Atoms]], list[float]]


def _relaxation(relax: bool | Mapping[str, Any]) -> RelaxationSettings:
    """Return the settings of the relaxation, with 0 steps if there is none."""
    if relax is False or relax is None:
        return RelaxationSettings(steps=0)
    return from_keywords(RelaxationSettings, {} if relax is True else relax, "'relax' of screening")


def _parts(n: int, n_jobs: int) -> list[np.ndarray]:
    """Split the candidates into shards that finish, and are kept, one by one."""
    from joblib import effective_n_jobs

    n_shards = max(N_SHARDS, effective_n_jobs(n_jobs), -(-n // SHARD))
    return np.array_split(np.arange(n), min(n_shards, n))


def _subtasks(
    model: ForceField, candidates: Sequence[Candidate], parts: Sequence[np.ndarray],
    judge: Reference | None, energies: Energies,
) -> dict[str, Subtask]:  # fmt: skip
    """Return one subtask for every shard."""
    return {
        f"shard {i}": partial(_shard, f"shard {i}", model, [candidates[j] for j in part], judge, energies)
        for i, part in enumerate(parts)
    }


# ---------------------------------------------------------------- candidates
def _labelled(dataset: Dataset, split: Split, n: int, seed: int) -> list[Candidate]:
    """Draw n frames of all test groups at random."""
    tests = np.unique(np.concatenate(list(split.tests.values())))
    picks = np.sort(np.random.default_rng(seed).permutation(tests)[:n])
    return [(dataset.frames[i], float(dataset.labels.energy[i])) for i in picks.tolist()]


def _strained(reference: Reference, n: int, seed: int) -> list[Candidate]:
    """Distort the reference's structures in turn."""
    rng = np.random.default_rng(seed)
    structures = list(reference.structures.values())
    m = len(structures)
    return [(_distorted(structures[i % m], i // m, rng), None) for i in range(n)]


def _distorted(structure: Atoms, turn: int, rng: np.random.Generator) -> Atoms:
    """Rattle a structure; strain the crystals of every third turn, take an atom out of those of another."""
    atoms = bare(structure)
    periodic = bool(atoms.pbc.all())
    while periodic and len(atoms) < MIN_ATOMS:
        atoms = atoms.repeat(np.eye(3, dtype=int)[np.argmin(atoms.cell.lengths())] + 1)
    if periodic and turn % 3 == 0:
        strain = rng.uniform(-STRAIN, STRAIN, (3, 3))
        atoms.set_cell(atoms.cell.array @ (np.eye(3) + (strain + strain.T) / 2), scale_atoms=True)
    if periodic and turn % 3 == 2:
        del atoms[int(rng.integers(len(atoms)))]
    atoms.positions += rng.normal(scale=rng.uniform(*RATTLES), size=(len(atoms), 3))
    return atoms


# ---------------------------------------------------------------- energies, shard by shard
def _shard(
    name: str,
    model: ForceField,
    candidates: Sequence[Candidate],
    judge: Reference | None,
    energies: Energies,
) -> list[Row]:
    """Energies, eV, of one part of the pool, and their cost."""
    structures = [atoms for atoms, _ in candidates]
    calculator = model.calculator()
    cpu = time.process_time()
    with measure(str(getattr(model, "device", "cpu"))) as clock:
        predicted = energies(calculator, structures)
    cpu = time.process_time() - cpu
    truth = reference_calculator(judge)
    labels = [energy for _, energy in candidates if energy is not None]
    true = labels if truth is None else energies(truth, structures)
    return [
        Curve(name, *AXES, true, predicted),
        Score(name, "cost", "seconds", clock.seconds, "s"),
        Score(name, "cost", "core_seconds", cpu, "s"),
    ]


def _energies(
    calculator: BaseCalculator, structures: Sequence[Atoms], relaxation: RelaxationSettings
) -> list[float]:
    """Return the energy of each structure after its relaxation, eV; nan if that fails."""
    runs = relax_many(calculator, structures, fmax=relaxation.fmax, steps=relaxation.steps)
    return [run.energy for run in runs]


# ---------------------------------------------------------------- the whole pool
def _summary(
    pool: str,
    rows: Sequence[Row],
    candidates: Sequence[Candidate],
    parts: Sequence[np.ndarray],
    k: int,
    threshold: float | None,
    relaxed: bool,
) -> list[Row]:
    """Ranking and cost of all shards that finished."""
    failures = [row for row in rows if isinstance(row, Missing)]
    curves = {row.name: row for row in rows if isinstance(row, Curve)}
    shards = [(part, curves[f"shard {i}"]) for i, part in enumerate(parts) if f"shard {i}" in curves]
    picks = [i for part, _ in shards for i in part.tolist()]
    if len(picks) < 2:
        return [*failures, skipped_row(pool, "screening", "fewer than two candidates have an energy")]
    if len(picks) < len(candidates):  # another pool than that of a method that has all
        pool = f"{pool}, {len(picks)} of {len(candidates)} candidates"
    true = np.concatenate([curve.x for _, curve in shards]).astype(float)
    predicted = np.concatenate([curve.y for _, curve in shards]).astype(float)
    atoms = [candidates[i][0] for i, e in zip(picks, true, strict=True) if np.isfinite(e)]
    valid = np.isfinite(true)
    true, predicted = energies_above_elements(atoms, true[valid], predicted[valid])
    if relaxed:
        true, predicted = (np.round(e / RESOLUTION) * RESOLUTION for e in (true, predicted))
    limit = float(np.quantile(true, STABLE)) if threshold is None else float(true.min()) + threshold
    finite = np.isfinite(predicted)
    order = ranking(true, np.where(finite, predicted, np.inf), limit, min(k, len(true)))
    parity = Curve(f"{pool} pool", *AXES, true[finite].tolist(), predicted[finite].tolist())
    return [*failures, *_ranking_rows(pool, order), *_cost_rows(pool, rows, len(picks)), parity]


def energies_above_elements(
    atoms: Sequence[Atoms], true: np.ndarray, predicted: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return energies per atom above Σ n_Z e_Z, with the e_Z of least squares of the true energies."""
    elements = np.unique(np.concatenate([a.numbers for a in atoms]))
    counts = np.array([(a.numbers[:, None] == elements).sum(axis=0) for a in atoms], dtype=float)
    size = counts.sum(axis=1)
    base = counts @ np.linalg.lstsq(counts / size[:, None], true / size, rcond=None)[0]
    return (true - base) / size, (predicted - base) / size


def _ranking_rows(pool: str, order: Ranking) -> list[Row]:
    """1 − value over the largest possible value of every score of the ranking."""
    largest_daf = 1 / order.prevalence if order.prevalence else None
    values = {
        "spearman": (order.spearman, 1.0),
        "kendall": (order.kendall, 1.0),
        "top_k": (order.top_k_recall, 1.0),
        "enrichment": (order.enrichment, order.max_enrichment),
        "precision": (order.precision, 1.0),
        "recall": (order.recall, 1.0),
        "f1": (order.f1, 1.0),
        "daf": (order.daf, largest_daf),
    }
    trials = {"top_k": order.k, "precision": order.n_predicted, "recall": order.n_stable}
    return [
        _ranking_row(pool, metric, value, best, trials.get(metric))
        for metric, (value, best) in values.items()
    ]


def _ranking_row(pool: str, metric: str, value: float | None, best: float | None, trials: int | None) -> Row:
    if value is None or not best:
        why = (
            "no candidate is predicted to be stable"
            if metric in ("precision", "f1", "daf")
            else "all are equal"
        )
        return skipped_row(pool, metric, why)
    error = 1 - value / best
    return Score(pool, "ranking", metric, error, "", predicted=value, reference=best, trials=trials)


def _cost_rows(pool: str, rows: Sequence[Row], n: int) -> list[Row]:
    """Wall and processor time per structure."""
    total = lambda metric: sum(r.value for r in rows if isinstance(r, Score) and r.metric == metric)
    return [
        Score(pool, "cost", "seconds_per_structure", total("seconds") / n, "s"),
        Score(pool, "cost", "core_seconds_per_structure", total("core_seconds") / n, "s"),
    ]
