"""The chain rule through precomputed Jacobians against automatic differentiation."""

from __future__ import annotations

import numpy as np
import torch

from mlffbench.descriptors import graph
from mlffbench.descriptors.acsf import ACSF
from mlffbench.potentials.networks.acsf_batches import DescribedFrames, energies_and_derivatives
from mlffbench.potentials.networks.element_networks import ElementNetworks
from mlffbench.potentials.networks.seeding import fixed_seed
from mlffbench.testing import solids


def test_kept_derivatives_give_the_forces_of_automatic_differentiation() -> None:
    data, cpu = solids(), torch.device("cpu")
    frames, labels = data.frames, data.labels
    acsf = ACSF(4.5).fit(frames)
    batches = [
        DescribedFrames(acsf, frames, labels, torch.float64, cpu, cache_bytes).batch([2, 0, 5])
        for cache_bytes in (1e9, 0.0)
    ]
    with fixed_seed(0):
        network = ElementNetworks((8,), len(acsf.species_), len(acsf.get_feature_names_out())).double()
    energies = lambda g: g.sum_atoms(network(acsf.features(g), acsf.element(g.numbers)))
    for batch in batches:
        found = energies_and_derivatives(network, batch, acsf.columns)
        whole = graph.build([frames[i] for i in (2, 0, 5)], acsf.cutoff)
        for a, b in zip(found, graph.with_forces(energies, whole), strict=True):
            torch.testing.assert_close(a.detach(), b.detach(), rtol=1e-10, atol=1e-10)
        torch.testing.assert_close(
            batch.stress, torch.tensor(np.array([labels.stress[i] for i in (2, 0, 5)]))
        )
