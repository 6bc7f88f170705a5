"""Frames that judge, and the error they give."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from example_tunable import Tunable, argon

from mlffbench.data import Labels
from mlffbench.estimators.tuning.validation import hold_out, validation_error


def rng():
    return np.random.RandomState(0)


def parts(data):
    return data.fitted.tolist(), data.held.tolist()


@pytest.mark.parametrize(("amount", "n"), [(0.2, 4), (0.01, 1), (5, 5), (0.5, 10)])
def test_a_share_or_a_number_is_held_out(amount, n):
    frames, labels = argon()
    fitted, held = parts(hold_out(frames, labels, amount, None, rng()))
    assert len(held) == n
    assert sorted(fitted + held) == list(range(20))
    assert held == parts(hold_out(frames, labels, amount, None, rng()))[1]


def test_groups_are_whole():
    frames, labels = argon()
    groups = ["a"] * 3 + ["b"] * 12 + ["c"] * 5
    for seed in range(5):
        data = hold_out(frames, labels, 0.2, groups, np.random.RandomState(seed))
        names = [{groups[i] for i in part} for part in (data.fitted, data.held)]
        assert not names[0] & names[1]
    one = hold_out(frames, labels, 0.2, ["a"] * 20, rng())
    assert len(one.held) == 4  # a single group says nothing


def test_every_element_stays_in_the_fitted_part():
    frames = [Atoms("H2"), Atoms("HO"), Atoms("H2"), Atoms("HF"), Atoms("HF")]
    labels = Labels(np.zeros(5))
    for seed in range(20):
        data = hold_out(frames, labels, 3, None, np.random.RandomState(seed))
        assert {s for i in data.fitted for s in frames[i].symbols} == {"H", "O", "F"}
    assert hold_out(frames[1:2], labels[1:2], 0.5, None, rng()) is None
    assert hold_out([Atoms("H"), Atoms("O")], Labels(np.zeros(2)), 0.5, None, rng()) is None


def test_errors_are_of_forces_or_of_energies_per_atom():
    frames, labels = argon()
    model = Tunable(2.0).fit(frames, labels)
    quantity, error = validation_error(model, frames, labels)
    rms = np.sqrt(np.mean(np.concatenate([f.ravel() for f in labels.forces]) ** 2))
    assert (quantity, error) == ("forces", pytest.approx(rms))
    energies = Labels(model.predict(frames).energy + 0.5)
    quantity, error = validation_error(model, frames, energies)
    assert (quantity, error) == ("energy_per_atom", pytest.approx(0.5 / len(frames[0])))


def test_a_prediction_that_is_no_number_has_diverged():
    frames, labels = argon()
    model = Tunable(2.0).fit(frames, labels)
    model.factor = float("inf")
    with pytest.raises(FloatingPointError, match="predicted forces are not finite"):
        validation_error(model, frames, labels)


def test_large_groups_are_fitted_and_not_held_out():
    frames, labels = argon(12)
    for seed in range(5):
        data = hold_out(frames, labels, 0.2, ["a"] * 10 + ["b"] * 2, np.random.RandomState(seed))
        assert parts(data) == (list(range(10)), [10, 11])
    unlike = [Atoms("H2")] * 4 + [Atoms("HO")] * 1  # only the large group may go
    data = hold_out(unlike, Labels(np.zeros(5)), 0.2, ["a"] * 4 + ["b"], rng())
    assert parts(data) == ([4], [0, 1, 2, 3])
