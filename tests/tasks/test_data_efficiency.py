"""Active learning on models whose errors are known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from example_learners import Toy, fitted, scores

from mlffbench.data import Curve, Dataset, Labels, Missing, Split
from mlffbench.estimators import AtomicReference
from mlffbench.system import checkpoint
from mlffbench.tasks.data_efficiency import WORST, data_efficiency

KINDS = 12


class Cells(Toy):
    """Knows the energy of a frame whose place x = 0, 1, 2 ... training has shown, else 0.

    Its deviation is 1 for what it does not know: `sign` −1 turns that around, 0 makes it a constant.
    """

    properties = ("energy",)

    def __init__(
        self, sign: int = 1, random_state: int | None = None,
        atomic_energies: dict[str, float] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(random_state, atomic_energies)
        self.sign = sign

    def _learn(self, frames: Sequence[Atoms], labels: Labels) -> None:
        self.known_ = {place(a): float(e) for a, e in zip(frames, labels.energy, strict=True)}

    def _evaluate(self, inputs: Any) -> Labels:
        unknown = np.array([place(a) not in self.known_ for a in inputs])
        std = 1.0 + self.sign * (unknown - 0.5)
        return Labels(np.array([self.known_.get(place(a), 0.0) for a in inputs]), None, None, std)


def place(atoms: Atoms) -> int:
    return round(atoms.positions[0, 0])


def places(n_common: int = 88) -> tuple[Dataset, Split]:
    """A training set of many frames at place 0 and one at each other; tests that ask for every place once."""
    at = [0] * n_common + list(range(1, KINDS)) + list(range(KINDS)) + [*range(6, KINDS)]
    n_train = n_common + KINDS - 1
    frames = [Atoms("Ar", [[float(x), 0, 0]]) for x in at]
    data = Dataset("places", frames, Labels(np.ones(len(at))), {}, {}, {"Ar": 0.0})
    near = np.arange(n_train, n_train + KINDS)
    return data, Split(np.arange(n_train), {"near": near, "far": np.arange(near[-1] + 1, len(at))}, "near")


def grown(sign: int, **how: Any) -> list[Any]:
    data, split = places()
    given: dict[str, Any] = {"n_start": 2, "n_query": 1, "rounds": 6} | how
    return data_efficiency(fitted(Cells(sign), data, split), data, split, **given)


def test_every_query_teaches_one_unknown_place():
    rows = grown(1, n_seeds=1)
    data, split = places()
    start = np.random.default_rng([0, 0]).permutation(split.train)[:2]
    known = {place(data.frames[i]) for i in start}
    curve = next(r for r in rows if isinstance(r, Curve) and r.name.endswith(": near"))
    unknown = KINDS - len(known) - np.arange(7)
    assert curve.x == [2, 3, 4, 5, 6, 7, 8]
    assert curve.y == pytest.approx(np.sqrt(unknown / KINDS))
    shuffle = np.random.default_rng([0, 0]).permutation(split.train)
    shown = [len({place(data.frames[i]) for i in shuffle[:n]}) for n in range(2, 9)]
    assert curve.reference_y == pytest.approx(np.sqrt(1 - np.array(shown) / KINDS))
    ratio = scores(rows, "query_area_ratio")["near", "energy_per_atom"]
    areas = np.trapezoid(curve.y), np.trapezoid(curve.reference_y)
    assert ratio.value == pytest.approx(areas[0] / areas[1])
    assert [ratio.predicted, ratio.reference] == pytest.approx(np.array(areas) / 6)
    final = scores(rows, "final_rmse_queried")["near", "energy_per_atom"]
    assert (final.value, final.unit) == (pytest.approx(curve.y[-1]), "eV/atom")


def test_a_good_deviation_saves_data_and_the_interval_says_so():
    for test in ("near", WORST):
        ratio = scores(grown(1, n_seeds=6), "query_area_ratio")[test, "energy_per_atom"]
        assert ratio.low < ratio.value < ratio.high < 1.0


def test_a_deviation_that_says_nothing_is_as_good_as_chance():
    ratio = scores(grown(0), "query_area_ratio")["near", "energy_per_atom"]
    assert [ratio.value, ratio.low, ratio.high] == pytest.approx([1.0] * 3)


def test_a_deviation_that_misleads_is_worse_than_chance():
    assert scores(grown(-1, n_seeds=6), "query_area_ratio")["near", "energy_per_atom"].value > 1.01


def test_both_sides_have_one_start_the_same_budget_and_seeds(tmp_path):
    data, split = places()
    model = fitted(Cells(random_state=5), data, split)
    how: dict[str, Any] = {"n_start": 0.1, "n_query": 5, "rounds": 2, "n_seeds": 2}
    with checkpoint.keep_in(tmp_path):
        Toy.log.clear()
        first = data_efficiency(model, data, split, **how)
        assert Counter(Toy.log) == {(10, 5): 1, (15, 5): 2, (20, 5): 2, (10, 6): 1, (15, 6): 2, (20, 6): 2}
        Toy.log.clear()
        assert data_efficiency(model, data, split, **how) == first
    assert not Toy.log


def test_rounds_end_with_the_training_set_and_both_sides_alike():
    data, split = places(20)
    model = fitted(Cells(), data, split)
    rows = data_efficiency(model, data, split, n_start=21, n_query=4, rounds=9, n_seeds=1)
    curve = next(r for r in rows if isinstance(r, Curve))
    assert curve.x == [21, 25, 29]
    with pytest.raises(
        ValueError, match="31 training frames are too few to start from 30 and query 4 in 4 rounds"
    ):
        data_efficiency(model, data, split, n_start=30, n_query=4)


def test_what_cannot_query_says_so():
    data, split = places()
    with pytest.raises(NotImplementedError, match="AtomicReference predicts no standard deviations"):
        data_efficiency(fitted(AtomicReference(), data, split), data, split)
    with pytest.raises(NotImplementedError, match="no deviation of 'forces'; it has those of"):
        data_efficiency(fitted(Cells(), data, split), data, split, deviation="forces")


def test_a_group_that_cannot_be_predicted_costs_no_other():
    data, split = places()
    strange = Split(split.train, {**split.tests, "strange": np.array([len(data)])}, "near")
    labels = Labels(np.ones(len(data) + 1))
    more = Dataset("places", [*data.frames, Atoms("Ne")], labels, {}, {}, {"Ar": 0.0, "Ne": 0.0})
    how: dict[str, Any] = {"n_start": 2, "n_query": 1, "rounds": 3, "n_seeds": 2}
    expected = data_efficiency(fitted(Cells(), data, split), data, split, **how)
    rows = data_efficiency(fitted(Cells(), more, strange), more, strange, **how)
    missing = [r for r in rows if isinstance(r, Missing)]
    assert [r for r in rows if not isinstance(r, Missing)] == expected
    assert [r.test for r in missing] == ["strange"] * 4  # two sides, two draws
    assert "cannot predict ['Ne']" in missing[0].message
