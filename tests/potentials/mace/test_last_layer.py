"""Inputs of MACE's readouts, against changed weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from example_mace import mixed, untrained

from mlffbench.data import Labels
from mlffbench.potentials.mace.assembly import assemble
from mlffbench.potentials.mace.evaluation import energies_and_forces
from mlffbench.potentials.mace.inputs import Inputs
from mlffbench.potentials.mace.last_layer import LastLayer, fused_layers
from mlffbench.potentials.networks.rigidity import Rigidity
from mlffbench.testing.replay import replayed_on_cpu

NUMBERS = [1, 6, 8]


@pytest.mark.parametrize("n_layers", [1, 2])
def test_energies_and_forces_are_linear_in_the_last_weights(n_layers: int) -> None:
    """Molecules, a slab, a crystal and a lone atom; mace-torch's layers and ours."""
    module, graphs, config = untrained(mixed(), NUMBERS, {"num_interactions": n_layers, "max_L": 1})
    layer = LastLayer(fused_layers(module, "mace", config))
    batch = assemble(graphs, range(len(graphs)))
    features, jacobian = layer(batch)
    before = energies_and_forces(module, batch)
    changes = []
    for readout in module.readouts:
        last = readout.linear_2 if hasattr(readout, "linear_2") else readout.linear
        weight, n = last.weight, last.instructions[0].path_shape[0]
        change = torch.randn(n, dtype=torch.float64, generator=torch.Generator().manual_seed(n))
        with torch.no_grad():
            weight[:n].add_(change)
        changes.append(change)
    after = energies_and_forces(module, batch)
    direction = torch.cat(changes)
    torch.testing.assert_close(after[0] - before[0], features @ direction)
    torch.testing.assert_close(after[1] - before[1], jacobian @ direction)
    _, along = layer(batch, direction[:, None])
    torch.testing.assert_close(along[:, :, 0], jacobian @ direction)


def test_padding_changes_no_deviation() -> None:
    """Batches of few shapes, as where evaluations are captured."""
    module, graphs, config = untrained(mixed(), NUMBERS, {})
    fused = fused_layers(module, "mace", config)
    n = len(graphs)
    plain = Inputs.of(graphs, fused)
    with replayed_on_cpu():
        padded = Inputs.of(graphs, fused)
    assert padded.batches[0].shifts.shape != plain.batches[0].shifts.shape
    layer, bare = LastLayer(fused), Labels(np.zeros(n))
    random = torch.Generator().manual_seed(1)
    width = layer(plain.batches[0])[0].shape[1]
    root = torch.randn(width, 3, dtype=torch.float64, generator=random)
    a, b = (layer.with_deviations(bare, inputs, Rigidity(root, root)) for inputs in (plain, padded))
    assert [len(f) for f in a.forces_std] == [shape.n for shape in graphs.shapes]
    np.testing.assert_allclose(a.energy_std, b.energy_std, rtol=1e-9)
    np.testing.assert_allclose(np.concatenate(a.forces_std), np.concatenate(b.forces_std), atol=1e-9)
