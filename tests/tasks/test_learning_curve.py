"""Learning curves of models whose errors are known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from example_learners import Toy, fitted, scores

from mlffbench.data import Curve, Dataset, Labels, Missing, Split
from mlffbench.datasets.lennard_jones import lennard_jones
from mlffbench.estimators import AtomicReference, Morse
from mlffbench.splits.official import official
from mlffbench.system import checkpoint
from mlffbench.tasks.common.refits import errors
from mlffbench.tasks.learning_curve import learning_curve, power_law

HALVES = Split(np.arange(64), {"near": np.arange(64, 70), "far": np.arange(70, 80)}, "near")


class Shrinking(Toy):
    """An error of exactly n^(−power), three times that in forces."""

    def __init__(
        self, power: float = 0.5, random_state: int | None = None,
        atomic_energies: dict[str, float] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(random_state, atomic_energies)
        self.power = power

    def _learn(self, frames: Sequence[Atoms], labels: Labels) -> None:
        self.error_ = len(frames) ** -self.power

    def _evaluate(self, inputs: Any) -> Labels:
        forces = tuple(np.full((len(a), 3), 3 * self.error_) for a in inputs)
        return Labels(self.error_ * np.array([len(a) for a in inputs]), forces)


class Mean(Toy):
    """The mean of the forces of all training frames, which are one structure: error σ/√n."""

    def _learn(self, frames: Sequence[Atoms], labels: Labels) -> None:
        self.mean_ = np.mean(labels.forces, axis=0)

    def _evaluate(self, inputs: Any) -> Labels:
        return Labels(np.ones(len(inputs)), tuple(self.mean_ for _ in inputs))


def silent(n: int, forces: np.ndarray | None = None) -> Dataset:
    """n dimers of energy 0 without forces, or with those given."""
    frames = [Atoms("Ar2", [[0, 0, 0], [4, 0, 0]]) for _ in range(n)]
    given = tuple(np.zeros((n, 2, 3)) if forces is None else forces)
    return Dataset("silent", frames, Labels(np.zeros(n), given), {}, {}, {"Ar": 0.0})


@pytest.mark.parametrize("power", [0.5, 1.0, -0.25])
def test_an_exact_power_law_is_found(power):
    data = silent(80)
    rows = learning_curve(fitted(Shrinking(power), data, HALVES), data, HALVES, n_seeds=2)
    found = scores(rows, "error_ratio_per_doubling")
    assert set(found) == {(g, q) for g in ("near", "far") for q in ("forces", "energy_per_atom")}
    for score in found.values():
        assert score.predicted == pytest.approx(power)
        assert [score.value, score.low, score.high] == pytest.approx([2**-power] * 3, rel=1e-6)
    curve = next(r for r in rows if isinstance(r, Curve) and r.name == "learning curve of forces: far")
    assert curve.x == [8, 16, 32, 64]
    assert curve.y == pytest.approx(3 * np.array(curve.x) ** -power)


def test_the_mean_of_noisy_labels_has_the_exponent_one_half():
    rng = np.random.default_rng(0)
    n, atoms = 80, 200
    noise = rng.normal(size=(n, atoms, 3))
    noise[64:] = 0.0  # the tests are the truth
    frames = [Atoms(f"Ar{atoms}", np.zeros((atoms, 3))) for _ in range(n)]
    data = Dataset("noise", frames, Labels(np.zeros(n), tuple(noise)), {}, {}, {"Ar": 0.0})
    rows = learning_curve(fitted(Mean(), data, HALVES), data, HALVES, n_seeds=3)
    found = scores(rows, "error_ratio_per_doubling")["near", "forces"]
    assert found.predicted == pytest.approx(0.5, abs=0.02)
    assert found.low < 2**-0.5 < found.high
    curve = next(r for r in rows if isinstance(r, Curve) and r.name == "learning curve of forces: near")
    assert curve.y == pytest.approx(np.array(curve.x) ** -0.5, rel=0.05)


def test_the_interval_holds_the_true_exponent_as_often_as_it_says():
    rng = np.random.default_rng(1)
    n = np.tile([8, 16, 32, 64], 3)
    laws = [power_law(n, 2 * n**-0.7 * np.exp(0.3 * rng.normal(size=12))) for _ in range(1000)]
    assert np.mean([law.low < 0.7 < law.high for law in laws]) == pytest.approx(0.95, abs=0.025)
    assert np.exp(np.mean(np.log([law.factor for law in laws]))) == pytest.approx(2.0, rel=0.05)


def test_two_points_have_a_law_without_an_interval():
    law = power_law([10, 20], [1.0, 0.5])
    assert law.exponent == pytest.approx(1.0)
    assert (law.low, law.high) == (None, None)


def test_every_draw_has_its_seed_and_the_whole_set_is_fitted_as_often_as_it_makes_a_difference():
    data = silent(80)
    sizes = (16, 0.5, 1.0)
    model = fitted(Shrinking(random_state=7), data, HALVES)
    Toy.log.clear()
    learning_curve(model, data, HALVES, sizes=sizes, n_seeds=3)
    assert Toy.log == [(16, 7), (32, 7), (16, 8), (32, 8), (64, 8), (16, 9), (32, 9), (64, 9)]

    argon = lennard_jones(n_train=8, n_test=2)
    split = official(argon)
    plain = AtomicReference().fit([argon.frames[i] for i in split.train], argon.labels[split.train])
    rows = learning_curve(plain, argon, split, sizes=(4, 1.0), n_seeds=2)
    assert scores(rows, "error_ratio_per_doubling")[split.in_domain, "energy_per_atom"].low is not None


def test_parts_are_nested_and_the_same_for_every_method(monkeypatch):
    seen: list[list[float]] = []
    data = silent(80)
    for i, atoms in enumerate(data.frames):
        atoms.positions += i
    monkeypatch.setattr(
        Shrinking,
        "_learn",
        lambda self, f, y: (seen.append([a.positions[0, 0] for a in f]), setattr(self, "error_", 1 / len(f))),
    )
    model = fitted(Shrinking(), data, HALVES)
    for _ in range(2):
        learning_curve(model, data, HALVES, seed=3, n_seeds=2)
    runs = [seen[1:8], seen[8:]]
    assert runs[0] == runs[1]
    small, middle, large = map(set, runs[0][:3])
    assert small < middle < large < set(range(64))
    assert small != set(runs[0][3])


def test_a_killed_learning_curve_goes_on(tmp_path):
    data = silent(80)
    model = fitted(Shrinking(), data, HALVES)
    with checkpoint.keep_in(tmp_path):
        first = learning_curve(model, data, HALVES)
        sorted(tmp_path.iterdir())[0].unlink()
        Toy.log.clear()
        assert learning_curve(model, data, HALVES) == first
    assert len(Toy.log) <= 1


def test_a_fit_that_fails_or_diverges_is_a_row_and_the_law_is_of_the_others(monkeypatch):
    def learn(self, frames, labels):
        if len(frames) == 8:
            raise MemoryError("too small")
        self.error_ = np.nan if len(frames) == 16 else len(frames) ** -0.5

    monkeypatch.setattr(Shrinking, "_learn", learn)
    data = silent(80)
    rows = learning_curve(fitted(Shrinking(), data, HALVES), data, HALVES, n_seeds=1)
    assert [r.kind for r in rows if isinstance(r, Missing)] == ["out of memory", "diverged"]
    assert scores(rows, "error_ratio_per_doubling")["far", "forces"].predicted == pytest.approx(0.5)


def test_no_law_of_exact_predictions_or_of_one_size():
    data = silent(80)
    model = fitted(AtomicReference(), data, HALVES)
    rows = learning_curve(model, data, HALVES)
    assert {r.kind for r in rows} == {"skipped"}
    assert "exactly zero" in rows[0].message
    one = learning_curve(fitted(Shrinking(), data, HALVES), data, HALVES, sizes=[1.0], n_seeds=1)
    assert {r.message for r in one if isinstance(r, Missing)} == {
        "a power law needs fits to two sizes at least"
    }


def test_a_morse_fit_to_argon_has_its_own_curve():
    """Three parameters are learned from one frame of 12 force components a parameter: no gain from more."""
    argon = lennard_jones(n_train=8, n_test=3)
    split = official(argon)
    model = Morse(cutoff=8.0, max_iterations=20, n_starts=1, random_state=0)
    model.fit([argon.frames[i] for i in split.train], argon.labels[split.train])
    rows = learning_curve(model, argon, split, sizes=(0.25, 0.5, 1.0), n_seeds=2)
    found = scores(rows, "error_ratio_per_doubling")
    assert {test for test, _ in found} == set(split.tests)
    assert found[split.in_domain, "forces"].value == pytest.approx(1.0, abs=0.25)
    curve = next(
        r for r in rows if isinstance(r, Curve) and r.name == f"learning curve of forces: {split.in_domain}"
    )
    whole = errors(model, argon, split.tests[split.in_domain])["forces"]
    assert curve.y[-1] == pytest.approx(whole, rel=0.05)
