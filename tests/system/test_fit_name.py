"""Names of fits: equal only if nothing that decides the fit differs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms

from mlffbench.data import Labels
from mlffbench.estimators.morse import Morse
from mlffbench.system import fit_name as file
from mlffbench.system.fit_name import fit_name


def frames():
    return [Atoms("H2", [[0, 0, 0], [0, 0, 0.7 + 0.1 * k]], cell=[5, 5, 5], pbc=True) for k in range(3)]


def labels():
    forces = tuple(np.full((2, 3), float(k)) for k in range(3))
    return Labels(np.arange(3.0), forces, (np.zeros(6), None, np.ones(6)))


def test_equal_fits_have_one_name():
    assert fit_name(Morse(), frames(), labels()) == fit_name(Morse(), frames(), labels())


def moved(atoms, known):
    atoms[1].positions[0, 0] += 1e-12
    return atoms, known


def in_another_cell(atoms, known):
    atoms[2].cell[0, 0] = 6
    return atoms, known


def in_a_slab(atoms, known):
    atoms[2].pbc = (True, True, False)
    return atoms, known


def of_another_element(atoms, known):
    atoms[0].numbers[0] = 3
    return atoms, known


CHANGES = {
    "position": moved,
    "cell": in_another_cell,
    "periodic": in_a_slab,
    "element": of_another_element,
    "order": lambda atoms, known: (atoms[::-1], known),
    "energy": lambda atoms, known: (atoms, replace(known, energy=known.energy + 1e-9)),
    "no forces": lambda atoms, known: (atoms, replace(known, forces=None)),
    "a missing force": lambda atoms, known: (atoms, replace(known, forces=(None, *known.forces[1:]))),
    "zero stress": lambda atoms, known: (atoms, replace(known, stress=(np.zeros(6),) * 3)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_other_data_have_another_name(change):
    assert fit_name(Morse(), *CHANGES[change](frames(), labels())) != fit_name(Morse(), frames(), labels())


def test_the_packages_that_fit_are_named():
    assert {"torch", "nequip", "optuna"} <= set(file.PACKAGES)


def test_other_parameters_and_versions_have_another_name(monkeypatch):
    before = fit_name(Morse(), frames(), labels())
    assert fit_name(Morse(cutoff=7.0), frames(), labels()) != before
    monkeypatch.setattr(file, "versions", lambda names: {"numpy": "99"})
    assert fit_name(Morse(), frames(), labels()) != before
