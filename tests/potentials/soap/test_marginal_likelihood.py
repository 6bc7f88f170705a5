"""The evidence of a sparse process against the exact one of GPyTorch."""

from __future__ import annotations

from dataclasses import replace

import gpytorch
import pytest
import torch
from example_kernels import NO_ATOMS, SMALL, dense_covariance, springs, water

from mlffbench.descriptors import graph
from mlffbench.estimators.soap_gpr import SOAPGPR
from mlffbench.potentials.regression.whitened_least_squares import log_evidence
from mlffbench.potentials.soap.batch_sizes import equal_parts
from mlffbench.potentials.soap.environments import describe
from mlffbench.potentials.soap.marginal_likelihood import problems_by_kind
from mlffbench.potentials.soap.training_batches import Batches


def test_the_evidence_is_gpytorchs_where_nothing_is_sparse():
    frames = water(10)
    labels = replace(springs(frames, (0.05, 0.0)), forces=None)
    model = SOAPGPR(**SMALL, atomic_energies=NO_ATOMS).fit(frames, labels)
    batches = Batches(frames, labels, model.basis_, equal_parts(len(frames), 4), "cpu")
    environments = describe(graph.build(frames, model.basis_.radius), model.basis_)
    k = dense_covariance(model, environments, environments)[::10, ::10] / model.variance_
    signal, noise = torch.tensor(0.7, dtype=torch.float64), torch.tensor(0.03, dtype=torch.float64)
    problems = problems_by_kind(batches, model.kernel_, ["energy"])
    got = log_evidence(list(problems.values()), [noise], signal**2)

    class Known(gpytorch.kernels.Kernel):
        def forward(self, x1, x2, diag=False, **params):
            found = signal**2 * k[x1[..., 0].long()][:, x2[..., 0].long()]
            return found.diagonal() if diag else found

    class Exact(gpytorch.models.ExactGP):
        def forward(self, x):
            return gpytorch.distributions.MultivariateNormal(x.new_zeros(len(x)), known(x))

    known = Known()
    index, energy = torch.arange(10, dtype=torch.float64)[:, None], torch.tensor(labels.energy)
    fixed = gpytorch.likelihoods.FixedNoiseGaussianLikelihood(
        torch.full((10,), 3 * 0.03**2, dtype=torch.float64)
    )
    exact = Exact(index, energy, fixed).double().train()
    likelihood = gpytorch.mlls.ExactMarginalLogLikelihood(fixed, exact)
    expected = likelihood(exact(index), energy) * 10  # gpytorch divides by the number of data
    assert float(got) == pytest.approx(float(expected), abs=1e-3)
