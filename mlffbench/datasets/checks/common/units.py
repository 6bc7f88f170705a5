"""Units in which labels may be stored, as multiples of eV, eV/Å and eV/Å³."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from ase.units import Bohr, GPa, Hartree, Rydberg, kcal, kJ, mol

__all__ = ["ENERGY", "FORCES", "STRESS", "nearest_unit"]

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
    """Return the unit whose size is nearest to a value by ratio; None if none is within the tolerance."""
    name, off = min(((n, abs(np.log(value / size))) for n, size in units.items()), key=lambda row: row[1])
    return name if off < np.log(tolerance) else None
