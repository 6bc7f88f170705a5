"""Whitened least squares against direct solutions and the dense Gaussian."""

from __future__ import annotations

import pytest
import torch
from scipy.stats import multivariate_normal

from mlffbench.potentials.regression.whitened_least_squares import WhitenedLeastSquares, stable_factor


def random_problem() -> tuple[WhitenedLeastSquares, torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """A solver fed in two batches, and K_mm, K, y and the noise it was fed."""
    random = torch.Generator().manual_seed(0)
    normal = lambda *shape: torch.randn(*shape, dtype=torch.float64, generator=random)
    roots = [normal(3, 3), normal(2, 2)]
    blocks = [r @ r.T + torch.eye(len(r), dtype=torch.float64) for r in roots]
    rows, targets, noise = normal(20, 5), normal(20), normal(20).abs() + 0.1
    problem = WhitenedLeastSquares([torch.linalg.cholesky(b) for b in blocks])
    problem.add(rows[:13], targets[:13], noise[:13])
    problem.add(rows[13:], targets[13:], noise[13:])
    return problem, torch.block_diag(*blocks), rows, targets, noise


def test_the_whitened_solution_is_the_direct_one():
    problem, among, rows, targets, noise = random_problem()
    scaled = rows / noise[:, None]
    expected = torch.linalg.solve(scaled.T @ scaled + among / 0.7, scaled.T @ (targets / noise))
    torch.testing.assert_close(problem.solve(0.7)[0], expected, rtol=0, atol=1e-10)


def test_the_evidence_is_that_of_the_dense_gaussian():
    problem, among, rows, targets, noise = random_problem()
    low_rank = rows @ torch.linalg.solve(among, rows.T)
    covariance = lambda v: v * low_rank + torch.diag(noise**2)
    dense = [multivariate_normal(None, covariance(v)).logpdf(targets) for v in (0.2, 5.0)]
    got = [problem.log_evidence(v) for v in (0.2, 5.0)]
    assert got[1] - got[0] == pytest.approx(dense[1] - dense[0], abs=1e-9)


def test_a_singular_kernel_gets_a_small_jitter_and_an_indefinite_one_a_sentence():
    ones = torch.ones(4, 4, dtype=torch.float64)
    torch.testing.assert_close(stable_factor(ones) @ stable_factor(ones).T, ones, rtol=0, atol=1e-9)
    with pytest.raises(ValueError, match="not positive definite"):
        stable_factor(ones - torch.eye(4, dtype=torch.float64))
