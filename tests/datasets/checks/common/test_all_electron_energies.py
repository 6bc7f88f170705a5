"""Total energies of free atoms."""

from __future__ import annotations

import pytest
from ase import Atoms

from mlffbench.datasets.checks.common.all_electron_energies import all_electron_energy
from mlffbench.datasets.malonaldehyde import malonaldehyde


def test_total_energies_of_atoms_are_those_of_dft():
    for symbol, energy in malonaldehyde().atomic_energies.items():
        off = {"H": 0.1, "C": 0.01, "O": 0.01}[symbol]
        assert all_electron_energy(Atoms(symbol).numbers) == pytest.approx(energy, rel=off)
