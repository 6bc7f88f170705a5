"""Thermal displacements along normal modes against equipartition."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.calculators.morse import MorsePotential
from example_samples import MORSE, nitrogen

from mlffbench.labelling.samplers.normal_modes import normal_modes
from mlffbench.labelling.samplers.relax import relax


def test_a_dimer_vibrates_as_the_harmonic_oscillator_says():
    T, n = 200.0, 4000
    frames = normal_modes(nitrogen(), MorsePotential(**MORSE), 0, T, n, step=0.002)
    r = np.array([f.get_distance(0, 1) for f in frames])
    k = 2 * MORSE["epsilon"] * (MORSE["rho0"] / MORSE["r0"]) ** 2  # Morse: D (ρ₀/r₀)² (x−1)² near r₀
    # ½ k ⟨(r − r₀)²⟩ = ½ k_B T; the variance of n normal deviates scatters by √(2/n) = 2.2 %
    assert np.var(r) == pytest.approx(units.kB * T / k, rel=0.07)
    assert r.mean() == pytest.approx(1.1, abs=0.002)
    assert np.allclose([f.get_center_of_mass() for f in frames], 0.0, atol=1e-9)
    axes = np.array([f.positions[1] - f.positions[0] for f in frames[:50]])
    assert np.allclose(axes[:, :2], 0.0, atol=1e-6), "rotations are projected out"


def test_every_mode_of_a_crystal_holds_half_kT():
    atoms = bulk("Cu", "fcc", 3.6, cubic=True).repeat((2, 1, 1))
    (minimum,) = relax(atoms, EMT(), 0, fmax=1e-4)
    T, n = 20.0, 60
    energies = []
    for frame in [minimum, *normal_modes(minimum, EMT(), 0, T, n)]:
        frame.calc = EMT()
        energies.append(frame.get_potential_energy())
    rise = np.mean(energies[1:]) - energies[0]
    expected = (3 * len(atoms) - 3) / 2 * units.kB * T
    # (3N−3)/2 kT scatters by √(2/(3N−3)) = 30 % a frame, 4 % in the mean of 60
    assert rise == pytest.approx(expected, rel=0.12)


def test_normal_modes_refuse_a_saddle_point():
    chain = Atoms("N3", [(0, 0, 0), (1.1, 0, 0), (2.2, 0, 0)])  # its ends attract one another: it would bend
    with pytest.raises(ValueError, match="saddle point with 2 imaginary modes"):
        normal_modes(chain, MorsePotential(**MORSE), 0, 300, 1)
    with pytest.raises(ValueError, match="single atom"):
        normal_modes(Atoms("Au"), EMT(), 0, 300, 1)
