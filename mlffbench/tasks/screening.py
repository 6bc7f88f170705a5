"""Screening: many candidates scored or relaxed in bulk; are the best ones found, and at what cost?"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from mlffbench.data import Curve, Dataset, Missing, Reference, Score, Split
from mlffbench.forcefield import ForceField
from mlffbench.properties.bulk_relaxation import relax_many
from mlffbench.properties.ranking import Ranking, ranking
from mlffbench.registry import make
from mlffbench.system.timing import measure
from mlffbench.tasks.common.subtasks import Row, needs, skipped, spread

__all__ = ["screening"]

LARGE = 8  # atoms in a crystal that is decorated, at least
RATTLES = (0.02, 0.2)  # Å, standard deviation
STRAIN = 0.06
STABLE = 0.2  # the share of the pool that is stable where no threshold is given
RESOLUTION = 1e-3  # eV per atom: what relaxations leave open
NAMES = ("reference energy (eV/atom)", "predicted energy (eV/atom)")
Candidate = tuple[Atoms, float | None]  # with its label's energy, eV


@needs("forces")
def screening(
    model: ForceField,
    dataset: Dataset,
    split: Split,
    seed: int = 0,
    *,
    pool: str | None = None,
    n: int = 60,
    shards: int = 4,
    n_jobs: int = 1,
    relax: bool = False,
    k: int = 10,
    threshold: float | None = None,
    fmax: float = 0.05,
    steps: int = 200,
) -> list[Row]:
    """Put a pool of candidates in order of energy per atom and pick the stable ones.

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
        Candidates.
    shards : int
        Parts of the pool, each done and kept on its own.
    n_jobs : int
        Worker processes that share the shards, as joblib counts them; times are then sums over workers.
    relax : bool
        Whether model and reference relax the positions of each candidate; ``strained`` only.
    k : int
    threshold : float, optional
        A candidate is stable within so much of the lowest reference energy, eV per atom; by default a fifth
        of the pool is.
    fmax, steps : float, int
        Of the relaxations, eV/Å.
    """
    known = dataset.reference
    judged = known is not None and known.truth is not None and bool(known.structures)
    pool = pool or ("strained" if judged else "labels")
    if pool not in ("strained", "labels") or (relax and pool == "labels"):
        raise ValueError(f"a pool is 'strained', or 'labels' without relax; got {pool!r}, relax={relax}")
    if pool == "strained" and not judged:
        return [skipped("", "", f"{dataset.name} has no potential to judge candidates: use pool: labels")]
    strained = known if pool == "strained" else None
    candidates = _labelled(dataset, split, n, seed) if strained is None else _strained(strained, n, seed)
    settle = partial(_energies, relax=relax, fmax=fmax, steps=steps)
    work, parts = _shards(model, candidates, strained and strained.truth, settle, shards)
    rows = spread(work, n_jobs)
    return _summary(pool, rows, candidates, parts, k, threshold, relax)


Settle = Callable[[BaseCalculator, Sequence[Atoms]], list[float]]


def _shards(
    model: ForceField, candidates: Sequence[Candidate], truth: Any, settle: Settle, shards: int
) -> tuple[dict[str, Callable[[], Sequence[Row]]], list[np.ndarray]]:
    """The pieces of work, and which candidates each has."""
    parts = np.array_split(np.arange(len(candidates)), min(shards, len(candidates)))
    names = [f"shard {i}" for i in range(len(parts))]
    return {
        name: partial(_shard, name, model, [candidates[j] for j in part], truth, settle)
        for name, part in zip(names, parts, strict=True)
    }, parts


# ---------------------------------------------------------------- candidates
def _labelled(dataset: Dataset, split: Split, n: int, seed: int) -> list[Candidate]:
    """Frames of all test groups, drawn at random."""
    every = np.unique(np.concatenate(list(split.tests.values())))
    drawn = np.sort(np.random.default_rng(seed).permutation(every)[:n])
    return [(dataset.frames[i], float(dataset.labels.energy[i])) for i in drawn.tolist()]


def _strained(reference: Reference, n: int, seed: int) -> list[Candidate]:
    """The reference's structures in turn, strained, rattled, and with a vacancy by turns."""
    rng = np.random.default_rng(seed)
    homes = list(reference.structures.values())
    return [(_decorated(homes[i % len(homes)], i // len(homes), rng), None) for i in range(n)]


def _decorated(home: Atoms, turn: int, rng: np.random.Generator) -> Atoms:
    atoms = home.copy()
    atoms.set_constraint()
    periodic = bool(home.pbc.all())
    while periodic and len(atoms) < LARGE:
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
    truth: Any,
    settle: Settle,
) -> list[Row]:
    """Energies, eV, of one part of the pool and what they took."""
    structures = [atoms for atoms, _ in candidates]
    calculator = model.calculator()
    cpu = time.process_time()
    with measure(str(getattr(model, "device", "cpu"))) as taken:
        predicted = settle(calculator, structures)
    cpu = time.process_time() - cpu
    labels = [energy for _, energy in candidates if energy is not None]
    true = labels if truth is None else settle(make(truth, ("calculators",)), structures)
    return [
        Curve(name, *NAMES, true, predicted),
        Score(name, "cost", "seconds", taken.seconds, "s"),
        Score(name, "cost", "core_seconds", cpu, "s"),
    ]


def _energies(
    calculator: BaseCalculator, structures: Sequence[Atoms], relax: bool, fmax: float, steps: int
) -> list[float]:
    """Of each structure, eV, as it is or relaxed; not a number where that fails."""
    runs = relax_many(calculator, structures, fmax=fmax, steps=steps if relax else 0)
    return [run.energy for run in runs]


# ---------------------------------------------------------------- the whole pool
def _summary(
    pool: str,
    rows: Sequence[Row],
    candidates: Sequence[Candidate],
    parts: Sequence[np.ndarray],
    k: int,
    threshold: float | None,
    relax: bool,
) -> list[Row]:
    """Ranking and cost of all shards that came through."""
    lost = [row for row in rows if isinstance(row, Missing)]
    curves = {row.name: row for row in rows if isinstance(row, Curve)}
    done = [(part, curves[f"shard {i}"]) for i, part in enumerate(parts) if f"shard {i}" in curves]
    picks = [i for part, _ in done for i in part.tolist()]
    if len(picks) < 2:
        return [*lost, skipped(pool, "screening", "fewer than two candidates have an energy")]
    atoms = [candidates[i][0] for i in picks]
    true = np.concatenate([curve.x for _, curve in done]).astype(float)
    guess = np.concatenate([curve.y for _, curve in done]).astype(float)
    known = np.isfinite(true)
    true, guess = _above([a for a, good in zip(atoms, known, strict=True) if good], true[known], guess[known])
    if relax:
        true, guess = (np.round(e / RESOLUTION) * RESOLUTION for e in (true, guess))
    limit = float(np.quantile(true, STABLE)) if threshold is None else float(true.min()) + threshold
    found = ranking(true, np.where(np.isfinite(guess), guess, np.inf), limit, min(k, len(true)))
    kept = np.isfinite(guess)
    parity = Curve(f"{pool} pool", *NAMES, true[kept].tolist(), guess[kept].tolist())
    return [*lost, *_scores(pool, found), *_costs(pool, rows, len(picks)), parity]


def _above(atoms: Sequence[Atoms], true: np.ndarray, guess: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Energies per atom above Σ n_Z e_Z, the e_Z of least squares of the true ones."""
    elements = np.unique(np.concatenate([a.numbers for a in atoms]))
    counts = np.array([(a.numbers[:, None] == elements).sum(axis=0) for a in atoms], dtype=float)
    size = counts.sum(axis=1)
    base = counts @ np.linalg.lstsq(counts / size[:, None], true / size, rcond=None)[0]
    return (true - base) / size, (guess - base) / size


def _scores(pool: str, found: Ranking) -> list[Row]:
    """Each as 1 − value over its largest possible."""
    largest_daf = 1 / found.prevalence if found.prevalence else None
    values = {
        "spearman": (found.spearman, 1.0),
        "kendall": (found.kendall, 1.0),
        "top_k": (found.top_k_recall, 1.0),
        "enrichment": (found.enrichment, found.max_enrichment),
        "precision": (found.precision, 1.0),
        "recall": (found.recall, 1.0),
        "f1": (found.f1, 1.0),
        "daf": (found.daf, largest_daf),
    }
    return [_score(pool, metric, value, best) for metric, (value, best) in values.items()]


def _score(pool: str, metric: str, value: float | None, best: float | None) -> Row:
    if value is None or not best:
        why = (
            "no candidate is predicted to be stable"
            if metric in ("precision", "f1", "daf")
            else "all are equal"
        )
        return skipped(pool, metric, why)
    return Score(pool, "ranking", metric, 1 - value / best, "", predicted=value, reference=best)


def _costs(pool: str, rows: Sequence[Row], n: int) -> list[Row]:
    total = lambda metric: sum(r.value for r in rows if isinstance(r, Score) and r.metric == metric)
    return [
        Score(pool, "cost", "seconds_per_structure", total("seconds") / n, "s"),
        Score(pool, "cost", "core_seconds_per_structure", total("core_seconds") / n, "s"),
    ]
