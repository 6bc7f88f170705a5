"""Units in words."""

from __future__ import annotations

import pytest
from ase.units import Bohr, GPa, Hartree, Rydberg, kcal, kJ, mol

from mlffbench.datasets.formats.units import EV, UNITS, size_of, units_of


@pytest.mark.parametrize(
    ("text", "quantity", "size"),
    [
        ("eV", "energy", 1.0),
        ("meV", "energy", 1e-3),
        ("Ha", "energy", Hartree),
        ("a.u.", "energy", Hartree),
        ("atomic units", "forces", Hartree / Bohr),
        ("kcal/mol", "energy", kcal / mol),
        ("kcal mol^-1", "energy", kcal / mol),
        ("kJ/mol", "energy", kJ / mol),
        ("Ry", "energy", Rydberg),
        ("kcal/mol/Ang", "forces", kcal / mol),
        ("kcal mol-1 A-1", "forces", kcal / mol),
        ("eV/Å", "forces", 1.0),
        ("eV Å^-1", "forces", 1.0),
        ("Hartree/Bohr", "forces", Hartree / Bohr),
        ("Hartree/Ang", "forces", Hartree),
        ("eV/Ang**3", "stress", 1.0),
        ("eV/Å³", "stress", 1.0),
        ("Hartree/Bohr^3", "stress", Hartree / Bohr**3),
        ("GPa", "stress", GPa),
        ("kbar", "stress", 0.1 * GPa),
        ("Bohr", "length", Bohr),
        ("Angstrom", "length", 1.0),
        ("nm", "length", 10.0),
        (0.5, "energy", 0.5),
    ],
)
def test_words_are_units(text, quantity, size):
    assert size_of(text, quantity) == pytest.approx(size)


@pytest.mark.parametrize(
    ("text", "quantity"),
    [("furlong", "length"), ("kcal", "energy"), ("eV", "forces"), ("eV/Ang", "energy"), ("Debye", "energy")],
)
def test_other_words_are_none(text, quantity):
    assert size_of(text, quantity) is None


def test_forces_and_stress_follow_from_energy_and_length():
    hartree = units_of("a", {"energy": "Hartree"})
    assert hartree.forces == pytest.approx(Hartree / Bohr)
    assert hartree.length == 1.0
    mixed = units_of("a", {"energy": "Hartree", "length": "Ang"})
    assert mixed.forces == pytest.approx(Hartree)
    assert mixed.stress == pytest.approx(Hartree)
    bohr = units_of("a", {"length": "bohr"}, UNITS["Hartree"])
    assert (bohr.energy, bohr.forces) == pytest.approx((Hartree, Hartree / Bohr))
    assert units_of("a", {}, EV).forces == 1.0
    with pytest.raises(ValueError, match="'furlong' is no known unit of length"):
        units_of("a", {"length": "furlong"})


def test_a_virial_has_the_unit_of_an_energy():
    assert UNITS["Hartree"].size("stress", "REF_virial") == Hartree
    assert UNITS["Hartree"].size("stress", "stress") == Hartree / Bohr**3
