"""Relaxation to the nearest minimum of a potential: positions alone, or cell and positions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator
from ase.optimize import BFGS
from ase.units import GPa

from mlffbench.properties._cell_filter import CellFilter
from mlffbench.properties._structures import takes_any_structure

__all__ = ["Relaxation", "cell_failure", "converged", "degrees_of_freedom", "relax", "relaxed"]

EXPLODED, COLLAPSED = 20.0, 0.2  # volume over the first volume: beyond these a cell has no structure left
FLATTEST = 0.5  # Å between opposite faces: flatter cells have more neighbours than memory


@dataclass(frozen=True)
class Relaxation:
    """Result of a relaxation.

    Attributes
    ----------
    atoms : Atoms
        Last structure, without its calculator.
    energy : float
        Energy, eV; NaN after a failure.
    steps : int
        Number of optimiser steps.
    converged : bool
        True if no force (and stress times volume per atom) is larger than `fmax`.
    max_force : float
        Largest force on an atom, eV/Å; NaN after a failure.
    failure : str or None
        Reason why the relaxation ended early: the cell is no longer physical or, in `relax_many`, the
        evaluation failed.
    """

    atoms: Atoms
    energy: float
    steps: int
    converged: bool
    max_force: float
    failure: str | None = None


@takes_any_structure
def relax(
    calculator: BaseCalculator,
    atoms: Atoms,
    cell: bool | str = False,
    fmax: float = 0.01,
    steps: int = 500,
    pressure: float = 0.0,
) -> Relaxation:
    """Minimise the energy by BFGS.

    Parameters
    ----------
    calculator : Calculator
        ASE calculator with forces, and stresses where the cell moves.
    atoms : Atoms
        Start; not changed, its constraints hold.
    cell : bool or {"hydrostatic"}
        True relaxes all components of the cell, "hydrostatic" only its volume.
    fmax : float
        Largest force left, eV/Å; for the cell the derivative of the enthalpy by the logarithm of the
        deformation, per atom.
    steps : int
        Largest number of steps; `Relaxation.converged` tells if they sufficed.
    pressure : float
        External pressure on a cell that relaxes, GPa.
    """
    moving = atoms.copy()
    moving.calc = calculator
    failure = None
    with BFGS(degrees_of_freedom(moving, cell, pressure), logfile=None) as optimizer:
        for _ in optimizer.irun(fmax=fmax, steps=steps):
            failure = cell_failure(moving, atoms.cell.volume) if cell else None
            if failure is not None:
                break
        n_steps = int(optimizer.nsteps)
        at_rest = failure is None and bool(optimizer.converged())
    if failure is not None:
        moving.calc = None
        nan = float("nan")
        return Relaxation(moving, nan, n_steps, False, nan, f"{failure} after {n_steps} steps")
    forces, energy = moving.get_forces(), float(moving.get_potential_energy())
    moving.calc = None
    return Relaxation(moving, energy, n_steps, at_rest, float(np.linalg.norm(forces, axis=1).max()))


def cell_failure(atoms: Atoms, volume: float) -> str | None:
    """Reason why a cell that began with this volume, Å³, is no longer physical; None if it is."""
    ratio = abs(atoms.cell.volume) / abs(volume)
    if not COLLAPSED < ratio < EXPLODED:
        return f"the cell has {ratio:.3g} times its volume"
    height = 1 / np.linalg.norm(atoms.cell.reciprocal(), axis=1).max()
    return None if height > FLATTEST else f"the cell is {height:.2g} Å thin"


def degrees_of_freedom(atoms: Atoms, cell: bool | str = False, pressure: float = 0.0) -> Atoms | CellFilter:
    """Object that an optimiser moves: the atoms, or a filter of cell and atoms at a pressure, GPa.

    Raises
    ------
    ValueError
        The cell should move but is not periodic in all directions.
    """
    if not cell:
        return atoms
    if not atoms.pbc.all():
        raise ValueError(f"the cell of {atoms.get_chemical_formula()} is not periodic in all directions")
    return CellFilter(atoms, hydrostatic_strain=cell == "hydrostatic", scalar_pressure=pressure * GPa)


def relaxed(
    calculator: BaseCalculator, atoms: Atoms, cell: bool | str = False, fmax: float = 0.01, steps: int = 500
) -> Atoms:
    """Return the relaxed structure with the calculator attached, or raise.

    Raises
    ------
    ValueError
        A force is still larger than `fmax` after `steps`, or the cell explodes or collapses.
    """
    minimum = converged(relax(calculator, atoms, cell, fmax, steps), fmax, steps)
    minimum.calc = calculator
    return minimum


def converged(result: Relaxation, fmax: float, steps: int) -> Atoms:
    """Return the structure of a relaxation that has converged, or raise.

    Raises
    ------
    ValueError
        As `relaxed`.
    """
    formula = result.atoms.get_chemical_formula()
    if result.failure is not None:
        raise ValueError(f"{formula} does not relax: {result.failure}")
    if not result.converged:
        raise ValueError(
            f"{formula} is not relaxed after {steps} steps: the largest force is {result.max_force:.2g} "
            f"eV/Å, {fmax:g} was asked for; raise fmax or start from a better structure"
        )
    return result.atoms
