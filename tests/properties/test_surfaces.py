"""Surfaces, phases and thermal expansion of potentials for which they are known exactly."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk, fcc111
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones
from ase.neighborlist import neighbor_list
from ase.optimize import BFGS
from scipy.optimize import brentq

from mlffbench.labelling.calculators.stillinger_weber import stillinger_weber
from mlffbench.properties.phases import phases
from mlffbench.properties.phonons import phonons
from mlffbench.properties.surface import surface_energy
from mlffbench.properties.thermal_expansion import THZ, thermal_expansion, thermal_expansion_by_dynamics

BOND, D = 0.2, 2.6  # eV, Å
JOULE = 16.02176634  # J/m² of one eV/Å²
SI = bulk("Si", "diamond", a=5.43095)


class Bonds(Calculator):
    """−BOND + ½ k (r − d)² between atoms nearer than 1.1 d: only nearest neighbours, all at their minimum."""

    implemented_properties: ClassVar[list[str]] = ["energy", "forces", "stress"]

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        i, r, d = neighbor_list("iDd", self.atoms, 1.1 * D)
        pull = (3.0 * (d - D) / d)[:, None] * r
        forces = np.zeros((len(self.atoms), 3))
        np.add.at(forces, i, pull)
        virial = np.einsum("ni,nj->ij", r, pull) / 2 / self.atoms.get_volume()
        energy = float((1.5 * (d - D) ** 2 - BOND).sum() / 2)
        self.results = {"energy": energy, "forces": forces, "stress": virial.flat[[0, 4, 8, 5, 2, 1]]}


class Gruneisen(Calculator):
    """½ B (V − V₀)²/V₀ + ½ k(V) Σ |u − ⟨u⟩|² with k ∝ V^(−2γ), u from the lattice that the cell carries.

    All vibrations have the same γ, so that thermal expansion is known in closed form.
    """

    implemented_properties: ClassVar[list[str]] = ["energy", "forces", "stress"]

    def __init__(self, lattice: Atoms, modulus: float, stiffness: float, gamma: float) -> None:
        super().__init__()
        self.cell, self.volume = lattice.cell.array, lattice.get_volume() / len(lattice)
        self.modulus, self.stiffness, self.gamma = modulus, stiffness, gamma

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        n, whole = len(self.atoms), self.atoms.get_volume()
        factor = (whole / n / self.volume) ** (1 / 3)
        sites = np.linalg.solve(self.cell.T * factor, self.atoms.positions.T).T
        away = (sites - np.rint(sites)) @ self.cell * factor
        away -= away.mean(axis=0)
        k = self.stiffness * (whole / n / self.volume) ** (-2 * self.gamma)
        elastic = n * self.modulus * (whole / n / self.volume - 1)  # ∂E/∂V, times V₀
        harmonic = k * (away**2).sum() / 2
        energy = n * self.modulus * self.volume * (whole / n / self.volume - 1) ** 2 / 2 + harmonic
        slope = elastic / n - 2 * self.gamma * harmonic / whole
        stress = k * away.T @ away / whole + np.eye(3) * slope
        self.results = {"energy": energy, "forces": -k * away, "stress": stress.flat[[0, 4, 8, 5, 2, 1]]}


# ---------------------------------------------------------------- surfaces
@pytest.mark.parametrize(("hkl", "broken", "area"), [
    ((1, 1, 1), 3, 3**0.5 / 4), ((1, 0, 0), 4, 1 / 2), ((1, 1, 0), 6, 2**-0.5), ((3, 1, 1), 7, 11**0.5 / 4),
])  # fmt: skip
def test_surfaces_of_a_pair_crystal_cost_half_their_broken_bonds(
    hkl: tuple[int, ...], broken: int, area: float
) -> None:
    """Bonds cut per atom of the plane; fcc, whatever cell it is given in."""
    for cubic in (False, True):
        found = surface_energy(Bonds(), bulk("Cu", a=D * 2**0.5, cubic=cubic), hkl, thickness=6.0)
        assert found.area == pytest.approx(area * 2 * D**2)
        exact = broken * BOND / 2 / found.area * JOULE
        assert found.unrelaxed_energy == pytest.approx(exact, rel=1e-6)
        assert found.energy == pytest.approx(exact, rel=1e-6)
        assert np.ptp(found.atoms.positions[:, 2]) <= found.atoms.cell[2, 2] - 12.0 + 1e-6


def test_silicon_is_cut_where_it_breaks_fewest_bonds() -> None:
    """One bond of 2.1682 eV per (111) surface atom, two per (100); no angle changes its energy."""
    for hkl, broken in {(1, 1, 1): 1, (1, 0, 0): 2}.items():
        found = surface_energy(stillinger_weber(), SI, hkl)
        assert found.unrelaxed_energy == pytest.approx(broken * 2.1682 / 2 / found.area * JOULE, rel=1e-3)


def test_copper_111_is_that_of_ases_own_slab() -> None:
    crystal = bulk("Cu", a=3.59)
    found = surface_energy(EMT(), crystal, (1, 1, 1), thickness=10.0)
    slab = fcc111("Cu", (1, 1, len(found.atoms)), a=3.59, vacuum=10.0)
    slab.calc, crystal.calc = EMT(), EMT()
    whole = len(slab) * crystal.get_potential_energy()
    area = np.linalg.norm(np.cross(*slab.cell[:2]))
    before = (slab.get_potential_energy() - whole) / (2 * area) * JOULE
    BFGS(slab, logfile=None).run(fmax=0.01)
    after = (slab.get_potential_energy() - whole) / (2 * area) * JOULE
    assert found.unrelaxed_energy == pytest.approx(before, rel=1e-6)
    assert found.energy == pytest.approx(after, rel=1e-4)
    assert found.energy < found.unrelaxed_energy


def test_no_surface_without_indices_or_a_crystal() -> None:
    with pytest.raises(ValueError, match=r"three integers, not all zero; got \(0, 0, 0\)"):
        surface_energy(EMT(), bulk("Cu"), (0, 0, 0))
    with pytest.raises(ValueError, match="no crystal"):
        surface_energy(EMT(), Atoms("Cu", cell=[9, 9, 9]))


# ---------------------------------------------------------------- phases
def test_phases_of_a_pair_crystal_count_their_neighbours() -> None:
    structures = {
        "sc": bulk("Cu", "sc", a=1.02 * D),
        "bcc": bulk("Cu", "bcc", a=1.02 * D * 2 / 3**0.5),
        "fcc": bulk("Cu", "fcc", a=1.02 * D * 2**0.5),
        "hcp": bulk("Cu", "hcp", a=1.02 * D, covera=(8 / 3) ** 0.5),
    }
    found = phases(Bonds(), structures)
    assert not found.failures
    assert not found.fell
    for name, bonds in {"sc": 3, "bcc": 4, "fcc": 6, "hcp": 6}.items():
        assert found.energies[name] == pytest.approx(-bonds * BOND, abs=1e-5)
    assert found.differences["sc"] == pytest.approx(3 * BOND, abs=1e-5)
    assert found.order[2:] == ("bcc", "sc")
    assert found.volumes["hcp"] == pytest.approx(D**3 / 2**0.5, rel=1e-3)
    assert found.volumes["bcc"] == pytest.approx(D**3 * 4 / 27**0.5, rel=1e-3)


def test_hexagonal_lennard_jones_is_lower_by_a_ten_thousandth() -> None:
    """The lattice sums 14.45392, 12.13188 and 14.45490, 12.13229 (Kittel) give E ∝ A₆²/A₁₂."""
    a = 2.5 * (2 * 12.13188 / 14.45392) ** (1 / 6)
    structures = {
        "fcc": bulk("Ar", "fcc", a=a * 2**0.5),
        "hcp": bulk("Ar", "hcp", a=a, covera=(8 / 3) ** 0.5),
    }
    found = phases(LennardJones(sigma=2.5, epsilon=0.1, rc=12.5), structures, stress=False)
    exact = 1 - (14.45392**2 / 12.13188) / (14.45490**2 / 12.13229)
    assert found.order == ("hcp", "fcc")
    assert found.differences["fcc"] / -found.energies["hcp"] == pytest.approx(exact, rel=0.3)


def test_a_phase_that_falls_into_another_is_named() -> None:
    """Along Bain's path from bcc to fcc, copper rolls down."""
    bct = Atoms("Cu2", scaled_positions=[(0, 0, 0), (0.5, 0.5, 0.5)], cell=[2.6, 2.6, 3.3], pbc=True)
    found = phases(EMT(), {"fcc": bulk("Cu"), "bct": bct})
    assert found.fell == {"bct": "fcc"}
    assert phases(EMT(), {"bct": bct}).fell == {"bct": "Fm-3m"}
    assert found.energies["bct"] == pytest.approx(found.energies["fcc"], abs=1e-5)


def test_a_phase_that_does_not_relax_costs_only_itself() -> None:
    loose = bulk("Cu", cubic=True)
    loose.rattle(0.2, seed=0)
    found = phases(EMT(), {"fcc": bulk("Cu", a=3.59), "loose": loose}, steps=2)
    assert found.order == ("fcc",)
    assert "not relaxed after 2 steps" in found.failures["loose"]
    with pytest.raises(ValueError, match="different compositions"):
        phases(EMT(), {"a": bulk("Cu"), "b": bulk("NiAl", "cesiumchloride", a=2.9)})


# ---------------------------------------------------------------- errors between phonons
def test_the_error_of_scaled_phonons_is_their_scale() -> None:
    small = {"min_length": 4.0, "mesh": 3, "n_path": 11}
    soft, stiff = (
        phonons(LennardJones(sigma=2.5, epsilon=e, rc=5.0), bulk("Cu", a=3.85), **small) for e in (0.1, 0.121)
    )
    assert stiff.frequency_error(soft) == pytest.approx(0.1 * soft.mean_square_frequency**0.5, rel=1e-6)
    assert stiff.max_frequency_error(soft) == pytest.approx(0.1 * soft.max_frequency, rel=1e-6)
    with pytest.raises(ValueError, match="different points"):
        soft.frequency_error(phonons(EMT(), bulk("Cu"), min_length=4.0, mesh=2, n_path=11))


# ---------------------------------------------------------------- thermal expansion
def grueneisen(crystal: Atoms, modulus: float = 0.6, gamma: float = 2.0) -> Gruneisen:
    return Gruneisen(crystal, modulus, 3.0, gamma)


def test_a_harmonic_crystal_does_not_expand() -> None:
    crystal = bulk("Ar", a=5.0)
    found = thermal_expansion(grueneisen(crystal, gamma=0.0), crystal, (0.0, 300.0), 5.0, mesh=3)
    np.testing.assert_allclose(found.volumes, crystal.get_volume(), rtol=1e-5)
    np.testing.assert_allclose(found.coefficients, 0, atol=1e-10)


@pytest.mark.parametrize("classical", [True, False])
def test_a_crystal_of_one_gruneisen_parameter_expands_as_it_must(classical: bool) -> None:
    """B (V − V₀)/V₀ = γ E_vib/V, with E_vib = kT a mode or that of quantum oscillators."""
    crystal, modulus, gamma = bulk("Ar", a=5.0), 0.6, 2.0
    potential, v0 = grueneisen(crystal), crystal.get_volume()
    found = thermal_expansion(potential, crystal, (0.0, 40.0, 200.0), 5.0, mesh=3, classical=classical)
    spectrum = phonons(potential, crystal, 5.0, mesh=3, n_path=2)
    modes = spectrum.frequencies > 0.05
    shares = np.broadcast_to(spectrum.weights[:, None] / spectrum.weights.sum(), modes.shape)[modes]

    def pressure(v: float, t: float) -> float:
        quanta = THZ * spectrum.frequencies[modes] * (v / v0) ** -gamma
        warm = quanta / np.expm1(quanta / (units.kB * t)) if t else 0 * quanta
        energy = shares @ (np.full_like(quanta, units.kB * t) if classical else quanta / 2 + warm)
        return modulus * (v - v0) / v0 - gamma * energy / v

    exact = np.array([brentq(pressure, v0, 1.04 * v0, args=(t,)) for t in (0.0, 40.0, 200.0)])
    np.testing.assert_allclose(found.volumes, exact, rtol=5e-5)
    slope = np.log(
        brentq(pressure, v0, 1.04 * v0, args=(201.0,)) / brentq(pressure, v0, 1.04 * v0, args=(199.0,))
    )
    assert found.coefficients[2] == pytest.approx(slope / 6, rel=5e-3)
    assert found.minimum == pytest.approx(v0, rel=5e-5)


def test_silicon_of_stillinger_and_weber_expands_little() -> None:
    found = thermal_expansion(stillinger_weber(), SI, (300.0,), 6.0, mesh=4)
    assert 2e-6 < found.coefficients[0] < 5e-6


def test_where_there_is_no_quasi_harmonic_crystal_it_says_so() -> None:
    crystal = bulk("Ar", a=5.0)
    with pytest.raises(ValueError, match=r"at 3000 K is not between .* larger span"):
        thermal_expansion(grueneisen(crystal), crystal, (3000.0,), 4.0, mesh=3)
    with pytest.raises(ValueError, match="imaginary modes at"):
        thermal_expansion(
            LennardJones(sigma=2.5, epsilon=0.1, rc=5.0), bulk("Cu", "sc", a=2.6), min_length=5.0
        )


def test_dynamics_expand_as_the_gruneisen_parameter_says() -> None:
    crystal, modulus, gamma, t = bulk("Ar", a=5.0), 0.1, 3.0, 300.0
    v0 = crystal.get_volume()
    exact = brentq(lambda v: modulus * (v - v0) / v0 - 3 * gamma * units.kB * t / v, v0, 2 * v0)
    found = thermal_expansion_by_dynamics(
        grueneisen(crystal, modulus, gamma), crystal, (t,), steps=500, timestep=5.0, min_length=8.0, seed=1
    )
    assert abs(found.volumes[0] - exact) < 4 * found.volume_errors[0]
    assert found.volume_errors[0] < 0.2 * (exact - v0)
    assert found.coefficients[0] == pytest.approx(np.log(found.volumes[0] / v0) / (3 * t), rel=1e-4)
    with pytest.raises(ValueError, match="must be positive"):
        thermal_expansion_by_dynamics(EMT(), bulk("Cu"), (0.0,))
