"""Equation of state of a crystal: equilibrium volume, energy and bulk modulus from E(V)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator
from ase.eos import EquationOfState as Fit
from ase.units import GPa

from mlffbench.properties._structures import takes_any_structure
from mlffbench.properties.relaxation import Relaxation, relax

__all__ = ["EquationOfState", "equation_of_state"]

ROUNDS = 12  # strides downhill at most, each as wide as the span


@dataclass(frozen=True)
class EquationOfState:
    """E(V) per atom, and the Birch–Murnaghan curve through it.

    Attributes
    ----------
    volumes, energies : (n,) arrays
        Points of the curve, Å³ and eV per atom.
    volume, energy : float
        Volume and energy of the minimum, Å³ and eV per atom.
    bulk_modulus : float
        Bulk modulus B at zero pressure, GPa.
    bulk_modulus_derivative : float
        ∂B/∂p at zero pressure.
    residual : float
        RMS residual of the fit, eV per atom.
    atoms : Atoms
        Cell at the minimum, in the shape of the given cell.
    """

    volumes: np.ndarray
    energies: np.ndarray
    volume: float
    energy: float
    bulk_modulus: float
    bulk_modulus_derivative: float
    residual: float
    atoms: Atoms


@takes_any_structure
def equation_of_state(
    calculator: BaseCalculator,
    atoms: Atoms,
    span: float = 0.06,
    n_volumes: int = 9,
    fmax: float = 0.01,
    steps: int = 200,
) -> EquationOfState:
    """Fit Birch's third-order equation (Phys. Rev. 71, 809 (1947)) to energies at several volumes.

    The cell keeps its shape, ions relax at every volume. Three volumes move downhill until they bracket the
    minimum, so that the first volume may be some tens of per cent wrong; the others are then filled in.

    Parameters
    ----------
    calculator : Calculator
        ASE calculator; energies and forces suffice.
    atoms : Atoms
        Crystal.
    span : float
        Volumes in equal ratios between about (1 − span) and (1 + span) times that of the minimum.
    n_volumes : int
        Number of volumes, at least 5.
    fmax, steps : float, int
        Largest force left by a relaxation, eV/Å, and its step limit.

    Raises
    ------
    ValueError
        No minimum lies near, or the ions do not relax.
    """
    if n_volumes < 5:
        raise ValueError(f"n_volumes must be at least 5, for four numbers to be fitted; got {n_volumes}")
    half = n_volumes // 2
    start, ratio = atoms.get_volume() / len(atoms), 1 + span / half

    @cache
    def relaxed_at(k: int) -> Relaxation:
        return _relaxed_ions(calculator, _with_volume(atoms, start * ratio**k), fmax, steps)

    centre = _bracket_centre(lambda k: relaxed_at(k).energy, half)
    window = range(centre - half, centre - half + n_volumes)
    volumes = start * ratio ** np.array(window, dtype=float)
    energies = np.array([relaxed_at(k).energy for k in window]) / len(atoms)
    fit = _fit(volumes, energies)
    if fit is None:
        raise ValueError(
            f"{atoms.get_chemical_formula()} has no minimum of energy near {start:.3g} Å³ per atom; "
            f"the last volume tried was {volumes[np.argmin(energies)]:.3g}"
        )
    residuals = fit.func(volumes, *fit.eos_parameters) - energies
    nearest = relaxed_at(window[np.argmin(energies)]).atoms
    return EquationOfState(
        volumes, energies, float(fit.v0), float(fit.e0), float(fit.B / GPa),
        float(fit.eos_parameters[2]), float(np.sqrt(np.mean(residuals**2))), _with_volume(nearest, fit.v0),
    )  # fmt: skip


def _bracket_centre(energy: Callable[[int], float], stride: int) -> int:
    """Step downhill from 0 by strides to the first point below both its neighbours, or `ROUNDS` strides."""
    centre = 0
    for _ in range(ROUNDS):
        lowest = min((centre - stride, centre, centre + stride), key=energy)
        if lowest == centre:
            break
        centre = lowest
    return centre


def _fit(volumes: np.ndarray, energies: np.ndarray) -> Fit | None:
    """Fitted curve, or None if the volumes do not bracket its minimum."""
    if not 0 < np.argmin(energies) < len(energies) - 1:
        return None
    fit = Fit(volumes, energies, eos="birchmurnaghan")
    fit.fit(warn=False)
    return fit if volumes[0] < fit.v0 < volumes[-1] else None


def _relaxed_ions(calculator: BaseCalculator, atoms: Atoms, fmax: float, steps: int) -> Relaxation:
    """Relaxation of the ions in a fixed cell, or ValueError."""
    result = relax(calculator, atoms, fmax=fmax, steps=steps)
    if not result.converged:
        raise ValueError(
            f"the ions do not relax at {atoms.get_volume() / len(atoms):.4g} Å³ per atom: after "
            f"{result.steps} steps the largest force is {result.max_force:.2g} eV/Å"
        )
    return result


def _with_volume(atoms: Atoms, volume: float) -> Atoms:
    """A copy scaled to a volume per atom, Å³."""
    scaled = atoms.copy()
    factor = (volume * len(atoms) / atoms.get_volume()) ** (1 / 3)
    scaled.set_cell(atoms.cell.array * factor, scale_atoms=True)
    return scaled
