"""The Buckingham potential recovers the parameters of its data and does not collapse at short range."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from ase.build import bulk

from mlffbench.estimators.buckingham import Buckingham


def test_buckingham_recovers_what_made_the_data():
    true = {"A": 4000.0, "C": 70.0, "rho": 0.33, "r_min": 2.5}
    rng = np.random.default_rng(0)
    frames = [bulk("Ar", "fcc", a=5.3, cubic=True) for _ in range(12)]
    for atoms in frames:
        atoms.positions += rng.normal(scale=0.15, size=(4, 3))
    truth = Buckingham(cutoff=7.0).fit(frames, [0.0] * 12)
    truth.parameters_ = {"Ar-Ar": true}
    model = Buckingham(cutoff=7.0).fit(frames, truth.predict(frames))
    fitted = model.parameters_["Ar-Ar"]
    assert [fitted[k] for k in ("A", "C", "rho")] == pytest.approx([4000.0, 70.0, 0.33], rel=0.01)


def test_buckingham_does_not_collapse_and_is_pure_beyond_the_guard():
    A, C, rho, r_min = (torch.tensor(x, dtype=torch.float64) for x in (4000.0, 70.0, 0.33, 2.5))
    r = torch.linspace(0.01, 4.0, 4000, dtype=torch.float64).requires_grad_()
    u = Buckingham.form(r, A, C, rho, r_min)
    (slope,) = torch.autograd.grad(u.sum(), r, create_graph=True)
    (bend,) = torch.autograd.grad(slope.sum(), r)
    pure = A * torch.exp(-r / rho) - C / r**6
    assert torch.allclose(u[r >= r_min], pure[r >= r_min], rtol=1e-14)
    assert (slope[r < 2.0] < 0).all()
    assert u[0] > 3500
    assert pure[0] < -1e9
    steps = bend.detach()[(r > 1.9) & (r < 2.6)].diff().abs()
    assert steps.max() < 0.02 * bend.abs().detach()[(r > 1.9) & (r < 2.6)].max()
