"""Conjugate gradients and the incomplete Cholesky factor against direct solutions."""

from __future__ import annotations

import numpy as np
import torch
from example_kernels import ammonia

from mlffbench.potentials.sgdml.solver import incomplete_cholesky, kernel_matrix, solve, solve_iteratively


def test_conjugate_gradients_end_where_cholesky_does():
    kernel, _, _ = ammonia(20)
    forces = torch.from_numpy(np.random.default_rng(0).normal(size=kernel.size))
    forces = kernel.product(forces)  # of the kernel's own space
    closed = solve(kernel, forces, 1e-8)
    steps = solve_iteratively(kernel, forces, 1e-8, 60, 1e-12, 2000, np.random.RandomState(0))
    assert closed.iterations == 0
    assert steps.iterations > 0
    difference = kernel.product(steps.coefficients) - kernel.product(closed.coefficients)
    assert float(difference.abs().max()) < 1e-6 * float(forces.abs().max())


def test_an_incomplete_factor_of_full_rank_is_complete():
    kernel, _, _ = ammonia(3)
    factor, left = incomplete_cholesky(kernel, kernel.size - 18, np.random.RandomState(0))
    full = kernel_matrix(kernel)
    full = full.triu() + full.triu(1).T
    # six components of each structure, its translations and rotations, carry no variance
    torch.testing.assert_close(factor.T @ factor, full, atol=1e-6 * float(full.max()), rtol=0)
    assert float(left.max()) < 1e-6 * float(full.max())
