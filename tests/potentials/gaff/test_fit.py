"""The fit recovers known parameters."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import molecule
from example_gaff import CUTOFF, invented, rattled, rmse, topology, true_labels

from mlffbench.estimators.bonded import Bonded


def test_recovers_the_parameters_that_made_the_data():
    atoms = molecule("H2O2")
    frames = rattled(atoms, 60, 0.06)
    bonds = topology(atoms).terms["bonds"].atoms.tolist()
    settings = {"cutoff": CUTOFF, "depth": 0, "alpha": 1e-12, "periodicities": (1, 2, 3, 4)}
    zero = {"H": 0.0, "O": 0.0}
    parameters = invented(Bonded(**settings).fit(frames[:3], [0.0] * 3))
    parameters["charges"] = {s: {"q": q} for s, q in (("H", 0.3), ("O", -0.3))}
    labels = true_labels(frames, bonds, parameters)
    model = Bonded(**settings, max_iterations=2000, atomic_energies=zero).fit(frames[:40], labels[:40])
    for kind, value in (("bonds", "r0"), ("bonds", "k"), ("angles", "k"), ("angles", "theta0")):
        for name, expected in parameters[kind].items():
            assert model.parameters_[kind][name][value] == pytest.approx(expected[value], rel=0.02), (
                kind,
                name,
            )
    predicted = model.predict(frames[40:])
    spread = np.std(labels.energy)
    assert np.sqrt(np.mean((predicted.energy - labels.energy[40:]) ** 2)) < 0.003 * spread
    assert rmse(predicted.forces, labels.forces[40:]) < 0.003 * np.std(np.concatenate(labels.forces))
