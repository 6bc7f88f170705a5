"""The Lennard-Jones potential recovers argon."""

from __future__ import annotations

import numpy as np
import pytest
from example_classical import part, rmse

from mlffbench.datasets.lennard_jones import EPSILON, SIGMA, lennard_jones
from mlffbench.estimators.lennard_jones import LennardJones


def test_lennard_jones_recovers_argon():
    argon = lennard_jones(n_train=12, n_test=6)
    model = LennardJones(cutoff=8.5).fit(*part(argon, "train"))
    assert model.parameters_["Ar-Ar"] == pytest.approx({"epsilon": EPSILON, "sigma": SIGMA}, rel=5e-3)
    frames, true = part(argon, "test_hot")
    predicted = model.predict(frames)
    assert rmse(predicted.forces, true.forces) < 0.01 * rmse([0 * f for f in true.forces], true.forces)
    assert rmse(predicted.stress, true.stress) < 0.01 * rmse(np.zeros((6, 6)), true.stress)
