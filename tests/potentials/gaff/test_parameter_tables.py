"""Parameters of terms that training never showed."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import molecule
from example_gaff import invented, rattled

from mlffbench.estimators.bonded import Bonded
from mlffbench.potentials.gaff.parameter_tables import ParameterCache


def test_what_training_never_showed_gets_the_mean_of_what_is_alike():
    names = ["CH4", "C2H6", "CH3OH"]
    frames = [a for name in names for a in rattled(molecule(name), 10, 0.03)]
    model = Bonded(depth=2).fit(frames, np.random.default_rng(0).normal(size=len(frames)).tolist())
    model.parameters_ = invented(model)
    labels = model.predict([molecule("C3H8"), molecule("CH3CH2OH")])
    assert np.isfinite(labels.energy).all()
    assert np.abs(labels.forces[0]).max() > 0.1
    cache = ParameterCache.of(model.parameters_, model.types_)
    row = cache.index.find("bonds", np.array([["C", "O"]]))[0]
    single = {
        k: v["k"] for k, v in model.parameters_["bonds"].items() if "H" not in [p[0] for p in k.split("-")]
    }
    carbon_oxygen = [k for name, k in single.items() if "O" in [p[0] for p in name.split("-")]]
    assert len(single) == 2
    assert float(cache.coefficients["bonds"][row, 0]) == pytest.approx(np.mean(carbon_oxygen))
    row = cache.index.find("bonds", np.array([["H", "C"]]))[0]
    hydrogens = [
        v["k"] for k, v in model.parameters_["bonds"].items() if {p[0] for p in k.split("-")} == {"C", "H"}
    ]
    assert len(hydrogens) == 3
    assert float(cache.coefficients["bonds"][row, 0]) == pytest.approx(np.mean(hydrogens))
