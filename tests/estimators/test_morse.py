"""The Morse potential against data made from one, ASE's own, and the floor it must beat."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.morse import MorsePotential

from mlffbench.data import Labels
from mlffbench.datasets.lennard_jones import lennard_jones
from mlffbench.datasets.malonaldehyde import malonaldehyde
from mlffbench.estimators.morse import Morse

TRUE = {"H-H": (0.5, 1.9, 1.6), "H-O": (2.0, 2.2, 1.0), "O-O": (0.8, 1.4, 2.0)}  # eV, 1/Å, Å


def rmse(one, two):
    return np.sqrt(np.mean((np.concatenate(one) - np.concatenate(two)) ** 2))


def truth(cutoff=5.0):
    """A fitted model whose numbers are set by hand."""
    model = Morse(cutoff=cutoff).fit([Atoms("H"), Atoms("O")], [0.0, 0.0])
    model.parameters_ = {k: dict(zip(("D", "a", "r0"), v, strict=True)) for k, v in TRUE.items()}
    return model


def clusters(n, seed=0):
    rng = np.random.default_rng(seed)
    base = molecule("H2O") + Atoms("OH", [(2.5, 0.2, 0.1), (3.3, 0.6, 0.2)])
    frames = [base.copy() for _ in range(n)]
    for atoms in frames:
        atoms.positions += rng.normal(scale=0.12, size=atoms.positions.shape)
    return frames


@pytest.fixture(scope="module")
def argon():
    data = lennard_jones(n_train=20, n_test=5)
    return data, Morse(cutoff=8.0).fit(data.frames[:20], data.labels[:20])


@pytest.mark.parametrize("with_forces", [True, False])
def test_recovers_the_parameters_that_made_the_data(with_forces):
    frames = clusters(60)
    labels = truth().predict(frames)
    y = labels if with_forces else Labels(labels.energy)
    model = Morse(cutoff=5.0, max_iterations=500, n_starts=1, atomic_energies={"H": 0.0, "O": 0.0}).fit(
        frames, y
    )
    for pair, expected in TRUE.items():
        np.testing.assert_allclose(list(model.parameters_[pair].values()), expected, rtol=0.02)
    np.testing.assert_allclose(model.predict(frames).energy, labels.energy, atol=1e-3)


def test_agrees_with_ase_where_the_cutoffs_do_not_matter():
    depth, steepness, r0 = TRUE["O-O"]
    atoms = bulk("Cu", cubic=True).repeat(2)
    atoms = Atoms("O8", atoms.positions[:8])
    atoms.calc = MorsePotential(epsilon=depth, rho0=steepness * r0, r0=r0, rcut1=90.0, rcut2=99.0)
    ours = truth(cutoff=50.0).predict([Atoms(atoms.numbers, atoms.positions)])
    np.testing.assert_allclose(ours.energy[0], atoms.get_potential_energy(), atol=1e-10)
    np.testing.assert_allclose(ours.forces[0], atoms.get_forces(), atol=1e-10)


def test_fits_lennard_jones_closely(argon):
    data, model = argon
    test = slice(20, 25)
    predicted, true = model.predict(data.frames[test]), data.labels[test]
    zero = [np.zeros_like(f) for f in true.forces]
    assert rmse(predicted.forces, true.forces) < 0.25 * rmse(zero, true.forces)
    assert rmse(predicted.stress, true.stress) < 0.25 * rmse(np.zeros((5, 6)), true.stress)
    assert np.std(predicted.energy - true.energy) < 0.15 * np.std(data.labels.energy)
    assert model.parameters_["Ar-Ar"]["r0"] == pytest.approx(3.8, abs=0.1)


def test_explains_a_good_part_of_the_forces_in_a_molecule():
    data = malonaldehyde()
    train = np.flatnonzero(data.columns["group"] == "train_300K")[:100]
    test = np.flatnonzero(data.columns["group"] == "test_300K")[:50]
    model = Morse(max_iterations=40).fit([data.frames[i] for i in train], data.labels[train])
    predicted, true = model.predict([data.frames[i] for i in test]), data.labels[test]
    assert rmse(predicted.forces, true.forces) < 0.85 * rmse([0 * f for f in true.forces], true.forces)


def test_further_starts_are_reproducible_and_no_worse():
    frames = clusters(20)
    labels = truth().predict(frames)
    kwargs = {"cutoff": 5.0, "max_iterations": 30, "random_state": 3, "energy_weight": 0.0}
    one, three, again = (Morse(n_starts=n, **kwargs).fit(frames, labels) for n in (1, 3, 3))
    assert three.parameters_ == again.parameters_
    errors = [rmse(m.predict(frames).forces, labels.forces) for m in (one, three)]
    assert errors[1] <= errors[0] * (1 + 1e-6)  # with energy_weight=0 this is the loss


def test_pairs_never_seen_do_not_interact():
    model = Morse(cutoff=3.0).fit([Atoms("H2", [(0, 0, 0), (0.7, 0, 0)]), Atoms("O")], [-6.0, -3.0])
    assert set(model.parameters_) == {"H-H"}
    far, near = model.predict([Atoms("OH", [(0, 0, 0), (x, 0, 0)]) for x in (9.0, 1.0)]).energy
    assert near == pytest.approx(far)


@pytest.mark.parametrize("frames", [[Atoms("H"), Atoms("O")], [Atoms("H2", [(0, 0, 0), (0.7, 0, 0)])]])
def test_almost_nothing_to_learn_from(frames):
    model = Morse().fit(frames, [-2.0] * len(frames))
    np.testing.assert_allclose(model.predict(frames).energy, -2.0, atol=1e-8)


def test_frames_without_forces_count_with_their_energies_only():
    frames = clusters(20)
    full = truth().predict(frames)
    half = Labels(full.energy, tuple(f if i % 2 else None for i, f in enumerate(full.forces)))
    model = Morse(cutoff=5.0).fit(frames, half)
    floor = rmse([0 * f for f in full.forces], full.forces)
    assert rmse(model.predict(frames).forces, full.forces) < 0.1 * floor


def test_a_weight_of_zero_still_fits_the_constant(argon):
    data, _ = argon
    shifted = Labels(data.labels.energy + 8.0, data.labels.forces)
    frames = data.frames[:20]
    model = Morse(energy_weight=0.0, atomic_energies={"Ar": 0.0}).fit(frames, shifted[:20])
    assert abs(np.mean(model.predict(frames).energy - shifted.energy[:20])) < 1e-6
