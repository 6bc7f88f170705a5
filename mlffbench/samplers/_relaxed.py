"""To the nearest minimum: a BFGS that says when it does not arrive."""

from __future__ import annotations

from ase import Atoms
from ase.calculators.calculator import BaseCalculator
from ase.optimize import BFGS

__all__ = ["relaxed"]


def relaxed(atoms: Atoms, calculator: BaseCalculator, fmax: float, steps: int = 500) -> Atoms:
    """A relaxed copy with the calculator attached; its constraints hold.

    Raises
    ------
    ValueError
        A force is still larger than `fmax` (eV/Å) after `steps`.
    """
    minimum = atoms.copy()
    minimum.calc = calculator
    if not BFGS(minimum, logfile=None).run(fmax=fmax, steps=steps):
        left = float((minimum.get_forces() ** 2).sum(axis=1).max() ** 0.5)
        raise ValueError(
            f"{atoms.get_chemical_formula()} is not relaxed after {steps} steps: the largest force is "
            f"{left:.2g} eV/Å, {fmax:g} was asked for; raise fmax or start from a better structure"
        )
    return minimum
