"""Prior variances of forces against the kernel between labels."""

from __future__ import annotations

import torch
from ase import Atoms
from ase.build import bulk
from example_kernels import SMALL, dense_covariance

from mlffbench.descriptors import graph
from mlffbench.estimators.soap_gpr import SOAPGPR
from mlffbench.potentials.soap.environments import describe
from mlffbench.potentials.soap.predictive_variance import forces_prior


def test_the_prior_of_forces_is_the_operator_kernels_diagonal():
    cell = bulk("NaCl", "rocksalt", a=5.0)
    cell.rattle(0.1, seed=3)
    frames = [cell, Atoms("NaClCl", [[0, 0, 0], [2.2, 0.1, 0], [-0.3, 2.4, 0.2]])]
    model = SOAPGPR(**SMALL, cutoff=3.0, zeta=3.0).fit(frames, [0.0, 1.0])
    environments = describe(graph.build(frames, model.basis_.radius), model.basis_)
    diagonal = dense_covariance(model, environments, environments).diagonal() / model.variance_
    expected = torch.cat(
        [diagonal[1:7], diagonal[1 + 6 + 6 + 1 :]]
    )  # energy, forces, stresses; energy, forces
    got = forces_prior(environments, model.kernel_).flatten()
    torch.testing.assert_close(got, expected, rtol=1e-9, atol=1e-12)
