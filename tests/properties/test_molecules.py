"""Molecules and pairs: frequencies as ASE finds them, curves whose shape is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import molecule
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones
from ase.calculators.morse import MorsePotential
from ase.vibrations import Vibrations

from mlffbench.properties.diatomic import diatomic
from mlffbench.properties.hessian import hessian
from mlffbench.properties.relaxation import relaxed
from mlffbench.properties.vibrations import vibrations


class Swirl(Calculator):
    """A harmonic well whose forces also turn around z: they conserve nothing."""

    implemented_properties: ClassVar[list[str]] = ["energy", "forces"]

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        x = self.atoms.positions
        turn = np.stack([-x[:, 1], x[:, 0], np.zeros(len(x))], axis=1)
        self.results = {"energy": 0.5 * float((x**2).sum()), "forces": -x + 0.5 * turn}


# ---------------------------------------------------------------- hessian
def test_the_asymmetry_of_a_field_that_turns_is_the_part_that_turns() -> None:
    found = hessian(Swirl(), Atoms("H", [[0.1, 0.2, 0.3]]))
    expected = np.array([[1, 0.5, 0], [-0.5, 1, 0], [0, 0, 1]])
    np.testing.assert_allclose(found.matrix, expected, atol=1e-9)
    np.testing.assert_allclose(found.symmetric, np.eye(3), atol=1e-9)
    assert found.asymmetry == pytest.approx(np.sqrt(2 * 0.25) / np.sqrt(3 + 2 * 0.25))
    assert hessian(EMT(), molecule("H2O")).asymmetry < 1e-4


# ---------------------------------------------------------------- vibrations
@pytest.mark.parametrize(("name", "n_modes"), [("H2O", 3), ("CO2", 4), ("N2", 1)])
def test_wavenumbers_are_those_of_ase(name: str, n_modes: int, tmp_path: Path) -> None:
    atoms = relaxed(EMT(), molecule(name), fmax=1e-4)
    found = vibrations(EMT(), atoms)
    assert len(found.wavenumbers) == n_modes
    theirs = Vibrations(atoms, name=str(tmp_path / "vib"), delta=0.005)
    theirs.run()
    all_ = theirs.get_frequencies()
    signed = np.sort(np.where(np.abs(all_.imag) > 1e-6, -all_.imag, all_.real))
    internal = signed[np.argsort(np.abs(signed))[len(signed) - n_modes :]]
    np.testing.assert_allclose(found.wavenumbers, np.sort(internal), rtol=1e-3, atol=0.5)


def test_a_morse_molecule_vibrates_as_its_formula_says() -> None:
    """ω = α √(2ε/μ), with ASE's ρ₀ = α r₀."""
    epsilon, rho, r0 = 2.0, 6.0, 1.2
    calculator = MorsePotential(epsilon=epsilon, rho0=rho, r0=r0, rcut1=8.0, rcut2=10.0)
    atoms = Atoms("N2", [[0, 0, 0], [0.7, 0, r0]])
    atoms.set_distance(0, 1, r0)
    mu = atoms.get_masses()[0] / 2 * units._amu
    omega = rho / r0 * 1e10 * np.sqrt(2 * epsilon * units._e / mu)
    found = vibrations(calculator, atoms, displacement=1e-3)
    assert found.wavenumbers == pytest.approx([omega / (2 * np.pi * units._c * 100)], rel=1e-3)


# ---------------------------------------------------------------- diatomics
def test_a_proper_bond_has_one_well_and_a_wall() -> None:
    found = diatomic(LennardJones(sigma=2.0, epsilon=0.1, rc=12.0), "Cu", "Cu", longest=8.0, n=400)
    assert found.distances[0] == pytest.approx(0.5 * 2 * 1.32)
    assert found.tortuosity == pytest.approx(1.0)
    assert found.energy_jump == 0.0
    assert (found.force_flips, found.holes) == (1, 0)
    assert found.repulsion == pytest.approx(-1)
    assert found.distances[found.energies.argmin()] == pytest.approx(2.0 * 2 ** (1 / 6), abs=0.02)
    middle = np.abs(found.distances - 3.0).argmin()
    slope = np.gradient(found.energies, found.distances)[middle]
    assert found.forces[middle] == pytest.approx(-slope, rel=0.02)  # positive is repulsion


def test_what_is_wrong_with_a_curve_shows() -> None:
    class Hole(LennardJones):
        """Below 1.9 Å the energy turns round."""

        def calculate(self, *args: Any, **kwargs: Any) -> None:
            super().calculate(*args, **kwargs)
            if self.atoms.get_distance(0, 1) < 1.9:
                self.results["energy"] *= -0.2
                self.results["forces"] *= -0.2

    found = diatomic(Hole(sigma=2.0, epsilon=0.1, rc=12.0), "Cu", "Cu", longest=8.0)
    assert found.force_flips == 2
    assert found.energy_jump > 0.2  # eV, at 1.9 Å
    assert found.tortuosity > 1.01
    assert found.repulsion == 0  # the lowest energy is the shortest distance: there is no wall
    turning = diatomic(Swirl(), "H", "H", shortest=1.0, longest=1.5)
    assert turning.conservation == pytest.approx(0.5 * turning.distances[1:-1].mean(), rel=0.05)
