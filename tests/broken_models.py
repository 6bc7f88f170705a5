"""A sound model, and copies of it with one error each, for the tests of the contract."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mlffbench.estimators.morse import Morse


class Sound(Morse):
    """A Morse potential without errors, quickly fitted."""

    @classmethod
    def test_params(cls):
        return {"cutoff": 4.5, "max_iterations": 5}


class ForcesTooLarge(Sound):
    def _evaluate(self, inputs):
        labels = super()._evaluate(inputs)
        return replace(labels, forces=tuple(1.01 * f for f in labels.forces))


class StressOfTheOtherSign(Sound):
    def _evaluate(self, inputs):
        labels = super()._evaluate(inputs)
        return replace(labels, stress=tuple(-s for s in labels.stress))


class KnowsWhereTheOriginIs(Sound):
    def _evaluate(self, inputs):
        labels = super()._evaluate(inputs)
        return replace(labels, energy=labels.energy + 1e-3 * float(inputs.positions[:, 0].sum()))


class ForgetsThatAtomsCanBeReordered(Sound):
    def _evaluate(self, inputs):
        labels, x = super()._evaluate(inputs), inputs.positions[:, 0].numpy()
        return replace(labels, energy=labels.energy + 1e-3 * float(x @ np.arange(len(x))))


class PointsAlwaysTheSameWay(Sound):
    def _evaluate(self, inputs):
        labels = super()._evaluate(inputs)
        return replace(labels, forces=tuple(f + np.array([0.01, 0, 0]) for f in labels.forces))


class IsNotExtensive(Sound):
    def _evaluate(self, inputs):
        labels = super()._evaluate(inputs)
        return replace(labels, energy=labels.energy + 0.1)


class LooksAtTheWholeBatch(Sound):
    def _evaluate(self, inputs):
        labels = super()._evaluate(inputs)
        return replace(labels, energy=labels.energy - labels.energy.mean())


class Remembers(Sound):
    def _fit(self, frames, labels):
        self._fits = getattr(self, "_fits", 0) + 1
        super()._fit(frames, labels)

    def _evaluate(self, inputs):
        labels = super()._evaluate(inputs)
        return replace(labels, energy=labels.energy + 0.1 * self._fits)


class MovesTheAtoms(Sound):
    def _prepare(self, frames):
        frames[0].positions += 1e-3
        return super()._prepare(frames)


class AcceptsEverything(Sound):
    def prepare(self, X):
        self.elements_ = [*self.elements_, "Xe"]
        return super().prepare(X)


class ReadsMissingForcesAsZero(Sound):
    def _fit(self, frames, labels):
        zero = lambda values: values and tuple(np.zeros(6) if v is None else v for v in values)
        forces = [
            np.zeros((len(a), 3)) if f is None else f for a, f in zip(frames, labels.forces, strict=True)
        ]
        super()._fit(frames, replace(labels, forces=forces, stress=zero(labels.stress)))


class NeedsForces(Sound):
    def _fit(self, frames, labels):
        if labels.forces is None:
            raise ValueError("no")
        super()._fit(frames, labels)


class KnowsOnlyTheFirstImage(Sound):
    """Uses only the nearest image of each atom, as codes for large cells do."""

    def _prepare(self, frames):
        graph = super()._prepare(frames)
        nearest = graph.shifts.abs().sum(dim=1) == 0
        parts = {k: getattr(graph, k)[nearest] for k in ("source", "target", "shifts")}
        return replace(graph, **parts)


class PadsTheBatch(Sound):
    """Pads smaller frames with atoms that add energy."""

    def _evaluate(self, inputs):
        labels = super()._evaluate(inputs)
        sizes = np.bincount(inputs.frame.numpy())
        return replace(labels, energy=labels.energy + 0.1 * (sizes.max() - sizes))


class IsCertainBelowZero(Sound):
    def _evaluate(self, inputs):
        labels = super()._evaluate(inputs)
        return replace(labels, energy_std=-np.ones(len(labels)))


class IsUncertainAboutOneFrameOnly(Sound):
    def _evaluate(self, inputs):
        labels = super()._evaluate(inputs)
        first, *others = labels.forces
        return replace(labels, forces_std=(np.ones_like(first), *(None for _ in others)))


class ForgetsWhatItDoesNotName(Sound):
    """Has a fitted value that neither pickling nor saving keeps."""

    def _fit(self, frames, labels):
        super()._fit(frames, labels)
        self._shift = 0.1

    def _evaluate(self, inputs):
        labels = super()._evaluate(inputs)
        return replace(labels, energy=labels.energy + self.__dict__.get("_shift", 0.0))

    def __getstate__(self):
        return {k: v for k, v in super().__getstate__().items() if k != "_shift"}


class LearnsCode(Sound):
    def _fit(self, frames, labels):
        super()._fit(frames, labels)
        self.function_ = np.sin


class GoesOnToNothing(Sound):
    def _partial_fit(self, frames, labels):
        self.atomic_energies_ = dict.fromkeys(self.elements_, np.nan)


class SaysMoleculesOnly(Sound):
    """Claims to support one molecule only, but accepts all frames."""

    supports = ()

    def _check_supported(self, frames):
        return frames

    def _check_one_molecule(self, frames, known):
        return


class OneMolecule(Sound):
    supports = ()


class MistakesLeftHandedCells(Sound):
    """Divides by a volume that is negative for left-handed cell vectors."""

    def predict(self, X):
        labels = super().predict(X)
        signs = [np.sign(np.linalg.det(a.cell.array)) for a in X]
        return replace(labels, stress=tuple(k * s for k, s in zip(signs, labels.stress, strict=True)))


class TrustsTheFirstFrame(Sound):
    """Shifts its energies by the first frame it was given, before the base class orders the frames."""

    def fit(self, X, y=None):
        super().fit(X, y)
        self.bias_ = 1e-3 * float(X[0].positions[0, 0])
        return self

    def _evaluate(self, inputs):
        labels = super()._evaluate(inputs)
        return replace(labels, energy=labels.energy + self.bias_)


class LearnsTheFirstPlace(Sound):
    """Fits the place of an element's first atom, as a model that trusts the order of the atoms."""

    def _fit(self, frames, labels):
        super()._fit(frames, labels)
        self.bias_ = 1e-3 * float(np.mean([a.positions[0, 0] for a in frames]))

    def _evaluate(self, inputs):
        labels = super()._evaluate(inputs)
        return replace(labels, energy=labels.energy + self.bias_)
