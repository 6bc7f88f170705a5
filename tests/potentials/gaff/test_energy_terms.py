"""The energy terms against the formulas written down a second time."""

from __future__ import annotations

import numpy as np
from ase.build import molecule
from example_gaff import CUTOFF, invented, rattled, topology, true_labels

from mlffbench.estimators.bonded import Bonded


def test_is_the_formula_of_gaff():
    atoms = molecule("CH3COOH")  # every kind of term, and pairs of 3, 4 and 5 bonds
    bonds = topology(atoms).terms["bonds"].atoms
    model = Bonded(cutoff=CUTOFF, depth=0).fit(rattled(atoms, 4, 0.02), [0.0] * 4)
    model.atomic_energies_ = dict.fromkeys(model.elements_, 0.0)
    model.parameters_ = parameters = invented(model)
    frames = rattled(atoms, 1, 0.05, seed=1)
    expected, predicted = true_labels(frames, bonds.tolist(), parameters), model.predict(frames)
    np.testing.assert_allclose(predicted.energy, expected.energy, atol=1e-9)
    np.testing.assert_allclose(np.stack(predicted.forces), np.stack(expected.forces), atol=1e-6)
