"""Calculators with the methods of a fitted model."""

from __future__ import annotations

import pickle

import numpy as np
from ase.build import bulk
from ase.calculators.emt import EMT

from mlffbench.estimators.base.composite import Calculated


class Counted(EMT):
    """EMT that counts its calculations."""

    n = 0

    def calculate(self, *args):
        self.n += 1
        super().calculate(*args)


def test_every_evaluation_is_a_calculation():
    """A calculator that remembers the last structure would seem to take no time."""
    counted, copper = Counted(), bulk("Cu", cubic=True)
    for n in (1, 2):
        labels = Calculated(counted).evaluate([copper])
        assert counted.n == n, "one calculation gives energy, forces and stress"
    assert labels.energy[0] == copper_energy(copper)
    assert labels.stress[0].shape == (6,)


def copper_energy(atoms):
    atoms.calc = EMT()
    return atoms.get_potential_energy(force_consistent=True)


def test_a_spec_is_pickled_as_text():
    copy = pickle.loads(pickle.dumps(Calculated("emt")))
    assert copy.properties == ("energy", "forces", "stress")
    copper = bulk("Cu", cubic=True)
    assert np.array_equal(copy.evaluate([copper]).energy, Calculated("emt").evaluate([copper]).energy)
