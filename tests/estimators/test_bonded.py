"""The GAFF-form force field: proton transfer, stretched bonds, the loss, and models that are kept."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from example_gaff import invented, rattled, rmse, topology

from mlffbench.data import Labels
from mlffbench.datasets.malonaldehyde import malonaldehyde
from mlffbench.datasets.stillinger_weber_si import stillinger_weber_si
from mlffbench.estimators.bonded import Bonded
from mlffbench.potentials.gaff import batches


@pytest.fixture(scope="module")
def fitted():
    data = malonaldehyde()
    train = np.flatnonzero(data.columns["group"] == "train_300K")[:80]
    return data, Bonded().fit([data.frames[i] for i in train], data.labels[train])


def transfer(fitted, shares):
    """Frames with the proton moved from one oxygen to the other."""
    data, _ = fitted
    atoms = data.frames[np.flatnonzero(data.columns["group"] == "proton_transfer")[8]]
    oxygens = np.flatnonzero(atoms.numbers == 8)
    hydrogens = np.flatnonzero(atoms.numbers == 1)
    proton = hydrogens[atoms.get_all_distances()[np.ix_(oxygens, hydrogens)].sum(axis=0).argmin()]
    here, there = atoms.positions[oxygens]
    frames = [atoms.copy() for _ in shares]
    for frame, share in zip(frames, shares, strict=True):
        frame.positions[proton] = here + share * (there - here)
    return frames


def test_a_proton_crosses_over_smoothly(fitted):
    _, model = fitted
    shares = np.linspace(0.38, 0.62, 97)
    frames = transfer(fitted, shares)
    curve = model.predict(frames).energy
    assert np.abs(np.diff(curve, 2)).max() < 0.05 * np.ptp(curve)  # eV; a jump would be far larger
    for frame in (frames[40], frames[48], frames[54]):  # inside the blend
        direction = np.random.default_rng(0).normal(size=frame.positions.shape)
        ends = [frame.copy() for _ in range(2)]
        for end, sign in zip(ends, (1, -1), strict=True):
            end.positions += sign * 1e-4 * direction
        up, down = model.predict(ends).energy
        slope = -np.sum(model.predict([frame]).forces[0] * direction)
        assert slope == pytest.approx((up - down) / 2e-4, abs=1e-4)


def test_both_sides_of_the_transfer_are_the_same_molecule(fitted):
    data, model = fitted
    atoms = data.frames[np.flatnonzero(data.columns["group"] == "proton_transfer")[0]]
    order = np.random.default_rng(0).permutation(len(atoms))
    mirrored = Atoms(atoms.numbers[order], -atoms.positions[order])
    labels = model.predict([atoms, mirrored])
    assert labels.energy[0] == pytest.approx(labels.energy[1], abs=1e-9)
    np.testing.assert_allclose(labels.forces[1], -labels.forces[0][order], atol=1e-9)


def test_a_stretched_bond_stays_a_bond():
    model = Bonded().fit(rattled(molecule("C2H6"), 20, 0.03), np.linspace(0, 0.3, 20).tolist())
    frames = [molecule("C2H6") for _ in range(40)]
    for frame, stretch in zip(frames, np.linspace(0, 0.75, 40), strict=True):
        above = frame.positions[:, 2] > 0
        frame.positions[above, 2] += stretch  # the C–C bond up to 2.27 Å, beyond 1.3 sums of radii
    energy = model.predict(frames).energy
    assert (np.diff(energy, 2) > 0).all()
    assert np.abs(np.diff(energy, 3)).max() < 0.1 * np.diff(energy, 2).max()


def loss(model, frames, labels):
    """Σ (RMSE/σ)² over energies per atom, forces and stresses, from predictions."""
    sizes, predicted = np.array([len(a) for a in frames]), model.predict(frames)
    per_atom = (labels.energy - model._baseline(frames)) / sizes
    total = np.mean(((predicted.energy - labels.energy) / sizes) ** 2) / np.mean(
        (per_atom - per_atom.mean()) ** 2
    )
    for one, two in ((predicted.forces, labels.forces), (predicted.stress, labels.stress)):
        if two is not None and any(v is not None for v in two):
            total += rmse(one, two) ** 2 / np.mean(np.concatenate(two) ** 2)
    return total


def test_what_is_minimised_is_the_error_of_the_predictions(fitted):
    data, model = fitted
    train = np.flatnonzero(data.columns["group"] == "train_300K")[:80]
    assert model.loss_ == pytest.approx(
        loss(model, [data.frames[i] for i in train], data.labels[train]), rel=1e-6
    )
    crystal = stillinger_weber_si(n_train=6)
    frames, labels = crystal.frames[:6], crystal.labels[:6]
    assert labels.stress is not None
    silicon = Bonded(depth=1, max_iterations=20).fit(frames, labels)
    assert silicon.loss_ == pytest.approx(loss(silicon, frames, labels), rel=1e-6)
    shares = np.linspace(0.4, 0.6, 20)
    blended = transfer(fitted, shares)
    invented_labels = Labels(np.cos(shares), tuple(a.positions - a.positions.mean(0) for a in blended))
    odd = Bonded(depth=1, max_iterations=20).fit(blended, invented_labels)
    assert odd.loss_ == pytest.approx(loss(odd, blended, invented_labels), rel=1e-6)


def test_parameters_are_physical(fitted):
    data, model = fitted
    parameters = model.parameters_
    assert all(v["k"] >= 0 for kind in ("bonds", "angles") for v in parameters[kind].values())
    assert all(v["epsilon"] >= 0 and v["radius"] > 0 for v in parameters["vdw"].values())
    types = model.types_.assign(topology(data.frames[0], model.types_.depth))
    assert sum(parameters["charges"][t]["q"] for t in types) == pytest.approx(0.0, abs=1e-9)
    lengths = {k: v["r0"] for k, v in parameters["bonds"].items()}
    assert all(0.9 < r < 1.7 for r in lengths.values())


def test_beats_the_published_force_field_of_its_form(fitted):
    data, model = fitted
    test = np.flatnonzero(data.columns["group"] == "test_300K")[:60]
    predicted = model.predict([data.frames[i] for i in test])
    assert rmse(predicted.forces, data.labels[test].forces) < 0.30  # eV/Å: 0.303 for 3BPA, arXiv:2206.07697


def test_weights_choose_what_is_fitted():
    data = malonaldehyde()
    frames, labels = data.frames[:40], data.labels[:40]
    by_energy, by_force = (
        Bonded(depth=1, energy_weight=e, forces_weight=f, max_iterations=20).fit(frames, labels)
        for e, f in ((1.0, 1e-6), (1e-6, 1.0))
    )
    errors = [
        (np.std(m.predict(frames).energy - labels.energy), rmse(m.predict(frames).forces, labels.forces))
        for m in (by_energy, by_force)
    ]
    assert errors[0][0] < errors[1][0]
    assert errors[0][1] > errors[1][1]


def test_predictions_survive_new_parameters_and_pickling(fitted):
    data, model = fitted
    before = model.predict(data.frames[:2]).energy
    copy = pickle.loads(pickle.dumps(model))
    assert "_cache" not in vars(copy)
    np.testing.assert_allclose(copy.predict(data.frames[:2]).energy, before, atol=1e-12)
    copy.parameters_ = invented(model)
    assert np.abs(copy.predict(data.frames[:2]).energy - before).max() > 1e-3


def test_molecules_and_crystals_in_different_chunks_keep_their_own_stress(fitted, monkeypatch):
    """Chunks of one frame: those without a stress must not take the place of those with one."""
    data, model = fitted
    free = data.frames[0]
    periodic = free.copy()
    periodic.center(vacuum=4.0)
    periodic.pbc = True
    frames = [free, periodic, free]
    together = model.predict(frames)
    monkeypatch.setattr(batches, "CHUNK", 1)
    apart = model.predict(frames)
    assert [s is None for s in apart.stress] == [True, False, True]
    np.testing.assert_allclose(apart.stress[1], together.stress[1], atol=1e-12)
    np.testing.assert_allclose(apart.energy, together.energy, atol=1e-9)


@pytest.mark.parametrize(
    "bad", [{"blend": 0.0}, {"depth": -1}, {"periodicities": ()}, {"periodicities": (0, 1)}]
)
def test_senseless_settings_are_refused(bad):
    with pytest.raises(ValueError, match=f"{next(iter(bad))} must be a"):
        Bonded(**bad).fit([molecule("H2O")], [0.0])
