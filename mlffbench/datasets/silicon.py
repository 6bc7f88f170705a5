"""The built-in solid: real DFT energies, forces and stresses, made by ``benchmarks/recipes/silicon.yaml``."""

from __future__ import annotations

from mlffbench.data import Dataset
from mlffbench.datasets._builtin import builtin

__all__ = ["silicon"]


def silicon() -> Dataset:
    """Silicon at PBE: diamond cool, hot, strained and compressed, beta-tin, a vacancy; with stresses.

    Eight-atom cells (23 atoms with the vacancy), labelled with GPAW; ``print(silicon())`` shows the card,
    which also has DFT references at the same settings: equations of state, elastic constants, the energies
    of beta-tin and of the vacancy. Groups: ``train`` and ``test`` alike (diamond at 300 K, strained and
    rattled), ``diamond_1200K``, ``diamond_compressed``, ``beta_tin``, ``vacancy``; columns ``phase`` and
    ``temperature``.
    """
    return builtin("silicon")
