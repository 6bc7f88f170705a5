"""The sGDML kernel against the published formula, loop by loop."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from example_kernels import ammonia

from mlffbench.potentials.sgdml.solver import kernel_matrix


def naive_energy_covariance(r: np.ndarray, q: np.ndarray, group: np.ndarray, sigma: float) -> float:
    """Σ_P k(|x(r) − x(Pq)|) with the Matérn function, loop by loop."""
    total = 0.0
    for order in group:
        moved = q[order]
        square = 0.0
        for a in range(len(r)):
            for b in range(a):
                difference = 1 / np.linalg.norm(r[a] - r[b]) - 1 / np.linalg.norm(moved[a] - moved[b])
                square += difference**2
        s = np.sqrt(5 * square) / sigma
        total += (1 + s + s * s / 3) * np.exp(-s)
    return total


def naive_block(r: np.ndarray, q: np.ndarray, group: np.ndarray, sigma: float) -> np.ndarray:
    """Chmiela 2017/2018: Σ_P J(r)ᵀ [5/(3σ²)(1+s) − 25/(3σ⁴) δδᵀ] e^(−s) J(Pq) P, with numeric loops."""

    def describe(r: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x, slopes = [], []
        for a in range(len(r)):
            for b in range(a + 1, len(r)):
                v = r[a] - r[b]
                row = np.zeros((len(r), 3))
                row[a], row[b] = -v / np.linalg.norm(v) ** 3, v / np.linalg.norm(v) ** 3
                x.append(1 / np.linalg.norm(v))
                slopes.append(row.ravel())
        return np.array(x), np.array(slopes)

    x, jacobian = describe(r)
    block = np.zeros((r.size, q.size))
    for order in group:
        y, moved = describe(q[order])
        delta = x - y
        s = np.sqrt(5) * np.linalg.norm(delta) / sigma
        inner = 5 / (3 * sigma**2) * (1 + s) * np.eye(len(x)) - 25 / (3 * sigma**4) * np.outer(delta, delta)
        found = (jacobian.T @ (inner * np.exp(-s)) @ moved).reshape(r.size, -1, 3)
        block[:, (3 * order[:, None] + np.arange(3)).ravel()] += found.reshape(r.size, -1)
    return block


def test_the_kernel_matrix_is_the_published_formula():
    kernel, positions, group = ammonia(3, sigma=2.0)
    expected = np.block([[naive_block(r, q, group, 2.0) for q in positions] for r in positions])
    np.testing.assert_allclose(np.triu(kernel_matrix(kernel).numpy()), np.triu(expected), atol=1e-12)
    np.testing.assert_allclose(expected, expected.T, atol=1e-12)


def test_the_kernel_is_the_second_derivative_of_the_covariance_of_energies():
    kernel, positions, group = ammonia(2, sigma=2.0)
    block = kernel.rows(0, others=slice(1, 2)).numpy()
    rng = np.random.default_rng(1)
    u, v = rng.normal(size=(2, 4, 3))
    step = 1e-3
    corners = [
        i * j * naive_energy_covariance(positions[0] + i * step * u, positions[1] + j * step * v, group, 2.0)
        for i in (1, -1)
        for j in (1, -1)
    ]
    assert u.ravel() @ block @ v.ravel() == pytest.approx(sum(corners) / (4 * step**2), rel=1e-4)


def test_some_rows_are_rows_of_the_matrix():
    kernel, _, _ = ammonia(3)
    upper = kernel_matrix(kernel).triu()
    full = upper + upper.triu(1).T
    torch.testing.assert_close(kernel.rows(1, [0, 4, 11]), full[[12, 16, 23]], atol=1e-13, rtol=0)
    torch.testing.assert_close(kernel.diagonal(), full.diagonal(), atol=1e-13, rtol=0)
    vector = torch.linspace(-1, 1, kernel.size, dtype=torch.float64)
    torch.testing.assert_close(kernel.product(vector), full @ vector, atol=1e-12, rtol=0)
