"""Sparse points and principal axes of SOAP vectors."""

from __future__ import annotations

import numpy as np
import torch

from mlffbench.potentials.soap.sparse_points import cur, farthest_points, principal_axes


def test_leverage_finds_what_no_other_vector_replaces():
    rng = np.random.default_rng(0)
    common = np.array([1.0, 0.2, 0.0, 0.0]) + 0.01 * rng.normal(size=(60, 4)) * [1, 1, 1, 0]
    points = torch.nn.functional.normalize(torch.tensor(np.vstack([common, [[0, 0, 0, 1.0]]])))
    draws = [set(cur(points, 6, np.random.default_rng(s)).tolist()) for s in range(20)]
    assert all(len(d) == 6 for d in draws)
    assert sum(60 in d for d in draws) >= 19
    assert len(cur(points, 500, rng)) == 61


def test_principal_axes_hold_the_vectors_but_for_what_may_be_dropped():
    random = torch.Generator().manual_seed(0)
    scales = 10.0 ** -torch.arange(8, dtype=torch.float64)
    for n in (5, 50):
        x = torch.nn.functional.normalize(torch.randn(n, 8, dtype=torch.float64, generator=random) * scales)
        axes = principal_axes(x, dropped=1e-6)
        torch.testing.assert_close(axes.T @ axes, torch.eye(axes.shape[1], dtype=torch.float64))
        lost = 1 - ((x @ axes) ** 2).sum() / n
        assert 0 <= lost <= 1e-6
        assert axes.shape[1] < min(n, 8)


def test_farthest_points_spread_and_never_repeat():
    angles = torch.tensor([0.0, 0.0, 0.1, 0.2, 1.0, 2.0, 2.0], dtype=torch.float64)
    points = torch.stack([angles.cos(), angles.sin()], dim=1)
    assert sorted(angles[farthest_points(points, 3)].tolist()) == [0.0, 1.0, 2.0]
    assert len(farthest_points(points, 7)) == 5
