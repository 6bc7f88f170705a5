"""Derivatives by the weights of the last layer, against changed weights."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from ase import Atoms

from mlffbench.estimators.allegro import Allegro
from mlffbench.estimators.equivariant_network import EquivariantNetwork
from mlffbench.estimators.nequip import NequIP
from mlffbench.estimators.painn import PaiNN
from mlffbench.estimators.schnet import SchNet
from mlffbench.estimators.tensornet import TensorNet
from mlffbench.testing import molecules

NETWORKS = [Allegro, EquivariantNetwork, NequIP, PaiNN, SchNet, TensorNet]


@pytest.mark.parametrize("cls", NETWORKS, ids=lambda c: c.__name__)
def test_energies_and_forces_are_linear_in_the_last_weights(cls: Any) -> None:
    for module in cls.requires:
        pytest.importorskip(module)
    data = molecules(4)
    model = cls(**(cls.test_params() | {"max_epochs": 1})).fit(data.frames, data.labels)
    (graph,) = model._prepare([*data.frames[:2], Atoms("O")][: 2 if model.readout_of_pairs else 3])
    layer = model._last_layer()
    features, jacobian = layer(graph)
    scale = getattr(layer.layer, "scales", [float(getattr(layer.layer, "alpha", 1.0))])[0]
    (weight,) = (w for w in layer.layer.parameters() if w.numel() == features.shape[1])
    before = [x.detach() for x in model._with_forces(graph)]
    change = torch.randn(weight.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        weight.add_(change)
    after = [x.detach() for x in model._with_forces(graph)]
    direction = scale * change.flatten()
    torch.testing.assert_close(after[0] - before[0], features @ direction)
    torch.testing.assert_close(after[1] - before[1], -(jacobian @ direction))
    _, along = layer(graph, direction[:, None])
    torch.testing.assert_close(along[:, :, 0], jacobian @ direction)
