"""Units of labels and positions: those that may be given, and those that a file states in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isclose

from ase.units import Bohr, GPa, Hartree, Rydberg, kcal, kJ, mol, nm

__all__ = ["EV", "UNITS", "Units", "size_of", "unit_in_name", "units_of"]

ENERGY = {
    **dict.fromkeys(("ev", "electronvolt", "electronvolts"), 1.0),
    **dict.fromkeys(("hartree", "hartrees", "ha", "eh", "e_h", "au"), Hartree),
    **dict.fromkeys(("rydberg", "ry", "ryd"), Rydberg),
    **{"mev": 1e-3, "kcal": kcal, "kj": kJ, "kcal/mol": kcal / mol, "kj/mol": kJ / mol},
}
LENGTH = {
    **dict.fromkeys(("å", "ang", "angs", "angst", "angstrom", "angstroms", "ångström", "a"), 1.0),
    **dict.fromkeys(("bohr", "bohrs", "a0", "a_0", "au"), Bohr),
    **{"nm": nm, "nanometer": nm, "pm": 0.01},
}
PRESSURE = {"gpa": GPa, "mpa": 1e-3 * GPa, "pa": 1e-9 * GPa, "kbar": 0.1 * GPa, "bar": 1e-4 * GPa}
IN_NAMES = {
    **{word: ENERGY[word] for word in ("ev", "mev", "ha", "hartree", "eh", "ry", "rydberg")},
    **dict.fromkeys(("kcal", "kcalmol"), kcal / mol),
    **dict.fromkeys(("kj", "kjmol"), kJ / mol),
    **{word: PRESSURE[word] for word in ("gpa", "mpa", "kbar")},
}


@dataclass(frozen=True)
class Units:
    """Sizes of a file's units in eV and Å.

    `length` is that of positions and cells; `keys` are sizes of single labels, which win over the others.
    """

    name: str
    energy: float = 1.0
    forces: float = 1.0
    stress: float = 1.0
    virial: float = 1.0
    length: float = 1.0
    keys: Mapping[str, float] = field(default_factory=dict)

    def size(self, quantity: str, key: str) -> float:
        """Size of the unit of a label of this quantity and key."""
        if key in self.keys:
            return self.keys[key]
        if quantity == "stress":  # a virial is divided by a volume in Å³
            return self.virial if "virial" in key.lower() else self.stress
        return self.forces if quantity == "forces" else self.energy

    def agrees_with(self, other: Units) -> bool:
        """True if energies have units of the same size, apart from the digits of the constants."""
        return isclose(self.energy, other.energy, rel_tol=1e-4)

    def __str__(self) -> str:
        return self.name


EV = Units("eV")
UNITS = {  # those that the user may give; positions are in Å
    "eV": EV,
    "kcal/mol": Units("kcal/mol", *(kcal / mol,) * 4),
    "Hartree": Units("Hartree", Hartree, Hartree / Bohr, Hartree / Bohr**3, Hartree),
}


# ---------------------------------------------------------------- units in words
def size_of(text: str | float, quantity: str) -> float | None:
    """Size of a unit in eV, Å, eV/Å or eV/Å³, from a text such as ``kcal/mol/Ang``.

    `quantity` is ``energy``, ``length``, ``forces``, ``stress`` or ``virial``. A number is a multiple of
    ASE's unit. None for a text that is no unit of this quantity.
    """
    if isinstance(text, int | float):
        return float(text)
    parts = _parts(text)
    if not parts:
        return None
    if parts == ["au"]:
        return _atomic(quantity)
    if quantity == "length":
        return LENGTH.get(parts[0]) if len(parts) == 1 else None
    if quantity == "stress" and len(parts) == 1:
        return PRESSURE.get(parts[0])
    energy, lengths = _energy(parts)
    powers = {"energy": 0, "virial": 0, "forces": 1, "stress": 3}[quantity]
    sizes = [LENGTH.get(part) for part in lengths]
    if energy is None or None in sizes or len(sizes) != powers:
        return None
    for size in sizes:
        energy /= size or 1.0
    return energy


def _atomic(quantity: str) -> float:
    """Size of the atomic unit of a quantity."""
    atomic = UNITS["Hartree"]
    return Bohr if quantity == "length" else float(getattr(atomic, quantity))


def _parts(text: str) -> list[str]:
    """Split ``eV Å^-1`` and ``eV/Å`` into ["ev", "å"], and a cubed length into three."""
    word = text.strip().lower().replace("atomic units", "au").replace("atomic", "au").replace("a.u.", "au")
    word = word.replace("**", "^").replace("³", "^3").replace("⁻¹", "^-1").replace("(", "").replace(")", "")
    word = re.sub(r"\^?-(\d)", r"^\1", word)  # a length or mol with a negative power stands below the line
    cubed = lambda part: [part[:-2]] * 3 if part.endswith("^3") else [part.removesuffix("^1")]
    parts = [p for part in re.split(r"[\s/*·]+", word) if part for p in cubed(part)]
    return [p[:-1] if p in ("ang3", "bohr3", "a3", "å3") else p for p in parts]


def _energy(parts: list[str]) -> tuple[float | None, list[str]]:
    """Size of the energy that a unit begins with, and the lengths below the line."""
    if "mol" in parts[1:]:
        parts = [f"{parts[0]}/mol", *(p for p in parts[1:] if p != "mol")]
    elif parts[0] in ("kcal", "kj"):
        return None, []
    return ENERGY.get(parts[0]), parts[1:]


def units_of(file: str, stated: Mapping[str, str | float], given: Units = EV) -> Units:
    """Units from what a file says of ``energy``, ``length``, ``forces``, ``stress`` and ``virial``.

    What it leaves out is as `given`, except that forces and stresses follow from energy and length; without a
    word on the length they are per Å, and per bohr below Hartree.

    Raises
    ------
    ValueError
        A word that is no unit.
    """
    sizes: dict[str, float] = {}
    for quantity, text in stated.items():
        size = size_of(text, quantity)
        if size is None:
            raise ValueError(
                f"{file}: {text!r} is no known unit of {quantity}; convert the labels to eV and Å, and "
                "remove it"
            )
        sizes[quantity] = size
    energy = sizes.get("energy", given.energy)
    length = sizes.get("length", Bohr if isclose(energy, Hartree, rel_tol=1e-4) else 1.0)
    return Units(
        str(stated.get("energy", given.name)),
        energy,
        sizes.get("forces", energy / length),
        sizes.get("stress", energy / length**3),
        sizes.get("virial", energy),
        sizes.get("length", 1.0),
    )


def unit_in_name(key: str) -> tuple[str, float] | None:
    """Unit of energy or pressure in a name such as ``energy_kcal_mol``, and its size in eV or eV/Å³."""
    words = re.findall("[a-z]+", key.lower())[1:]
    return next(((word, IN_NAMES[word]) for word in words if word in IN_NAMES), None)
