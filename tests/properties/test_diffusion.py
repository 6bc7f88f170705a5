"""Diffusion coefficient of a random walk."""

from __future__ import annotations

import numpy as np
import pytest

from mlffbench.properties.diffusion import diffusion


def test_a_random_walk_has_its_diffusion_coefficient() -> None:
    rng = np.random.default_rng(0)
    true, dt = 0.8, 10.0  # Å²/ps, fs
    steps = rng.normal(scale=np.sqrt(2 * true * dt / 1e3), size=(400, 150, 3))
    drift = 0.05 * np.arange(400)[:, None, None]
    found = diffusion(dt * np.arange(400), np.cumsum(steps, axis=0) + drift)
    assert found.error is not None
    assert found.error < 0.1
    assert found.coefficient == pytest.approx(true, abs=3 * found.error)


def test_what_stays_or_flies_does_not_diffuse() -> None:
    rng = np.random.default_rng(0)
    times = 10.0 * np.arange(200)
    assert diffusion(times, rng.normal(size=(200, 20, 3))).coefficient is None
    flying = times[:, None, None] * rng.normal(size=(1, 20, 3))
    assert diffusion(times, flying).coefficient is None
    assert diffusion(times[:5], flying[:5]).coefficient is None
