"""The constructor that all networks on graphs share: defaults, documentation, scikit-learn's view of it."""

from __future__ import annotations

import inspect
import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

from mlffbench.estimators.base.graph_network import GraphNetwork
from mlffbench.estimators.equivariant_network import EquivariantNetwork
from mlffbench.estimators.painn import PaiNN
from mlffbench.estimators.schnet import SchNet
from mlffbench.estimators.tensornet import TensorNet
from mlffbench.testing import molecules
from mlffbench.testing.replay import replayed_on_cpu

SHARED = {
    "energy_weight": 1.0, "forces_weight": 1.0, "stress_weight": 100.0, "max_epochs": 100, "batch_size": 5,
    "learning_rate": 0.005, "validation_fraction": 0.1, "patience": None, "max_seconds": None,
    "warm_start": False, "device": "cpu", "dtype": "float32", "random_state": 0, "atomic_energies": None,
}  # fmt: skip
OWN: dict[type[GraphNetwork], dict[str, Any]] = {
    PaiNN: {"cutoff": 5.0, "channels": 32, "layers": 3, "radial_features": 20},
    SchNet: {"cutoff": 5.0, "channels": 64, "layers": 3, "radial_features": 50},
    TensorNet: {"cutoff": 5.0, "channels": 16, "layers": 2, "radial_features": 32},
    EquivariantNetwork: {
        "cutoff": 4.5, "num_channels": 32, "l_max": 1, "num_layers": 3, "num_radial_basis": 8,
        "parity": False, "max_epochs": 60, "learning_rate": 0.02,
    },
}  # fmt: skip
EACH = pytest.mark.parametrize("cls", OWN, ids=lambda c: c.__name__)


@EACH
def test_every_class_has_its_own_defaults(cls: type[GraphNetwork]) -> None:
    assert cls().get_params() == SHARED | OWN[cls]
    signature = inspect.signature(cls).parameters.values()
    assert {p.name: p.default for p in signature} == SHARED | OWN[cls]
    positional = [p.name for p in signature if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert positional == list(OWN[cls])[:4]


@EACH
def test_it_is_cloned_compared_and_shown_as_an_estimator(cls: type[GraphNetwork]) -> None:
    model = cls(3.0, batch_size=2)
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    assert copy != model
    assert len({copy, model}) == 2
    assert repr(model) == f"{cls.__name__}(batch_size=2, cutoff=3.0)"


@EACH
def test_the_shared_parameters_stand_in_every_docstring(cls: type[GraphNetwork]) -> None:
    documented = inspect.getdoc(cls) or ""
    assert "{shared}" not in documented
    assert "batch_size, learning_rate, patience" in documented
    assert documented.count("Attributes\n----------") == documented.count("history_ : list of dict") == 1


def test_structures_of_one_shape_are_predicted_by_a_replayed_graph() -> None:
    data = molecules(4)
    model = EquivariantNetwork(**EquivariantNetwork.test_params()).fit(data.frames, data.labels)
    steps = [data.frames[0].copy() for _ in range(6)]
    for k, atoms in enumerate(steps):
        atoms.rattle(0.01, seed=k)
    expected = [model.predict([atoms]) for atoms in steps]
    again = pickle.loads(pickle.dumps(model))
    with replayed_on_cpu():
        for atoms, labels in zip(steps, expected, strict=True):
            got = again.predict([atoms])
            np.testing.assert_allclose(got.energy, labels.energy, rtol=1e-9)
            np.testing.assert_allclose(got.forces[0], labels.forces[0], rtol=1e-9, atol=1e-11)
        assert again._prediction().captured.status == "yes"
        pickle.dumps(again)  # without the graphs
