"""The kernel between labels against the same function differentiated automatically."""

from __future__ import annotations

import torch

from mlffbench.descriptors import graph
from mlffbench.potentials.soap.derivative_kernel import Representers, frame_features, kernel_rows
from mlffbench.potentials.soap.environments import describe
from mlffbench.potentials.soap.kernel_ridge import Expansion


def test_operator_rows_are_the_labels_of_the_representers(mixed):
    """Σ weights · rows, against the same function summed over atoms and differentiated automatically."""
    batch, kernel = mixed
    known = frame_features(describe(batch, kernel.basis), kernel.basis, kernel.axes)
    representers = Representers.of(
        [known[2].with_labels(torch.tensor([0, 4, 7])), known[1], known[0]], kernel.axes
    )
    generator = torch.Generator().manual_seed(0)
    weights = torch.randn(len(representers), dtype=torch.float64, generator=generator)
    expansion = Expansion.of(representers, weights, kernel.basis, 3.0, kernel.axes)
    energy, forces, stress = graph.with_forces(
        lambda moved: expansion.energies(moved, describe(moved, kernel.basis).unit), batch
    )
    starts = torch.bincount(batch.frame).cumsum(0) - torch.bincount(batch.frame)
    for i, frame in enumerate(known):
        got = kernel_rows(frame, representers, 3.0) @ weights
        here = slice(starts[i], starts[i] + torch.bincount(batch.frame)[i])
        parts = [energy[i : i + 1], forces[here].flatten(), *([stress[i]] if batch.periodic[i] else [])]
        torch.testing.assert_close(got, torch.cat(parts).detach(), rtol=1e-9, atol=1e-9)
