"""The contract catches what it is for: a sound model passes, each broken one fails the check made for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mlffbench import testing
from mlffbench.estimators.morse import Morse


class Broken(Morse):
    """A Morse potential with one thing wrong."""

    @classmethod
    def test_params(cls):
        return {"cutoff": 8.0}


class ForcesTooLarge(Broken):
    def _evaluate(self, inputs):
        labels = super()._evaluate(inputs)
        return replace(labels, forces=tuple(1.01 * f for f in labels.forces))


class StressOfTheOtherSign(Broken):
    def _evaluate(self, inputs):
        labels = super()._evaluate(inputs)
        return replace(labels, stress=tuple(-s for s in labels.stress))


class KnowsWhereTheOriginIs(Broken):
    def _evaluate(self, inputs):
        labels = super()._evaluate(inputs)
        return replace(labels, energy=labels.energy + 1e-3 * float(inputs.positions[:, 0].sum()))


class ForgetsThatAtomsCanBeReordered(Broken):
    def _evaluate(self, inputs):
        labels, x = super()._evaluate(inputs), inputs.positions[:, 0].numpy()
        return replace(labels, energy=labels.energy + 1e-3 * float(x @ np.arange(len(x))))


class PointsAlwaysTheSameWay(Broken):
    def _evaluate(self, inputs):
        labels = super()._evaluate(inputs)
        return replace(labels, forces=tuple(f + np.array([0.01, 0, 0]) for f in labels.forces))


class IsNotExtensive(Broken):
    def _evaluate(self, inputs):
        labels = super()._evaluate(inputs)
        return replace(labels, energy=labels.energy + 0.1)


class LooksAtTheWholeBatch(Broken):
    def _evaluate(self, inputs):
        labels = super()._evaluate(inputs)
        return replace(labels, energy=labels.energy - labels.energy.mean())


class Remembers(Broken):
    def _fit(self, frames, labels):
        self._fits = getattr(self, "_fits", 0) + 1
        super()._fit(frames, labels)

    def _evaluate(self, inputs):
        labels = super()._evaluate(inputs)
        return replace(labels, energy=labels.energy + 0.1 * self._fits)


class MovesTheAtoms(Broken):
    def _prepare(self, frames):
        frames[0].positions += 1e-3
        return super()._prepare(frames)


class AcceptsEverything(Broken):
    def prepare(self, X):
        self.elements_ = [*self.elements_, "Xe"]
        return super().prepare(X)


@pytest.fixture(scope="module")
def data():
    return testing.solids(6)


def fitted(cls, data):
    return testing.fitted(cls, data)


def test_a_sound_model_passes(data):
    for check in testing.FORCEFIELD_CHECKS:
        check(fitted(Broken, data))


@pytest.mark.parametrize(
    ("cls", "check"),
    [
        (ForcesTooLarge, testing.forces_are_minus_the_gradient),
        (StressOfTheOtherSign, testing.stress_is_the_strain_derivative),
        (KnowsWhereTheOriginIs, testing.translation_changes_nothing),
        (ForgetsThatAtomsCanBeReordered, testing.permutation_permutes_the_forces),
        (PointsAlwaysTheSameWay, testing.rotation_rotates_the_forces),
        (PointsAlwaysTheSameWay, testing.a_single_atom_has_no_force),
        (IsNotExtensive, testing.two_far_copies_are_twice_one),
        (LooksAtTheWholeBatch, testing.one_by_one_is_the_batch),
        (Remembers, testing.refit_is_a_fresh_fit),
        (MovesTheAtoms, testing.inputs_stay_unchanged),
        (AcceptsEverything, testing.unseen_elements_are_refused),
    ],
)
def test_a_broken_model_is_caught(data, cls, check):
    with pytest.raises((AssertionError, KeyError)):
        check(fitted(cls, data))


def test_outsiders_call_one_function():
    testing.check_forcefield(Morse)


def test_the_labels_of_the_examples_are_what_they_say():
    assert len(testing.molecules(7)) == 7
    assert all(np.isfinite(s).all() for s in testing.solids(4).labels.stress)
