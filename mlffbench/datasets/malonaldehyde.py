"""The built-in molecule: real DFT energies and forces, made by ``benchmarks/recipes/malonaldehyde.yaml``."""

from __future__ import annotations

from mlffbench.data import Dataset
from mlffbench.datasets._builtin import builtin

__all__ = ["malonaldehyde"]


def malonaldehyde() -> Dataset:
    """Malonaldehyde at PBE/def2-SVP: thermal motion at 300, 600 and 1200 K, proton transfer and torsion.

    C3H4O2, nine atoms, sampled with GFN2-xTB and labelled with PySCF; ``print(malonaldehyde())`` shows the
    card. Groups: ``train_300K``, ``test_300K``, ``test_600K``, ``test_1200K``, ``proton_transfer``,
    ``dihedral``.
    """
    return builtin("malonaldehyde")
