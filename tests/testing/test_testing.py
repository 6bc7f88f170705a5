"""The contract catches what it is for: a sound model passes, each broken one fails the check made for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ase.calculators.emt import EMT

from mlffbench import testing
from mlffbench.estimators import AtomicReference
from mlffbench.estimators.morse import Morse


class Broken(Morse):
    """A Morse potential with one thing wrong."""

    @classmethod
    def test_params(cls):
        return {"cutoff": 4.5, "max_iterations": 5}


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


class ReadsMissingForcesAsZero(Broken):
    def _fit(self, frames, labels):
        zero = lambda values: values and tuple(np.zeros(6) if v is None else v for v in values)
        forces = [
            np.zeros((len(a), 3)) if f is None else f for a, f in zip(frames, labels.forces, strict=True)
        ]
        super()._fit(frames, replace(labels, forces=forces, stress=zero(labels.stress)))


class NeedsForces(Broken):
    def _fit(self, frames, labels):
        if labels.forces is None:
            raise ValueError("no")
        super()._fit(frames, labels)


class KnowsOnlyTheFirstImage(Broken):
    """The nearest image of each atom, as in codes that are meant for large cells."""

    def _prepare(self, frames):
        graph = super()._prepare(frames)
        nearest = graph.shifts.abs().sum(dim=1) == 0
        parts = {k: getattr(graph, k)[nearest] for k in ("source", "target", "shifts")}
        return replace(graph, **parts)


class PadsTheBatch(Broken):
    """Smaller frames are filled up with atoms that count."""

    def _evaluate(self, inputs):
        labels = super()._evaluate(inputs)
        sizes = np.bincount(inputs.frame.numpy())
        return replace(labels, energy=labels.energy + 0.1 * (sizes.max() - sizes))


class IsCertainBelowZero(Broken):
    def _evaluate(self, inputs):
        labels = super()._evaluate(inputs)
        return replace(labels, energy_std=-np.ones(len(labels)))


class IsUncertainAboutAtomsOnly(Broken):
    def _evaluate(self, inputs):
        labels = super()._evaluate(inputs)
        return replace(labels, forces_std=tuple(np.ones((1, 3)) for _ in labels.forces))


class ForgetsWhatItDoesNotName(Broken):
    """Learns something that neither pickling nor saving keeps."""

    def _fit(self, frames, labels):
        super()._fit(frames, labels)
        self._shift = 0.1

    def _evaluate(self, inputs):
        labels = super()._evaluate(inputs)
        return replace(labels, energy=labels.energy + self.__dict__.get("_shift", 0.0))

    def __getstate__(self):
        return {k: v for k, v in super().__getstate__().items() if k != "_shift"}


class LearnsCode(Broken):
    def _fit(self, frames, labels):
        super()._fit(frames, labels)
        self.function_ = np.sin


class GoesOnToNothing(Broken):
    def _partial_fit(self, frames, labels):
        self.atomic_energies_ = dict.fromkeys(self.elements_, np.nan)


class SaysMoleculesOnly(Broken):
    """Claims to be for one molecule, and takes whatever comes."""

    supports = ()

    def _check_supported(self, frames):
        return frames

    def _check_one_molecule(self, frames, known):
        return


@pytest.fixture(scope="module")
def data():
    return testing.solids(6)


@pytest.fixture(scope="module")
def cells():
    return testing.alloys(6)


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
        (ReadsMissingForcesAsZero, testing.missing_labels_stay_missing),
        (NeedsForces, testing.energies_alone_are_enough),
        (IsCertainBelowZero, testing.uncertainties_are_positive),
        (IsUncertainAboutAtomsOnly, testing.uncertainties_are_positive),
        (ForgetsWhatItDoesNotName, testing.save_keeps_predictions),
        (ForgetsWhatItDoesNotName, testing.pickle_keeps_predictions),
        (LearnsCode, testing.save_keeps_predictions),
        (GoesOnToNothing, testing.a_partial_fit_goes_on),
    ],
)
def test_a_broken_model_is_caught(data, cls, check):
    with pytest.raises((AssertionError, KeyError, TypeError)):
        check(fitted(cls, data))


@pytest.mark.parametrize(
    ("cls", "check"),
    [
        (KnowsOnlyTheFirstImage, testing.a_supercell_is_n_cells),
        (IsNotExtensive, testing.a_supercell_is_n_cells),
        (PadsTheBatch, testing.sizes_may_be_mixed),
        (PadsTheBatch, testing.one_by_one_is_the_batch),
    ],
)
def test_small_cells_catch_what_large_ones_hide(cells, cls, check):
    with pytest.raises(AssertionError):
        check(fitted(cls, cells))


def test_a_sound_model_passes_in_small_cells(cells):
    for check in testing.FORCEFIELD_CHECKS:
        check(fitted(Broken, cells))


# ---------------------------------------------------------------- what is not supported must be refused
class OneMolecule(Broken):
    supports = ()


def test_a_model_of_one_molecule_passes_on_it_and_refuses_the_rest(cells):
    molecules = testing.molecules(6)
    assert testing.refusal(OneMolecule, molecules) is None
    example = fitted(OneMolecule, molecules)
    for check in testing.FORCEFIELD_CHECKS:
        check(example)
    assert "describes molecules" in testing.refusal(OneMolecule, cells)
    clusters = [a.copy() for a in cells.frames]
    for atoms in clusters:
        atoms.pbc = False
    assert "describes one molecule: AuCu" in testing.refusal(OneMolecule, replace(cells, frames=clusters))


def test_what_is_not_refused_is_caught(cells):
    with pytest.raises(AssertionError, match="ValueError was not raised"):
        testing.refusal(SaysMoleculesOnly, cells)
    example = fitted(SaysMoleculesOnly, testing.molecules(6))
    for check in (testing.two_far_copies_are_twice_one, testing.a_single_atom_has_no_force):
        with pytest.raises(AssertionError, match="ValueError was not raised"):
            check(example)


def test_outsiders_call_one_function():
    testing.check_forcefield(AtomicReference)


def test_the_labels_of_the_examples_are_what_they_say():
    assert len(testing.molecules(7)) == 7
    assert all(np.isfinite(s).all() for s in testing.solids(4).labels.stress)


def test_the_alloys_are_small_mixed_and_truly_periodic():
    cells = testing.alloys()
    assert {len(a) for a in cells.frames} == {1, 2, 4}
    assert len({a.get_chemical_formula() for a in cells.frames}) == len(cells)
    assert {s for a in cells.frames[:2] for s in a.symbols} == {"Ni", "Cu", "Au"}
    assert max(a.cell.lengths().max() for a in cells.frames) < 4.0
    for atoms, energy, forces in zip(cells.frames, cells.labels.energy, cells.labels.forces, strict=True):
        large = atoms.repeat(2)
        large.calc = EMT()
        assert large.get_potential_energy() == pytest.approx(8 * energy)
        np.testing.assert_allclose(large.get_forces(), np.vstack([forces] * 8), atol=1e-9)
    assert testing.alloys().digest == cells.digest
