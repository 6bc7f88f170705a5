"""The nearest minimum of the structure."""

from __future__ import annotations

from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from mlffbench.labelling.samplers.common.frames import centred, needed, sampled
from mlffbench.properties.relaxation import relaxed

__all__ = ["relax"]


def relax(
    atoms: Atoms, calculator: BaseCalculator | None, seed: int, fmax: float = 0.01, steps: int = 500
) -> list[Atoms]:
    """The structure after a BFGS relaxation of its positions in a fixed cell.

    Parameters
    ----------
    atoms : Atoms
        Its constraints hold.
    calculator : Calculator
    seed : int
        Nothing is random here.
    fmax : float
        The largest force left, eV/Å.
    steps : int

    Raises
    ------
    ValueError
        No calculator, or not relaxed within `steps`.
    """
    return [sampled(centred(relaxed(needed(calculator, "relax"), atoms, fmax=fmax, steps=steps)))]
