"""To the nearest minimum of a potential: the positions alone, or the cell with them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator
from ase.optimize import BFGS
from ase.units import GPa

from mlffbench.properties._cell_filter import CellFilter

__all__ = ["Relaxation", "misshapen", "movable", "relax", "relaxed"]

EXPLODED, COLLAPSED = 20.0, 0.2  # times its volume, a cell has no structure left
FLATTEST = 0.5  # Å between opposite faces: flatter cells have more neighbours than memory


@dataclass(frozen=True)
class Relaxation:
    """Where a minimisation ended.

    Attributes
    ----------
    atoms : Atoms
        The structure, without its calculator.
    energy : float
        eV; not a number after a failure.
    steps : int
        Steps of the optimiser.
    converged : bool
        Whether no force (and stress times volume per atom) was larger than asked for.
    max_force : float
        The largest force on an atom, eV/Å; not a number after a failure.
    failure : str or None
        Why one of many relaxations ended before its time, see `relax_many`.
    """

    atoms: Atoms
    energy: float
    steps: int
    converged: bool
    max_force: float
    failure: str | None = None


def relax(
    calculator: BaseCalculator,
    atoms: Atoms,
    cell: bool | str = False,
    fmax: float = 0.01,
    steps: int = 500,
    pressure: float = 0.0,
) -> Relaxation:
    """Follow the forces downhill (BFGS).

    Parameters
    ----------
    calculator : Calculator
        Any of ASE's interface; stresses are needed where the cell moves.
    atoms : Atoms
        Not changed; its constraints hold.
    cell : bool or {"hydrostatic"}
        Whether the cell relaxes too: in all its components, or in its volume alone.
    fmax : float
        Largest force left, eV/Å; for the cell the derivative of the enthalpy by the logarithm of the
        deformation, per atom.
    steps : int
        At most; `Relaxation.converged` says whether they sufficed.
    pressure : float
        On a cell that relaxes, GPa.
    """
    moving = atoms.copy()
    moving.calc = calculator
    failure = None
    with BFGS(movable(moving, cell, pressure), logfile=None) as optimizer:
        for _ in optimizer.irun(fmax=fmax, steps=steps):
            failure = misshapen(moving, atoms.cell.volume) if cell else None
            if failure is not None:
                break
        done = int(optimizer.nsteps)
        converged = failure is None and bool(optimizer.converged())
    if failure is not None:
        moving.calc = None
        nothing = float("nan")
        return Relaxation(moving, nothing, done, False, nothing, f"{failure} after {done} steps")
    forces, energy = moving.get_forces(), float(moving.get_potential_energy())
    moving.calc = None
    return Relaxation(moving, energy, done, converged, float(np.linalg.norm(forces, axis=1).max()))


def misshapen(atoms: Atoms, volume: float) -> str | None:
    """What is wrong with a cell that had this volume, Å³, before it moved; None: nothing."""
    ratio = abs(atoms.cell.volume) / abs(volume)
    if not COLLAPSED < ratio < EXPLODED:
        return f"the cell has {ratio:.3g} times its volume"
    height = 1 / np.linalg.norm(atoms.cell.reciprocal(), axis=1).max()
    return None if height > FLATTEST else f"the cell is {height:.2g} Å thin"


def movable(atoms: Atoms, cell: bool | str = False, pressure: float = 0.0) -> Atoms | CellFilter:
    """What an optimiser moves: the atoms, or their cell with them, at a pressure in GPa.

    Raises
    ------
    ValueError
        The cell is to move and is not periodic in all directions.
    """
    if not cell:
        return atoms
    if not atoms.pbc.all():
        raise ValueError(f"the cell of {atoms.get_chemical_formula()} is not periodic in all directions")
    return CellFilter(atoms, hydrostatic_strain=cell == "hydrostatic", scalar_pressure=pressure * GPa)


def relaxed(
    calculator: BaseCalculator, atoms: Atoms, cell: bool | str = False, fmax: float = 0.01, steps: int = 500
) -> Atoms:
    """The minimum itself, with the calculator attached.

    Raises
    ------
    ValueError
        A force is still larger than `fmax` after `steps`, or the cell explodes or collapses.
    """
    found = relax(calculator, atoms, cell, fmax, steps)
    if found.failure is not None:
        raise ValueError(f"{atoms.get_chemical_formula()} does not relax: {found.failure}")
    if not found.converged:
        raise ValueError(
            f"{atoms.get_chemical_formula()} is not relaxed after {steps} steps: the largest force is "
            f"{found.max_force:.2g} eV/Å, {fmax:g} was asked for; raise fmax or start from a better structure"
        )
    minimum = found.atoms
    minimum.calc = calculator
    return minimum
