"""Elastic constants against published values, rotations and symmetry."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest
from ase import units
from ase.build import bulk
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.emt import EMT
from ase.calculators.fd import FiniteDifferenceCalculator

from mlffbench.labelling.calculators.stillinger_weber import stillinger_weber
from mlffbench.properties.elastic import elastic_constants, stress_derivatives
from mlffbench.properties.relaxation import relaxed


def test_silicon_has_the_elastic_constants_of_stillinger_and_weber() -> None:
    found = elastic_constants(stillinger_weber(), bulk("Si", a=5.5))
    lattice = (4 * found.atoms.get_volume()) ** (1 / 3)
    assert lattice == pytest.approx(5.431, rel=1e-3)
    # Cowley, Phys. Rev. Lett. 60, 2379 (1988); ions relaxed
    for (i, j), value in {(0, 0): 151.4, (0, 1): 76.4, (3, 3): 56.4}.items():
        assert found.C[i, j] == pytest.approx(value, rel=0.01)
    assert found.strains == (0, 3)
    assert found.stable
    assert found.bulk_modulus == pytest.approx((151.4 + 2 * 76.4) / 3, rel=0.01)


def test_elastic_constants_turn_with_the_crystal() -> None:
    straight, turned = bulk("Cu"), bulk("Cu")
    turned.rotate(33, (1, 2, 3), rotate_cell=True)
    one, other = (elastic_constants(EMT(), a) for a in (straight, turned))
    assert other.C[0, 0] != pytest.approx(one.C[0, 0], rel=0.01)
    assert other.bulk_modulus == pytest.approx(one.bulk_modulus, rel=1e-3)
    assert other.shear_modulus == pytest.approx(one.shear_modulus, rel=1e-3)
    c11, c12, c44 = one.C[0, 0], one.C[0, 1], one.C[3, 3]  # Voigt and Reuss averages of a cubic crystal
    voigt, reuss = (c11 - c12 + 3 * c44) / 5, 5 * (c11 - c12) * c44 / (4 * c44 + 3 * (c11 - c12))
    assert one.shear_modulus == pytest.approx((voigt + reuss) / 2)


def test_a_lattice_in_single_precision_has_the_same_constants() -> None:
    """Noise of 1e-5 is within the symmetry's tolerance, and must not pass for stiffness."""
    silicon = relaxed(stillinger_weber(), bulk("Si", "diamond", a=5.43, cubic=True), cell=True, fmax=1e-4)
    clean = elastic_constants(stillinger_weber(), silicon, relax_cell=False)
    rng = np.random.default_rng(0)
    noisy = silicon.copy()
    noisy.set_cell(silicon.cell.array + rng.normal(scale=2e-5, size=(3, 3)), scale_atoms=True)
    found = elastic_constants(stillinger_weber(), noisy, relax_cell=False)
    assert found.strains == clean.strains == (0, 3)
    np.testing.assert_allclose(found.C, clean.C, atol=0.05)


class Unstable(Calculator):
    """Ions held at a maximum by symmetry alone: any shear lets them go, to 0.7 Å from their places."""

    implemented_properties: ClassVar[list[str]] = ["energy"]

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        strain = np.linalg.solve(PRIMITIVE.cell.array, self.atoms.cell.array) - np.eye(3)
        strain = (strain + strain.T) / 2
        off = self.atoms.positions[1] - self.atoms.positions[0] - self.atoms.cell.array.sum(axis=0) / 4
        u = float(off @ off)
        shear = strain[[1, 0, 0], [2, 2, 1]]
        self.results = {"energy": 50 * (strain**2).sum() - u + u**2 + 0.5 * float(off @ shear)}


PRIMITIVE = bulk("Si", "diamond", a=5.43)


def test_a_crystal_that_leaves_its_structure_has_no_elastic_constants() -> None:
    with pytest.raises(ValueError, match="turns into another structure"):
        elastic_constants(
            FiniteDifferenceCalculator(Unstable(), 1e-4, 1e-4, force_consistent=False), PRIMITIVE, fmax=1e-3
        )


def test_symmetry_saves_strains_and_changes_nothing() -> None:
    tetragonal = bulk("Cu", cubic=True) * (1, 1, 2)
    tetragonal.numbers[0] = 47
    found = elastic_constants(EMT(), tetragonal)
    assert found.strains == (0, 2, 3, 5)
    every = stress_derivatives(EMT(), found.atoms, range(6)) / units.GPa
    np.testing.assert_allclose(found.C, np.array(every).T, atol=0.1)
    triclinic = tetragonal.copy()
    triclinic.numbers[[3, 5, 6]] = 79, 78, 46
    triclinic.set_cell(
        triclinic.cell.array @ (np.eye(3) + 0.02 * np.arange(9).reshape(3, 3) / 8), scale_atoms=True
    )
    assert len(elastic_constants(EMT(), triclinic, relax_cell=False).strains) == 6


class Structure:
    """Stands for pymatgen's."""

    def to_ase_atoms(self):
        return bulk("Cu", cubic=True)


def test_a_structure_of_pymatgen_is_taken_where_atoms_are() -> None:
    own, other = (elastic_constants(EMT(), a) for a in (bulk("Cu", cubic=True), Structure()))
    np.testing.assert_array_equal(other.C, own.C)
