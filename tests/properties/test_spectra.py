"""Spectra of oscillators of known frequency."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest
from ase import Atoms, units
from ase.calculators.calculator import Calculator, all_changes

from mlffbench.properties.dynamics import Trajectory, dynamics
from mlffbench.properties.limits import Limits
from mlffbench.properties.spectra import spectrum


class Spring(Calculator):
    """Two atoms on a spring of `k` eV/Å²."""

    implemented_properties: ClassVar[list[str]] = ["energy", "forces"]
    k = 20.0

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        r = self.atoms.positions[1] - self.atoms.positions[0]
        d = np.linalg.norm(r)
        pull = self.k * (d - 1.1) * r / d
        self.results = {"energy": 0.5 * self.k * (d - 1.1) ** 2, "forces": np.array([pull, -pull])}


def test_an_oscillator_shows_its_frequency() -> None:
    pair = Atoms("N2", [[0, 0, 0], [1.2, 0, 0]])
    found = dynamics(Spring(), pair, 20, 3000, 0.5, interval=5, limits=Limits(0, 0.1, 1e9))
    seen = spectrum(found, pair.get_masses(), start=100.0)
    omega = np.sqrt(Spring.k / (pair.get_masses()[0] / 2))  # ASE's unit of time
    true = omega / (2 * np.pi) * units.fs * 1e3
    high = seen.frequencies > 5  # below: the molecule turns
    peak = seen.frequencies[high][seen.density[high].argmax()]
    assert peak == pytest.approx(true, abs=1.0)
    assert np.trapezoid(seen.density, seen.frequencies) == pytest.approx(1)


def oscillation(terahertz: float, n: int = 400) -> Trajectory:
    times = 2.5 * np.arange(n)
    v = np.zeros((n, 1, 3))
    v[:, 0, 0] = np.cos(2 * np.pi * terahertz * 1e-3 * times)
    return Trajectory(times, v, v, times, times, None, 0.0)


def test_spectra_are_as_far_apart_as_their_lines() -> None:
    one, other = (spectrum(oscillation(f), np.ones(1)) for f in (40.0, 55.0))
    assert one.distance(other) == pytest.approx(15, abs=0.05)
    assert one.distance(one) == 0
    with pytest.raises(ValueError, match="at least 16 velocities"):
        spectrum(oscillation(40), np.ones(1), start=990)


def test_the_heavier_atom_counts_more() -> None:
    """Equipartition: every atom has the same share of Σ m v²."""
    times = 2.5 * np.arange(512)
    velocities = np.zeros((512, 2, 3))
    for k, (f, m) in enumerate(((20, 1.0), (60, 9.0))):
        velocities[:, k, 0] = np.cos(2 * np.pi * f * 1e-3 * times) / np.sqrt(m)
    both = spectrum(Trajectory(times, velocities, velocities, times, times, None, 0.0), np.array([1.0, 9.0]))
    low = both.frequencies < 40
    assert np.trapezoid(both.density[low], both.frequencies[low]) == pytest.approx(0.5, abs=0.01)
