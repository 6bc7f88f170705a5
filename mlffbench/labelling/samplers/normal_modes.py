"""Thermal displacements along the normal modes of a minimum."""

from __future__ import annotations

import numpy as np
from ase import Atoms, units
from ase.calculators.calculator import BaseCalculator

from mlffbench.labelling.samplers.common.frames import bare_frame, centred, frame_count, required_calculator
from mlffbench.properties.relaxation import relaxed
from mlffbench.properties.vibrations import vibrations
from mlffbench.system.ranges import Count, NonNegative, Positive

__all__ = ["normal_modes"]

OMEGA = units.invcm / (units._hbar * units.J * units.second)  # angular frequency of 1 cm⁻¹, ASE's units


def normal_modes(
    atoms: Atoms,
    calculator: BaseCalculator | None,
    seed: int,
    temperature: Positive,
    n_frames: Count,
    fmax: Positive = 0.001,
    step: Positive = 0.01,
    softest: NonNegative = 20.0,
) -> list[Atoms]:
    """Sample the classical canonical distribution of the harmonic crystal or molecule.

    x = x₀ + m^−½ Σ_k e_k √(kT)/ω_k ξ_k, so that every mode holds ½kT of potential energy on average.
    ω_k² and e_k are eigenvalues and eigenvectors of the mass-weighted Hessian of the relaxed structure, rigid
    motions projected out: translations, and rotations where nothing is periodic. Column: ``temperature`` (K).

    Parameters
    ----------
    atoms : Atoms
        Structure to relax; its constraints are ignored.
    calculator : Calculator
        Calculator with forces, evaluated 6 n_atoms times for the Hessian.
    seed : int
        Seed of the displacements.
    temperature : float
        Temperature, K.
    n_frames : int
        Number of frames.
    fmax : float
        Largest force left by the relaxation, eV/Å.
    step : float
        Displacement of the central differences of forces, Å.
    softest : float
        Modes below this wavenumber, cm⁻¹, are not displaced: their harmonic amplitudes would give unphysical
        distances.

    Raises
    ------
    ValueError
        There is no calculator, a number is out of range, the structure is a single atom, or it relaxes to a
        saddle point.

    References
    ----------
    E. B. Wilson, J. C. Decius, P. C. Cross, Molecular Vibrations (1955). D. West and S. K. Estreicher,
    Phys. Rev. Lett. 96, 115504 (2006).
    """
    if min(temperature, step, softest) <= 0:
        raise ValueError("normal_modes takes a positive temperature, step and softest")
    n_frames = frame_count(n_frames, "normal_modes")
    start = centred(bare_frame(atoms))
    minimum = relaxed(required_calculator(calculator, "normal_modes"), start, fmax=fmax)
    omega, modes = _modes(minimum, step, softest)
    deviates = np.random.default_rng(seed).standard_normal((n_frames, len(omega)))
    shifts = (deviates * np.sqrt(units.kB * temperature) / omega) @ modes.T / _root_mass(minimum)
    frames = [bare_frame(minimum, temperature=temperature) for _ in range(n_frames)]
    for frame, shift in zip(frames, shifts, strict=True):
        frame.positions += shift.reshape(-1, 3)
    return frames


def _modes(minimum: Atoms, step: float, softest: float) -> tuple[np.ndarray, np.ndarray]:
    """Angular frequencies (n_modes,) in ASE's units and mass-weighted eigenvectors (3 n_atoms, n_modes)."""
    if len(minimum) == 1:
        raise ValueError(f"nothing vibrates in {minimum.get_chemical_formula()}: it is a single atom")
    spectrum = vibrations(minimum.calc, minimum, step)
    if n := int(np.sum(spectrum.wavenumbers < -softest)):
        raise ValueError(
            f"{minimum.get_chemical_formula()} relaxed to a saddle point with {n} imaginary modes ("
            f"{-spectrum.wavenumbers[0]:.0f}i cm⁻¹); start from a structure of lower symmetry, rattled a "
            "little"
        )
    stiff = spectrum.wavenumbers >= softest
    return OMEGA * spectrum.wavenumbers[stiff], spectrum.modes[stiff].reshape(-1, 3 * len(minimum)).T


def _root_mass(atoms: Atoms) -> np.ndarray:
    """√m of every coordinate, (3 n_atoms,)."""
    return np.repeat(np.sqrt(atoms.get_masses()), 3)
