"""Stiffness of metals against their bulk moduli."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import bulk, molecule
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator

from mlffbench.datasets.checks.common.metal_stiffness import (
    bulk_modulus,
    relative_metal_forces,
    relative_metal_stiffness,
)
from mlffbench.datasets.formats.to_dataset import from_frames


def rattled(symbol: str, amplitude: float, scale: float = 1.0):
    frames = []
    for i in range(12):
        atoms = bulk(symbol, cubic=True)
        atoms.rattle(amplitude, seed=i)
        atoms.calc = EMT()
        results = {"energy": scale * atoms.get_potential_energy(), "forces": scale * atoms.get_forces()}
        atoms.calc = SinglePointCalculator(atoms, **results)
        frames.append(atoms)
    return from_frames(symbol, frames)


@pytest.mark.parametrize("symbol", ["Al", "Ni", "Cu", "Pd", "Ag", "Pt", "Au"])
@pytest.mark.parametrize("amplitude", [0.02, 0.08, 0.2])
def test_metals_are_as_stiff_as_their_bulk_moduli_say(symbol, amplitude):
    assert 0.5 < relative_metal_stiffness(rattled(symbol, amplitude)) < 3.0


def test_both_scales_are_proportional_to_the_forces():
    for measure in (relative_metal_stiffness, relative_metal_forces):
        assert measure(rattled("Cu", 0.08, 23.0)) == pytest.approx(23 * measure(rattled("Cu", 0.08)))


def test_what_is_no_metal_has_no_scale():
    assert bulk_modulus(molecule("C2H6")) is None
    assert bulk_modulus(bulk("NaCl", "rocksalt", a=5.64)) is None
    assert bulk_modulus(bulk("Cu")) == pytest.approx(0.855, abs=0.01)
    alloy = bulk("Cu", cubic=True)
    alloy.symbols[:2] = "Au"
    assert bulk_modulus(alloy) == pytest.approx(np.sqrt(137 * 173) / 160.2, rel=1e-3)
