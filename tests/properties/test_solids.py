"""Solids of potentials whose properties are known: in closed form, published, or from another program."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.emt import EMT
from ase.calculators.fd import FiniteDifferenceCalculator
from ase.calculators.lj import LennardJones
from ase.neighborlist import neighbor_list

from mlffbench.labelling.calculators.stillinger_weber import stillinger_weber
from mlffbench.properties.elastic import elastic_constants, stress_derivative
from mlffbench.properties.equation_of_state import equation_of_state
from mlffbench.properties.phonons import phonons
from mlffbench.properties.relaxation import relax, relaxed
from mlffbench.properties.vacancy import vacancy_formation

A12, A6 = 12.131880, 14.453921  # lattice sums of fcc (Kittel, Introduction to Solid State Physics, ch. 3)
K, D = 3.0, 2.6  # eV/Å², Å


class Springs(Calculator):
    """½ k (r − d)² between atoms nearer than 1.2 d: exact harmonic frequencies at rest."""

    implemented_properties: ClassVar[list[str]] = ["energy", "forces"]

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        i, r, d = neighbor_list("iDd", self.atoms, 1.2 * D)
        forces = np.zeros((len(self.atoms), 3))
        np.add.at(forces, i, (K * (d - D) / d)[:, None] * r)
        self.results = {"energy": float((K * (d - D) ** 2).sum() / 4), "forces": forces}


def lennard_jones() -> LennardJones:
    return LennardJones(sigma=2.5, epsilon=0.1, rc=20.0)


# ---------------------------------------------------------------- relaxation
def test_a_cell_relaxes_to_the_lattice_sum() -> None:
    start = bulk("Cu", a=4.1)
    found = relax(lennard_jones(), start, cell=True, fmax=1e-4)
    assert found.converged
    assert found.steps > 0
    nearest = found.atoms.cell.lengths()[0]
    assert nearest == pytest.approx(2.5 * (2 * A12 / A6) ** (1 / 6), rel=1e-3)
    assert found.energy == pytest.approx(-0.1 * A6**2 / (2 * A12), rel=6e-3)
    assert start.cell.lengths()[0] == pytest.approx(4.1 / 2**0.5)  # the start is as it was
    assert found.atoms.calc is None


def test_a_relaxation_that_does_not_arrive_says_so() -> None:
    rattled = bulk("Cu", cubic=True)
    rattled.rattle(0.1, seed=0)
    assert not relax(EMT(), rattled, fmax=1e-3, steps=2).converged
    with pytest.raises(
        ValueError, match=r"not relaxed after 2 steps: the largest force is .* 0\.001 was asked"
    ):
        relaxed(EMT(), rattled, fmax=1e-3, steps=2)
    with pytest.raises(ValueError, match="not periodic"):
        relax(EMT(), Atoms("Cu"), cell=True)


# ---------------------------------------------------------------- equation of state
def test_equation_of_state_of_lennard_jones_is_that_of_the_lattice_sums() -> None:
    found = equation_of_state(lennard_jones(), bulk("Cu", a=3.6))  # a fifth of the volume away
    nearest = (found.volume * 2**0.5) ** (1 / 3)
    assert nearest == pytest.approx(2.5 * (2 * A12 / A6) ** (1 / 6), rel=1e-3)
    assert found.energy == pytest.approx(-0.1 * A6**2 / (2 * A12), rel=6e-3)
    modulus = 4 * 0.1 / 2.5**3 * A12 * (A6 / A12) ** 2.5 / units.GPa
    assert found.bulk_modulus == pytest.approx(modulus, rel=0.01)
    assert found.atoms.get_volume() / len(found.atoms) == pytest.approx(found.volume)
    assert found.residual < 1e-4


def test_what_is_no_crystal_has_no_equation_of_state() -> None:
    with pytest.raises(ValueError, match=r"He has no minimum of energy near .* the last volume tried"):
        equation_of_state(LennardJones(sigma=2.0, epsilon=-0.1, rc=6.0), bulk("He", "fcc", a=4.0))
    with pytest.raises(ValueError, match="at least 5"):
        equation_of_state(EMT(), bulk("Cu"), n_volumes=4)


# ---------------------------------------------------------------- elastic constants
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
    every = [stress_derivative(EMT(), found.atoms, k) / units.GPa for k in range(6)]
    np.testing.assert_allclose(found.C, np.array(every).T, atol=0.1)
    triclinic = tetragonal.copy()
    triclinic.numbers[[3, 5, 6]] = 79, 78, 46
    triclinic.set_cell(
        triclinic.cell.array @ (np.eye(3) + 0.02 * np.arange(9).reshape(3, 3) / 8), scale_atoms=True
    )
    assert len(elastic_constants(EMT(), triclinic, relax_cell=False).strains) == 6


# ---------------------------------------------------------------- phonons
def test_springs_have_their_exact_phonons() -> None:
    atoms = bulk("Cu", a=D * 2**0.5)
    found = phonons(Springs(), atoms, min_length=8.0, displacement=1e-3, mesh=4, n_path=61)
    thz = np.sqrt(K * units._e / 1e-20 / (atoms.get_masses()[0] * units._amu)) / (2 * np.pi * 1e12)
    at = {name: int(np.argmin(np.abs(found.distance - x))) for x, name in found.labels}
    np.testing.assert_allclose(found.bands[at["X"]], thz * np.array([4, 4, 8]) ** 0.5, rtol=2e-3)
    np.testing.assert_allclose(found.bands[at["L"]], thz * np.array([2, 2, 8]) ** 0.5, rtol=2e-3)
    np.testing.assert_allclose(found.bands[0], 0, atol=1e-3)
    assert found.imaginary == 0
    # the mean of ω² over all modes is the trace of the self force constant: 12 neighbours, k each, over 3 m
    assert found.mean_square_frequency == pytest.approx(thz**2 * 12 / 3, rel=5e-3)
    grid = np.linspace(-2, 1.3 * found.max_frequency, 800)
    assert np.trapezoid(found.density(grid), grid) == pytest.approx(3, rel=1e-3)


def test_a_structure_that_is_no_minimum_has_imaginary_modes() -> None:
    found = phonons(
        LennardJones(sigma=2.5, epsilon=0.1, rc=6.0), bulk("Cu", "sc", a=2.75), min_length=7.0, mesh=4
    )
    assert found.imaginary > 0.1
    assert found.bands.min() < 0


# ---------------------------------------------------------------- vacancy
def test_a_vacancy_of_pair_potentials_costs_the_cohesive_energy_before_it_relaxes() -> None:
    """Removing an atom breaks its bonds; the half that the bulk's chemical potential gives back is −E/n."""
    atoms = relaxed(lennard_jones_short(), bulk("Cu", a=3.9), cell=True, fmax=1e-4)
    cohesive = -atoms.get_potential_energy()
    found = vacancy_formation(lennard_jones_short(), atoms, min_length=9.0)
    assert found.unrelaxed_energy == pytest.approx(cohesive, rel=1e-6)
    assert 0.9 * cohesive < found.energy < cohesive
    with pytest.raises(ValueError, match="several elements"):
        vacancy_formation(EMT(), bulk("CuAu", "rocksalt", a=5.0))


def lennard_jones_short() -> LennardJones:
    return LennardJones(sigma=2.5, epsilon=0.1, rc=4.4)
