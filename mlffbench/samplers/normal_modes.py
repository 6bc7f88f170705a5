"""Thermal displacements along the normal modes of a minimum."""

from __future__ import annotations

import numpy as np
from ase import Atoms, units
from ase.calculators.calculator import BaseCalculator
from scipy.linalg import null_space

from mlffbench.properties.hessian import hessian
from mlffbench.properties.relaxation import relaxed
from mlffbench.samplers._frames import bare, centred, count, needed

__all__ = ["normal_modes"]

PER_CM = units.invcm  # the energy ħω of 1 cm⁻¹, eV
HBAR = units._hbar * units.J * units.second  # eV × ASE's unit of time


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
    start = centred(bare(atoms))
    minimum = relaxed(needed(calculator, "normal_modes"), start, fmax=fmax)
    omega, modes = _modes(minimum, step, softest)
    deviates = np.random.default_rng(seed).standard_normal((n_frames, len(omega)))
    shifts = (deviates * np.sqrt(units.kB * temperature) / omega) @ modes.T / _root_mass(minimum)
    frames = [bare(minimum, temperature=temperature) for _ in range(n_frames)]
    for frame, shift in zip(frames, shifts, strict=True):
        frame.positions += shift.reshape(-1, 3)
    return frames


def _modes(minimum: Atoms, step: float, softest: float) -> tuple[np.ndarray, np.ndarray]:
    """ω (n_modes,) in ASE's units and mass-weighted eigenvectors (3 n_atoms, n_modes)."""
    root = _root_mass(minimum)
    basis = null_space(_rigid(minimum).T)
    if basis.shape[1] == 0:
        raise ValueError(f"nothing vibrates in {minimum.get_chemical_formula()}: it is a single atom")
    dynamical = hessian(minimum.calc, minimum, step).symmetric / np.outer(root, root)
    squared, vectors = np.linalg.eigh(basis.T @ dynamical @ basis)
    wavenumbers = np.sign(squared) * np.sqrt(np.abs(squared)) * HBAR / PER_CM
    if wavenumbers[0] < -softest:
        n = int(np.sum(wavenumbers < -softest))
        raise ValueError(
            f"{minimum.get_chemical_formula()} relaxed to a saddle point with {n} imaginary modes ("
            f"{-wavenumbers[0]:.0f}i cm⁻¹); start from a structure of lower symmetry, rattled a little"
        )
    stiff = wavenumbers >= softest
    return np.sqrt(squared[stiff]), basis @ vectors[:, stiff]


def _rigid(minimum: Atoms) -> np.ndarray:
    """Mass-weighted translations, and rotations of what is not periodic, as columns."""
    root = _root_mass(minimum)[:, None]
    translations = np.tile(np.eye(3), (len(minimum), 1))
    if minimum.pbc.any():
        return root * translations
    lever = minimum.positions - minimum.get_center_of_mass()
    rotations = np.cross(np.eye(3)[None], lever[:, None]).transpose(0, 2, 1).reshape(-1, 3)
    return root * np.hstack([translations, rotations])


def _root_mass(atoms: Atoms) -> np.ndarray:
    return np.repeat(np.sqrt(atoms.get_masses()), 3)
