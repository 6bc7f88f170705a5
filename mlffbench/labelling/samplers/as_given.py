"""The structure of the recipe itself: a reference, an isolated atom, a minimum."""

from __future__ import annotations

from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from mlffbench.labelling.samplers.common.frames import bare_frame

__all__ = ["as_given"]


def as_given(atoms: Atoms, calculator: BaseCalculator | None, seed: int) -> list[Atoms]:
    """Return the structure unchanged.

    Parameters
    ----------
    atoms : Atoms
    calculator : None
        Not used.
    seed : int
        Not used.
    """
    return [bare_frame(atoms)]
