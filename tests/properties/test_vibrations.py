"""Wavenumbers of molecules and crystals against ASE's and closed forms."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk, molecule
from ase.calculators.emt import EMT
from ase.calculators.morse import MorsePotential
from ase.vibrations import Vibrations

from mlffbench.properties.hessian import hessian
from mlffbench.properties.relaxation import relaxed
from mlffbench.properties.vibrations import vibrations


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


def test_a_crystal_has_three_rigid_motions_and_no_rotations() -> None:
    atoms = relaxed(EMT(), bulk("Cu", a=3.59) * (2, 1, 1), fmax=1e-4)
    found = vibrations(EMT(), atoms)
    squares = np.linalg.eigvalsh(hessian(EMT(), atoms).symmetric)[3:] / atoms.get_masses()[0]
    expected = units._hbar * np.sqrt(squares * units._e / 1e-20 / units._amu) / units._e / units.invcm
    assert len(found.wavenumbers) == 3 * 2 - 3
    np.testing.assert_allclose(found.wavenumbers, expected, rtol=1e-6)
