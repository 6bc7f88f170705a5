"""The embedded-atom method on copper and an alloy, and its wall at short range."""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.build import bulk
from example_classical import alloys, part, rmse

from mlffbench.datasets.emt_copper import emt_copper
from mlffbench.estimators.embedded_atom import EmbeddedAtom
from mlffbench.estimators.morse import Morse


def test_embedding_is_needed_for_copper():
    copper = emt_copper(n_train=25, n_test=6)
    train, (frames, true) = part(copper, "train"), part(copper, "test_hot")
    errors = []
    for model in (EmbeddedAtom(cutoff=5.0, max_iterations=30), Morse(cutoff=5.0, n_starts=1)):
        predicted = model.fit(*train).predict(frames)
        errors.append(np.array([rmse(predicted.forces, true.forces), rmse(predicted.stress, true.stress)]))
    assert (errors[0] < 0.6 * errors[1]).all()


def test_embedded_atoms_learn_an_alloy():
    frames, labels = alloys(60)
    model = EmbeddedAtom(cutoff=5.5, max_iterations=40).fit(frames[:50], labels[:50])
    predicted, true = model.predict(frames[50:]), labels[50:]
    assert rmse(predicted.forces, true.forces) < 0.15 * rmse([0 * f for f in true.forces], true.forces)
    assert np.sqrt(np.mean((predicted.energy - true.energy) ** 2)) < 0.05 * np.std(true.energy)


def test_below_all_distances_of_training_a_wall_stands():
    frames = [bulk("Cu", "fcc", a=a, cubic=True) for a in (3.5, 3.6, 3.7)]
    model = EmbeddedAtom(cutoff=4.0, max_iterations=5).fit(frames, [0.3, 0.0, 0.2])
    r_min = model.pairs_["Cu-Cu"]["r_min"]
    dimers = [Atoms("Cu2", [(0, 0, 0), (x * r_min, 0, 0)]) for x in (0.9, 0.5, 0.1)]
    with_wall = model.predict(dimers).energy
    model.pairs_["Cu-Cu"]["r_min"] = 0.0
    np.testing.assert_allclose(with_wall - model.predict(dimers).energy, 50 * np.array([0.1, 0.5, 0.9]) ** 3)
