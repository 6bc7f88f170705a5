"""Units that labels come in, and the total energies of atoms that tell them apart."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from ase.units import Bohr, GPa, Hartree, Rydberg, kcal, kJ, mol

__all__ = ["ENERGY", "FORCES", "STRESS", "all_electron_energy", "nearest_unit"]

ENERGY = {  # eV
    "eV": 1.0,
    "kcal/mol": kcal / mol,
    "kJ/mol": kJ / mol,
    "Hartree": Hartree,
    "Rydberg": Rydberg,
    "meV": 1e-3,
}
FORCES = {  # eV/Å
    "eV/Å": 1.0,
    "kcal/mol/Å": kcal / mol,
    "kJ/mol/Å": kJ / mol,
    "kJ/mol/nm": 0.1 * kJ / mol,
    "Hartree/bohr": Hartree / Bohr,
    "Hartree/Å": Hartree,
    "Rydberg/bohr": Rydberg / Bohr,
    "eV/bohr": 1 / Bohr,
    "meV/Å": 1e-3,
}
STRESS = {  # eV/Å³
    "eV/Å³": 1.0,
    "GPa": GPa,
    "kbar": 0.1 * GPa,
    "bar": 1e-4 * GPa,
    "Hartree/bohr³": Hartree / Bohr**3,
    "Rydberg/bohr³": Rydberg / Bohr**3,
    "kcal/mol/Å³": kcal / mol,
}


def nearest_unit(value: float, units: Mapping[str, float], tolerance: float) -> str | None:
    """The unit whose size is nearest to a value by ratio, None if none is within the tolerance."""
    name, off = min(((n, abs(np.log(value / size))) for n, size in units.items()), key=lambda row: row[1])
    return name if off < np.log(tolerance) else None


def all_electron_energy(numbers: np.ndarray) -> float:
    """Total energy of free atoms, eV: within 2 % for second-row elements and beyond, 8 % for hydrogen.

    E(Z) = −0.768745 Z^(7/3) + Z²/2 − 0.269900 Z^(5/3) Hartree: Thomas and Fermi's, Scott's and Schwinger's
    terms (B.-G. Englert, J. Schwinger, Phys. Rev. A 32, 26 (1985)). Codes with pseudopotentials are far off.
    """
    z = np.asarray(numbers, dtype=float)
    return float(np.sum(-0.768745 * z ** (7 / 3) + z**2 / 2 - 0.2699 * z ** (5 / 3)) * Hartree)
