"""The structure itself: references, isolated atoms, a minimum."""

from __future__ import annotations

from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from mlffbench.labelling.samplers.common.frames import sampled

__all__ = ["as_given"]


def as_given(atoms: Atoms, calculator: BaseCalculator | None, seed: int) -> list[Atoms]:
    """The structure as it is.

    Parameters
    ----------
    atoms : Atoms
    calculator : None
        Not used.
    seed : int
        Nothing is random here.
    """
    return [sampled(atoms)]
