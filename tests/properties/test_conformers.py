"""Conformers of a molecule whose torsion energy is known."""

from __future__ import annotations

import pytest
from ase.build import molecule
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones
from example_chain import Chain, chain

from mlffbench.properties.conformers import conformers


def test_conformers_have_the_energies_of_their_angles() -> None:
    calculator = Chain()
    g = calculator.gauche()
    found = conformers(
        calculator,
        {"trans": chain(170), "gauche": chain(50), "mirrored": chain(-70)},
        fmax=1e-3,
    )
    above = calculator.torsion(180) - calculator.torsion(g)
    assert found.energies["trans"] == pytest.approx(above, abs=1e-4)
    assert found.energies["gauche"] == pytest.approx(0, abs=1e-4)
    assert found.collapsed == {"mirrored": "gauche"}
    assert found.broken == ()
    apart = conformers(LennardJones(sigma=2.0, epsilon=0.1, rc=9.0), {"N2": molecule("N2")})
    assert apart.broken == ("N2",)
    assert found.errors({"trans": 7.1, "gauche": 7.0})["trans"] == pytest.approx(above - 0.1, abs=1e-4)
    assert found.rank_error({"trans": 7.1, "gauche": 7.0}) == 0
    assert found.rank_error({"trans": 6.9, "gauche": 7.0}) == 1
    with pytest.raises(ValueError, match="two structures with a reference"):
        found.errors({"trans": 0.0})
    with pytest.raises(ValueError, match="one composition"):
        conformers(EMT(), {"a": molecule("N2"), "b": molecule("O2")})
