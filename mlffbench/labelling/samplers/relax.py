"""The nearest minimum of the recipe's structure."""

from __future__ import annotations

from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from mlffbench.labelling.samplers.common.frames import bare_frame, centred, required_calculator
from mlffbench.properties.relaxation import relaxed
from mlffbench.system.ranges import Natural, Positive

__all__ = ["relax"]


def relax(
    atoms: Atoms, calculator: BaseCalculator | None, seed: int, fmax: Positive = 0.01, steps: Natural = 500
) -> list[Atoms]:
    """Relax the positions by BFGS in a fixed cell.

    Parameters
    ----------
    atoms : Atoms
        Start; its constraints hold.
    calculator : Calculator
        Calculator with forces.
    seed : int
        Not used.
    fmax : float
        Largest force left, eV/Å.
    steps : int
        Largest number of steps.

    Raises
    ------
    ValueError
        There is no calculator, or the structure is not relaxed within `steps`.
    """
    minimum = relaxed(required_calculator(calculator, "relax"), atoms, fmax=fmax, steps=steps)
    return [bare_frame(centred(minimum))]
