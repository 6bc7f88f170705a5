"""Thermal expansion of potentials with a known Grüneisen parameter."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones
from scipy.optimize import brentq

from mlffbench.labelling.calculators.stillinger_weber import stillinger_weber
from mlffbench.properties.phonons import phonons
from mlffbench.properties.thermal_expansion import THZ, thermal_expansion, thermal_expansion_by_dynamics


class Gruneisen(Calculator):
    """½ B (V − V₀)²/V₀ + ½ k(V) Σ |u − ⟨u⟩|² with k ∝ V^(−2γ), u from the lattice that the cell carries.

    All vibrations have the same γ, so that thermal expansion is known in closed form.
    """

    implemented_properties: ClassVar[list[str]] = ["energy", "forces", "stress"]

    def __init__(self, lattice: Atoms, modulus: float, stiffness: float, gamma: float) -> None:
        super().__init__()
        self.cell, self.volume = lattice.cell.array, lattice.get_volume() / len(lattice)
        self.modulus, self.stiffness, self.gamma = modulus, stiffness, gamma

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        n, whole = len(self.atoms), self.atoms.get_volume()
        factor = (whole / n / self.volume) ** (1 / 3)
        sites = np.linalg.solve(self.cell.T * factor, self.atoms.positions.T).T
        away = (sites - np.rint(sites)) @ self.cell * factor
        away -= away.mean(axis=0)
        k = self.stiffness * (whole / n / self.volume) ** (-2 * self.gamma)
        elastic = n * self.modulus * (whole / n / self.volume - 1)  # ∂E/∂V, times V₀
        harmonic = k * (away**2).sum() / 2
        energy = n * self.modulus * self.volume * (whole / n / self.volume - 1) ** 2 / 2 + harmonic
        slope = elastic / n - 2 * self.gamma * harmonic / whole
        stress = k * away.T @ away / whole + np.eye(3) * slope
        self.results = {"energy": energy, "forces": -k * away, "stress": stress.flat[[0, 4, 8, 5, 2, 1]]}


def grueneisen(crystal: Atoms, modulus: float = 0.6, gamma: float = 2.0) -> Gruneisen:
    return Gruneisen(crystal, modulus, 3.0, gamma)


def test_a_harmonic_crystal_does_not_expand() -> None:
    crystal = bulk("Ar", a=5.0)
    found = thermal_expansion(grueneisen(crystal, gamma=0.0), crystal, (0.0, 300.0), 5.0, mesh=3)
    np.testing.assert_allclose(found.volumes, crystal.get_volume(), rtol=1e-5)
    np.testing.assert_allclose(found.coefficients, 0, atol=1e-10)


@pytest.mark.parametrize("classical", [True, False])
def test_a_crystal_of_one_gruneisen_parameter_expands_as_it_must(classical: bool) -> None:
    """B (V − V₀)/V₀ = γ E_vib/V, with E_vib = kT a mode or that of quantum oscillators."""
    crystal, modulus, gamma = bulk("Ar", a=5.0), 0.6, 2.0
    potential, v0 = grueneisen(crystal), crystal.get_volume()
    found = thermal_expansion(potential, crystal, (0.0, 40.0, 200.0), 5.0, mesh=3, classical=classical)
    spectrum = phonons(potential, crystal, 5.0, mesh=3, n_path=2)
    modes = spectrum.frequencies > 0.05
    shares = np.broadcast_to(spectrum.weights[:, None] / spectrum.weights.sum(), modes.shape)[modes]

    def pressure(v: float, t: float) -> float:
        quanta = THZ * spectrum.frequencies[modes] * (v / v0) ** -gamma
        warm = quanta / np.expm1(quanta / (units.kB * t)) if t else 0 * quanta
        energy = shares @ (np.full_like(quanta, units.kB * t) if classical else quanta / 2 + warm)
        return modulus * (v - v0) / v0 - gamma * energy / v

    exact = np.array([brentq(pressure, v0, 1.04 * v0, args=(t,)) for t in (0.0, 40.0, 200.0)])
    np.testing.assert_allclose(found.volumes, exact, rtol=5e-5)
    slope = np.log(
        brentq(pressure, v0, 1.04 * v0, args=(201.0,)) / brentq(pressure, v0, 1.04 * v0, args=(199.0,))
    )
    assert found.coefficients[2] == pytest.approx(slope / 6, rel=5e-3)
    assert found.minimum == pytest.approx(v0, rel=5e-5)


SI = bulk("Si", "diamond", a=5.43095)


def test_silicon_of_stillinger_and_weber_expands_little() -> None:
    found = thermal_expansion(stillinger_weber(), SI, (300.0,), 6.0, mesh=4)
    assert 2e-6 < found.coefficients[0] < 5e-6


def test_where_there_is_no_quasi_harmonic_crystal_it_says_so() -> None:
    crystal = bulk("Ar", a=5.0)
    with pytest.raises(ValueError, match=r"at 3000 K is not between .* larger span"):
        thermal_expansion(grueneisen(crystal), crystal, (3000.0,), 4.0, mesh=3)
    with pytest.raises(ValueError, match="imaginary modes at"):
        thermal_expansion(
            LennardJones(sigma=2.5, epsilon=0.1, rc=5.0), bulk("Cu", "sc", a=2.6), min_length=5.0
        )


def test_dynamics_expand_as_the_gruneisen_parameter_says() -> None:
    crystal, modulus, gamma, t = bulk("Ar", a=5.0), 0.1, 3.0, 300.0
    v0 = crystal.get_volume()
    exact = brentq(lambda v: modulus * (v - v0) / v0 - 3 * gamma * units.kB * t / v, v0, 2 * v0)
    found = thermal_expansion_by_dynamics(
        grueneisen(crystal, modulus, gamma), crystal, (t,), steps=500, timestep=5.0, min_length=8.0, seed=1
    )
    assert abs(found.volumes[0] - exact) < 4 * found.volume_errors[0]
    assert found.volume_errors[0] < 0.2 * (exact - v0)
    assert found.coefficients[0] == pytest.approx(np.log(found.volumes[0] / v0) / (3 * t), rel=1e-4)
    with pytest.raises(ValueError, match="must be positive"):
        thermal_expansion_by_dynamics(EMT(), bulk("Cu"), (0.0,))
