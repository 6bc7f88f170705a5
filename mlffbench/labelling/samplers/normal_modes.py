"""Thermal displacements along the normal modes of a minimum."""

from __future__ import annotations

import numpy as np
from ase import Atoms, units
from ase.calculators.calculator import BaseCalculator

from mlffbench.labelling.samplers.common.frames import centred, count, needed, sampled
from mlffbench.properties.relaxation import relaxed
from mlffbench.properties.vibrations import vibrations

__all__ = ["normal_modes"]

OMEGA = units.invcm / (units._hbar * units.J * units.second)  # the angular frequency of 1 cm⁻¹, ASE's units


def normal_modes(
    atoms: Atoms,
    calculator: BaseCalculator | None,
    seed: int,
    temperature: float,
    n_frames: int,
    fmax: float = 0.001,
    step: float = 0.01,
    softest: float = 20.0,
) -> list[Atoms]:
    """Frames drawn from the classical canonical distribution of the harmonic crystal or molecule.

    x = x₀ + m^−½ Σ_k e_k √(kT)/ω_k ξ_k, so that every mode holds ½kT of potential energy on average.
    ω_k² and e_k are those of the mass-weighted Hessian of the relaxed structure, rigid motions projected out:
    translations, and rotations where nothing is periodic. The column is ``temperature`` (K).

    Parameters
    ----------
    atoms : Atoms
        Relaxed before; constraints are lifted.
    calculator : Calculator
        Its forces are asked for 6 n_atoms times.
    seed : int
    temperature : float
        K.
    n_frames : int
    fmax : float
        The largest force left by the relaxation, eV/Å.
    step : float
        Of the central differences of forces, Å.
    softest : float
        Modes below this wavenumber, cm⁻¹, are not displaced: there the harmonic picture gives distances
        that no molecule has.

    Raises
    ------
    ValueError
        No calculator, a number out of range, nothing vibrates, or an imaginary mode: not a minimum.

    References
    ----------
    E. B. Wilson, J. C. Decius, P. C. Cross, Molecular Vibrations (1955). D. West and S. K. Estreicher,
    Phys. Rev. Lett. 96, 115504 (2006).
    """
    if min(temperature, step, softest) <= 0:
        raise ValueError("normal_modes takes a positive temperature, step and softest")
    n_frames = count(n_frames, "normal_modes")
    start = centred(sampled(atoms))
    minimum = relaxed(needed(calculator, "normal_modes"), start, fmax=fmax)
    omega, modes = _modes(minimum, step, softest)
    deviates = np.random.default_rng(seed).standard_normal((n_frames, len(omega)))
    shifts = (deviates * np.sqrt(units.kB * temperature) / omega) @ modes.T / _root_mass(minimum)
    frames = [sampled(minimum, temperature=temperature) for _ in range(n_frames)]
    for frame, shift in zip(frames, shifts, strict=True):
        frame.positions += shift.reshape(-1, 3)
    return frames


def _modes(minimum: Atoms, step: float, softest: float) -> tuple[np.ndarray, np.ndarray]:
    """ω (n_modes,) in ASE's units and mass-weighted eigenvectors (3 n_atoms, n_modes)."""
    if len(minimum) == 1:
        raise ValueError(f"nothing vibrates in {minimum.get_chemical_formula()}: it is a single atom")
    found = vibrations(minimum.calc, minimum, step)
    if n := int(np.sum(found.wavenumbers < -softest)):
        raise ValueError(
            f"{minimum.get_chemical_formula()} relaxed to a saddle point with {n} imaginary modes ("
            f"{-found.wavenumbers[0]:.0f}i cm⁻¹); start from a structure of lower symmetry, rattled a little"
        )
    stiff = found.wavenumbers >= softest
    return OMEGA * found.wavenumbers[stiff], found.modes[stiff].reshape(-1, 3 * len(minimum)).T


def _root_mass(atoms: Atoms) -> np.ndarray:
    return np.repeat(np.sqrt(atoms.get_masses()), 3)
