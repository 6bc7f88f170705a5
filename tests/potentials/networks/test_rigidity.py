"""Last-layer rigidity on linear models, where it is Bayesian regression."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from mlffbench.potentials.networks.rigidity import Rows, check_held_out, fit_rigidity, sample_frames

FEATURES = 6


def linear(n: int, seed: int, noise: float = 0.3) -> tuple[torch.Tensor, torch.Tensor]:
    """Features of unequal sizes, and noise."""
    random = torch.Generator().manual_seed(seed)
    features = torch.randn(n, FEATURES, dtype=torch.float64, generator=random) * torch.logspace(
        -1, 1, FEATURES
    )
    return features, noise * torch.randn(n, dtype=torch.float64, generator=random)


def rows(features: torch.Tensor, errors: torch.Tensor) -> Rows:
    """The same rows as those of energies and of forces."""
    return Rows(features, features, torch.ones(len(features), dtype=torch.float64), errors, errors)


def test_it_is_the_posterior_of_bayesian_regression() -> None:
    """Errors of a least-squares fit far from its data are those of the posterior, V Vᵀ = s²(XᵀX)⁻¹."""
    x, noise = linear(60, 1)
    far, _ = linear(4000, 2)
    weights = torch.linalg.lstsq(x, noise[:, None]).solution[:, 0]  # of a model that learned noise
    rigidity = fit_rigidity([rows(x, torch.zeros(60))], rows(far, far @ weights), 1.0, 0.0)
    for root in (rigidity.energy, rigidity.forces):
        z = (far @ weights) / (far @ root).norm(dim=1)
        assert float(z.square().mean()) == pytest.approx(1.0, rel=1e-6)
    shape = rigidity.energy @ rigidity.energy.T
    posterior = torch.linalg.inv(x.T @ x)
    assert torch.allclose(shape / shape.trace(), posterior / posterior.trace(), atol=0.02)


def test_forces_in_some_directions_are_an_estimate() -> None:
    """Calibrated like all, in the order of all, and the more so the more directions there are."""
    x, errors = linear(200, 3)
    held, noise = linear(2000, 4)
    held_rows = rows(held, noise * (held @ torch.linalg.inv(x.T @ x) * held).sum(dim=1).sqrt())
    std = []
    for k in (2, 4, None):
        root = fit_rigidity([rows(x, errors)], held_rows, 1.0, 1.0, directions=k).forces
        assert root.shape == (FEATURES, k or FEATURES)
        std.append((held @ root).norm(dim=1))
        assert float((held_rows.forces_error / std[-1]).square().mean()) == pytest.approx(1.0, rel=1e-6)
    two, four = (spearmanr(some, std[-1]).statistic for some in std[:2])
    assert 0.3 < two < four < 0.99


def test_energies_alone_calibrate_forces_too() -> None:
    x, errors = linear(30, 4)
    alone = Rows(x, x[:0], torch.ones(30, dtype=torch.float64), errors, errors[:0])
    rigidity = fit_rigidity([alone], alone, 1.0, 1.0)
    assert torch.equal(rigidity.energy, rigidity.forces)
    assert torch.isfinite(rigidity.energy).all()


def test_unknown_labels_are_left_out() -> None:
    features, jacobian = torch.ones(2, FEATURES), torch.ones(3, 3, FEATURES)
    forces = torch.tensor([[1.0, 2.0, 3.0], [torch.nan] * 3, [torch.nan] * 3])
    known = Rows.known(features, jacobian, torch.ones(2), torch.tensor([torch.nan, 1.0]), forces)
    assert (known.energy.shape, known.forces.shape) == ((1, FEATURES), (3, FEATURES))
    assert known.forces_error.tolist() == [1.0, 2.0, 3.0]
    joined = Rows.joined([known, known])
    assert joined.energy_error.tolist() == [1.0, 1.0]


def test_a_sample_has_enough_atoms_and_not_many_more() -> None:
    sizes = np.full(1000, 20)
    some = sample_frames(list(range(0, 1000, 2)), sizes, 0)
    assert len(some) in (50, 51)
    assert some == sorted(some)
    assert all(i % 2 == 0 for i in some)
    assert some == sample_frames(list(range(0, 1000, 2)), sizes, 0)
    assert sample_frames([3, 7], sizes, 0) == [3, 7]


def test_calibration_needs_frames() -> None:
    with pytest.raises(ValueError, match="validation_fraction above 0"):
        check_held_out(0)
