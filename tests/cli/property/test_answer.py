"""Units of results, read from their documentation."""

from __future__ import annotations

import inspect
from dataclasses import fields

import numpy as np

from mlffbench.cli.property.answer import quantities
from mlffbench.properties.elastic import Elastic
from mlffbench.properties.equation_of_state import EquationOfState
from mlffbench.properties.phases import Phases
from mlffbench.properties.phonons import Phonons
from mlffbench.properties.surface import Surface
from mlffbench.properties.thermal_expansion import ThermalExpansion
from mlffbench.properties.vacancy import Vacancy
from mlffbench.properties.vibrations import Vibrations

UNITS = {
    Elastic: {"C": "GPa", "residual": "GPa", "bulk_modulus": "GPa", "shear_modulus": "GPa", "stable": ""},
    EquationOfState: {"volumes": "Å³ per atom", "energies": "eV per atom", "volume": "Å³ per atom",
                      "bulk_modulus": "GPa", "bulk_modulus_derivative": ""},
    Phases: {"energies": "eV per atom", "volumes": "Å³ per atom", "differences": "eV per atom"},
    Phonons: {"bands": "THz", "max_frequency": "THz", "mean_square_frequency": "THz²", "imaginary": "",
              "distance": "1/Å"},
    Surface: {"energy": "J/m²", "unrelaxed_energy": "J/m²", "area": "Å²"},
    ThermalExpansion: {"temperatures": "K", "volumes": "Å³ per atom", "coefficients": "1/K"},
    Vacancy: {"energy": "eV", "unrelaxed_energy": "eV"},
    Vibrations: {"wavenumbers": "1/cm"},
}  # fmt: skip


def made(kind):
    """A result of some kind; its values do not matter for its units."""
    return kind(**{f.name: np.eye(6) if kind is Elastic else {} for f in fields(kind)})


def test_units_are_those_of_the_documentation(monkeypatch):
    for kind, units in UNITS.items():
        for name, value in inspect.getmembers(kind, lambda v: isinstance(v, property)):
            monkeypatch.setattr(kind, name, property(lambda self: 1.0, doc=value.__doc__))
        read = {q.name: q.unit for q in quantities(made(kind))}
        assert {name: read[name] for name in units} == units, kind


def test_private_values_are_no_quantities():
    from mlffbench.properties.dynamics import Trajectory

    trajectory = Trajectory(
        np.arange(3.0), np.zeros((3, 1, 3)), np.zeros((3, 1, 3)), np.ones(3), np.ones(3), None, 1.0
    )
    read = {q.name: q.unit for q in quantities(trajectory)}
    assert "_total" not in read
    assert read["drift"] == "meV per atom and ps"
    assert read["velocities"] == "Å/fs"
