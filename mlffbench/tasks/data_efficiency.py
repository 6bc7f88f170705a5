"""Active learning by a model's own uncertainty against random choice of training frames.

Metrics, for force components and for energies per atom:

``query_area_ratio``
    The area under the error of the queried side against the number of frames (trapezoids) over that of the
    random side; the geometric mean over draws with Student's 95 % interval. Below 1 the uncertainty saves
    data. `predicted` and `reference` are the two errors, averaged along the curve.
``final_rmse_queried``, ``final_rmse_random``
    The errors after the last round, with means and intervals of the same kind.

The curves are those of the queried side, with the random side as their reference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Literal

import numpy as np

from mlffbench.data import Curve, Dataset, Score, Split
from mlffbench.forcefield import ForceField
from mlffbench.system import progress
from mlffbench.system.ranges import Count, UpToAll
from mlffbench.tasks.common.calibration import frame_std
from mlffbench.tasks.common.refits import UNITS, first_seed, frame_count, geometric_mean, group_errors, refit
from mlffbench.tasks.common.subtasks import Row, needs, run_subtasks, skipped_row, unmet_need

__all__ = ["data_efficiency"]

QUERIED, RANDOM = "largest σ", "random"
WORST = "worst transfer group"


@dataclass(frozen=True)
class Loop:
    """Model, data and sizes of an active-learning loop, the same for both sides."""

    model: ForceField
    dataset: Dataset
    split: Split
    seed: int
    n_start: int
    n_query: int
    rounds: int
    deviation: str

    def order(self, draw: int) -> np.ndarray:
        """Shuffle the training frames: the first `n_start` start both sides, the rest is the pool."""
        return np.random.default_rng([self.seed, draw]).permutation(self.split.train)

    def fit(self, frames: np.ndarray, draw: int) -> ForceField:
        return refit(self.model, self.dataset, frames, first_seed(self.model, self.seed) + draw)


@dataclass(frozen=True)
class Pair:
    """The error curves of both sides of one draw."""

    queried: Curve
    random: Curve


@needs("uncertainty")
def data_efficiency(
    model: ForceField,
    dataset: Dataset,
    split: Split,
    seed: int = 0,
    *,
    n_start: UpToAll = 0.1,
    n_query: UpToAll = 0.1,
    rounds: Count = 4,
    n_seeds: Count = 3,
    deviation: Literal["forces", "energy"] | None = None,
) -> list[Row]:
    """Grow a training set by the frames of largest σ, and by as many random ones from the same start.

    A draw is a shuffle of the training frames, of which the first `n_start` start both sides; each round adds
    `n_query` and fits anew. Queried are the frames of the rest with the largest deviations, whose labels are
    not looked at; nothing keeps the frames of one query apart, so that many at once may be near duplicates.
    The random side takes the next of the shuffle. After each fit the errors on the in-domain group, and the
    largest on any other, are taken. A draw costs 1 + 2 `rounds` fits, each as long as ``max_seconds`` allows.

    Parameters
    ----------
    n_start, n_query : float
        Shares of the training set (0.5, 1.0) or numbers of frames (20).
    rounds : int
        Fewer where the training set runs out. Stay below the whole set, where both sides must end alike.
    n_seeds : int
        Draws; a method with a ``random_state`` gets another one in each.
    deviation : {"forces", "energy"}, optional
        The deviation that queries: a frame's largest of a force component, or that of its energy per atom. By
        default that of forces where the model has it.

    Raises
    ------
    NotImplementedError
        The model predicts no uncertainty, or no such `deviation`.
    ValueError
        The training set is too small for a start and a round, or there is no round.
    """
    predicted = _deviations(model, dataset, split)
    n = len(split.train)
    first, more = frame_count(n_start, n, "n_start"), frame_count(n_query, n, "n_query")
    if n < first + more or rounds < 1:
        raise ValueError(
            f"{n} training frames are too few to start from {first} and query {more} in {rounds} rounds"
        )
    deviation = deviation or ("forces" if "forces" in predicted else "energy")
    if deviation not in predicted:
        raise NotImplementedError(
            f"{type(model).__name__} has no deviation of {deviation!r}; it has those of {predicted}"
        )
    rounds = min(rounds, (n - first) // more)
    return _loops(Loop(model, dataset, split, seed, first, more, rounds, deviation), n_seeds)


data_efficiency.frame_counts = ("n_start", "n_query")  # type: ignore[attr-defined]


def _deviations(model: ForceField, dataset: Dataset, split: Split) -> list[str]:
    """Return the deviations that the model predicts: energy, forces or both."""
    if reason := unmet_need(data_efficiency, model, dataset, split):
        raise NotImplementedError(reason)
    frames = [dataset.frames[int(split.train[0])]]
    return sorted(frame_std(frames, model.predict(frames)))


def _loops(loop: Loop, n_seeds: int) -> list[Row]:
    """Run both sides of every draw; compare those draws whose two sides finished."""
    rows: list[Row] = []
    pairs: dict[tuple[str, str], list[Pair]] = {}
    start = lru_cache(maxsize=1)(lambda draw: loop.fit(loop.order(draw)[: loop.n_start], draw))
    for draw in range(n_seeds):
        sides: dict[str, dict[tuple[str, str], Curve]] = {QUERIED: {}, RANDOM: {}}
        for side, curves in sides.items():
            for row in run_subtasks({f"{side}, draw {draw}": partial(_grow, loop, side, draw, start)}):
                if isinstance(row, Curve):
                    curves[row.name, row.y_label] = row
                else:
                    rows.append(row)
        for key, groups in _tests(loop, sides[QUERIED].keys() & sides[RANDOM].keys()).items():
            queried, random = (_largest(curves, groups) for curves in sides.values())
            pairs.setdefault(key, []).append(Pair(queried, random))
    return rows + [row for key in sorted(pairs) for row in _rows(*key, pairs[key])]


def _tests(loop: Loop, curves: Iterable[tuple[str, str]]) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """Return the groups and quantities of the in-domain test, and those of the worst of all others."""
    tests: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for group, quantity in sorted(curves):
        name = group if group == loop.split.in_domain else WORST
        tests.setdefault((name, quantity), []).append((group, quantity))
    return tests


def _largest(curves: Mapping[tuple[str, str], Curve], groups: Sequence[tuple[str, str]]) -> Curve:
    """Return the curve of the largest error on any of the groups."""
    y = np.max([curves[group].y for group in groups], axis=0)
    return replace(curves[groups[0]], y=y.tolist())


def _grow(loop: Loop, side: str, draw: int, start: Callable[[int], ForceField]) -> list[Row]:
    """Return the errors after each round: curves named by their group and labelled by their quantity.

    A group that one of the fits cannot predict has rows with the reason in place of curves.
    """
    train, pool = np.split(loop.order(draw), [loop.n_start])
    model = start(draw)
    name = f"{side}, draw {draw}"
    history = [group_errors(model, loop.dataset, loop.split, name)]
    for done in range(loop.rounds):
        progress.report(name, done, loop.rounds)
        picks = _query(loop, model, pool) if side == QUERIED else np.arange(loop.n_query)
        train, pool = np.append(train, pool[picks]), np.delete(pool, picks)
        model = loop.fit(train, draw)
        history.append(group_errors(model, loop.dataset, loop.split, name))
    sizes = [float(loop.n_start + k * loop.n_query) for k in range(loop.rounds + 1)]
    rounds = [errors for errors, _ in history]
    missing = {row.test: row for _, rows in history for row in rows}
    curves = [
        Curve(group, "training frames", quantity, sizes, [errors[group][quantity] for errors in rounds])
        for group in loop.split.tests
        if group not in missing
        for quantity in rounds[0][group]
    ]
    return [*missing.values(), *curves]


def _query(loop: Loop, model: ForceField, pool: np.ndarray) -> np.ndarray:
    """Return the positions in the pool of the largest deviations, of equal ones the first."""
    frames = [loop.dataset.frames[i] for i in pool]
    std = frame_std(frames, model.predict(frames))[loop.deviation]
    return np.argsort(-std, kind="stable")[: loop.n_query]


def _rows(test: str, quantity: str, pairs: list[Pair]) -> list[Row]:
    """Scores and curve of one quantity on one test, over the draws."""
    x, unit = pairs[0].queried.x, UNITS[quantity]
    queried, random = (np.array([getattr(p, side).y for p in pairs]) for side in ("queried", "random"))
    name, label = f"active learning, {quantity}: {test}", f"{quantity} RMSE ({unit})"
    curve = Curve(
        name, "training frames", label, x, queried.mean(axis=0).tolist(), x, random.mean(axis=0).tolist()
    )
    areas = np.trapezoid(queried, x, axis=1), np.trapezoid(random, x, axis=1)
    if min(queried[:, -1].min(), random[:, -1].min()) == 0:
        return [
            curve,
            skipped_row(test, quantity, "an error is exactly zero: no ratio and no geometric mean"),
        ]
    width = x[-1] - x[0]
    ours, theirs = (float(np.mean(a)) / width for a in areas)
    score = partial(_score, test, quantity)
    return [
        score("query_area_ratio", areas[0] / areas[1], "", ours, theirs),
        score("final_rmse_queried", queried[:, -1], unit),
        score("final_rmse_random", random[:, -1], unit),
        curve,
    ]


def _score(
    test: str, quantity: str, metric: str, values: np.ndarray, unit: str,
    predicted: float | None = None, reference: float | None = None,
) -> Score:  # fmt: skip
    """Geometric mean over draws with its interval."""
    value, low, high = geometric_mean(values)
    return Score(test, quantity, metric, value, unit, low, high, predicted, reference)
