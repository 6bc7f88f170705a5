"""The kernel between labels against the same function differentiated automatically."""

from __future__ import annotations

from dataclasses import replace

import torch

from mlffbench.descriptors import graph
from mlffbench.estimators.soap_kernel_ridge import SOAPKernelRidge
from mlffbench.potentials.soap.derivative_kernel import Representers, rows, states
from mlffbench.potentials.soap.environments import describe


def test_operator_rows_are_the_labels_of_the_representers(mixed):
    """Σ weights · rows, against the same function summed over atoms and differentiated automatically."""
    batch, kernel = mixed
    known = states(describe(batch, kernel.basis), kernel.basis, kernel.axes)
    representers = Representers.of([known[2].only(torch.tensor([0, 4, 7])), known[1], known[0]], kernel.axes)
    generator = torch.Generator().manual_seed(0)
    weights = torch.randn(len(representers), dtype=torch.float64, generator=generator)
    flat = {z: representers.flat(weights, z) for z in kernel.axes}
    model = SOAPKernelRidge(zeta=3.0)
    model.kernel_ = replace(kernel, points={z: q for z, (q, _, _) in flat.items()})
    model.energy_weights_ = {z: a for z, (_, a, _) in flat.items()}
    model.slope_weights_ = {z: g for z, (_, _, g) in flat.items()}
    energy, forces, stress = graph.with_forces(
        lambda moved: model._energies(moved, describe(moved, kernel.basis).unit), batch
    )
    starts = torch.bincount(batch.frame).cumsum(0) - torch.bincount(batch.frame)
    for i, state in enumerate(known):
        got = rows(state, representers, 3.0) @ weights
        here = slice(starts[i], starts[i] + torch.bincount(batch.frame)[i])
        parts = [energy[i : i + 1], forces[here].flatten(), *([stress[i]] if batch.periodic[i] else [])]
        torch.testing.assert_close(got, torch.cat(parts).detach(), rtol=1e-9, atol=1e-9)
