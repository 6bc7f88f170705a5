"""Samplers: statistics against theory, geometry against the request, paths against symmetry."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import add_adsorbate, bulk, fcc100, molecule
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.emt import EMT
from ase.calculators.morse import MorsePotential
from ase.constraints import FixAtoms
from ase.data import covalent_radii
from ase.io import read, write

from mlffbench import registry
from mlffbench.labelling.samplers.as_given import as_given
from mlffbench.labelling.samplers.dihedral import dihedral
from mlffbench.labelling.samplers.md import md
from mlffbench.labelling.samplers.neb import neb
from mlffbench.labelling.samplers.normal_modes import normal_modes
from mlffbench.labelling.samplers.random_structures import random_structures
from mlffbench.labelling.samplers.rattle import rattle
from mlffbench.labelling.samplers.relax import relax
from mlffbench.labelling.samplers.strain import strain
from mlffbench.labelling.samplers.vacancy import vacancy
from mlffbench.properties.bonds import bonds, atoms_beyond_bond
from mlffbench.system import progress

MORSE = {"epsilon": 4.0, "r0": 1.1, "rho0": 3.0, "rcut1": 5.0, "rcut2": 6.0}


def copper(n: int = 2) -> Atoms:
    return bulk("Cu", "fcc", 3.59, cubic=True).repeat(n)


def nitrogen() -> Atoms:
    return Atoms("N2", [(0, 0, 0), (0, 0, 1.15)])


def decorated() -> Atoms:
    """Copper with all that a frame must not carry, and what it must."""
    atoms = copper()
    atoms.calc = EMT()
    atoms.set_constraint(FixAtoms([0]))
    atoms.set_velocities(np.ones((len(atoms), 3)))
    atoms.set_initial_magnetic_moments(np.arange(len(atoms)))
    atoms.set_array("REF_forces", np.ones((len(atoms), 3)))
    atoms.info = {"REF_energy": -1.0, "strain": 0.01}
    return atoms


SMALL = {
    "as_given": {},
    "md": {"temperature": 300, "n_frames": 2, "spacing": 2, "equilibration": 2},
    "neb": None,
    "normal_modes": None,
    "dihedral": None,
    "random_structures": {"volume": [14, 16], "n_frames": 2, "composition": "Cu4"},
    "rattle": {"stdev": 0.05, "n_frames": 3},
    "relax": {"fmax": 0.5},
    "strain": {"n_frames": 2, "volumetric": [0.9, 1.1]},
    "vacancy": {"n_frames": 2},
}


def test_every_sampler_is_tested_here():
    assert set(SMALL) == set(registry.names("samplers"))


@pytest.mark.parametrize("name", [n for n, params in SMALL.items() if params is not None])
def test_samplers_are_pure_deterministic_and_hand_over_bare_frames(name):
    sampler, params = registry.load("samplers", name), SMALL[name]
    atoms, before = decorated(), decorated()
    first, again = (sampler(atoms, EMT(), 7, **params) for _ in range(2))
    assert np.array_equal(atoms.positions, before.positions)
    assert len(atoms.constraints) == 1
    for a, b in zip(first, again, strict=True):
        assert np.array_equal(a.positions, b.positions)
        assert a.info == b.info
        assert a.calc is None
        assert not a.constraints
        assert not {"momenta", "REF_forces"} & set(a.arrays)
        assert "REF_energy" not in a.info
        assert all(isinstance(v, int | float | str) for v in a.info.values())
        if name != "random_structures":
            assert "strain" in a.info, "facts of an earlier sampler stay"
            assert a.get_initial_magnetic_moments().any()


@pytest.mark.parametrize("name", ["md", "rattle", "strain", "random_structures", "vacancy"])
def test_another_seed_gives_other_frames(name):
    sampler = registry.load("samplers", name)
    one, two = (sampler(copper(), EMT(), seed, **SMALL[name]) for seed in (1, 2))
    assert not all(np.allclose(a.positions, b.positions) for a, b in zip(one, two, strict=True))


@pytest.mark.parametrize("name", ["md", "relax"])
def test_who_needs_a_calculator_says_so(name):
    with pytest.raises(ValueError, match="needs a calculator"):
        registry.load("samplers", name)(copper(), None, 0, **SMALL[name])


def test_progress_is_told():
    heard = []
    with progress.listen(lambda stage, step, total, values: heard.append((stage, step, total))):
        rattle(copper(), None, 0, stdev=0.01, n_frames=3)
    assert heard == [("rattle", i, 3) for i in (1, 2, 3)]


# ---------------------------------------------------------------- md
class Springs(Calculator):
    """Every atom on a spring of its own, k = 5 eV/Å² about the origin of its positions: exactly solvable."""

    implemented_properties = ["energy", "forces"]  # noqa: RUF012
    k = 5.0

    def __init__(self, rest: np.ndarray) -> None:
        super().__init__()
        self.rest = rest

    def calculate(self, atoms=None, properties=None, system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        shift = self.atoms.positions - self.rest
        self.results = {"energy": self.k / 2 * np.sum(shift**2), "forces": -self.k * shift}


def test_md_samples_the_canonical_distribution():
    atoms = copper(3)
    atoms.set_constraint(FixAtoms([0]))  # with a constraint the drift is not removed: x itself is canonical
    frames = md(
        atoms,
        Springs(atoms.positions.copy()),
        seed=3,
        temperature=500,
        n_frames=60,
        spacing=100,
        timestep=5.0,
        equilibration=1000,
        friction=0.05,
    )
    moved = np.array([f.positions - atoms.positions for f in frames])
    assert np.allclose(moved[:, 0], 0.0, atol=1e-10)
    variance = np.mean(moved[:, 1:] ** 2)
    # 60 × 321 coordinates, correlated by (1/0.05 + 1/ω²τ) fs ≪ 100 fs: 1 % standard error
    assert variance == pytest.approx(units.kB * 500 / Springs.k, rel=0.04)


def test_md_heats_copper_to_its_temperature():
    heard = []
    with progress.listen(lambda stage, step, total, values: heard.append(values["temperature"])):
        frames = md(copper(), EMT(), 0, 600, 30, spacing=40, timestep=5, friction=0.05, equilibration=400)
    assert len(frames) == len(heard) == 30
    # one reading scatters by √(2/3N) = 14 %, thirty that are hardly correlated by 3 %
    assert np.mean(heard) == pytest.approx(600, rel=0.09)
    assert [f.info["time"] for f in frames[:2]] == [440.0, 480.0]
    assert {f.info["temperature"] for f in frames} == {600}
    home = copper().get_center_of_mass()
    assert np.allclose([f.get_center_of_mass() for f in frames], home, atol=1e-9)


def test_md_puts_a_molecule_at_the_origin():
    frames = md(nitrogen(), MorsePotential(**MORSE), 0, 300, 2, spacing=5, equilibration=5, relax=True)
    assert np.allclose([f.get_center_of_mass() for f in frames], 0.0, atol=1e-9)


def test_md_stops_when_the_molecule_falls_apart():
    weak = MorsePotential(**{**MORSE, "epsilon": 0.1})
    hot = {"temperature": 3000, "n_frames": 20, "spacing": 50, "equilibration": 0}
    with pytest.raises(FloatingPointError, match="fell apart"):
        md(nitrogen(), weak, 0, **hot)
    with pytest.raises(FloatingPointError, match="the bond N0-N1 broke"):
        md(nitrogen(), weak, 0, **hot, keep="bonds")
    assert len(md(nitrogen(), weak, 0, **{**hot, "n_frames": 2}, keep="anything")) == 2


def test_md_stops_when_the_temperature_explodes():
    springs = Springs(nitrogen().positions)  # ω = 0.06/fs: no integrator is stable at ωΔt = 3
    with pytest.raises(FloatingPointError, match=r"reached .* K; shorten the timestep"):
        md(nitrogen(), springs, 0, 300, 5, timestep=50.0, keep="anything")


# ---------------------------------------------------------------- displacements, cells
def test_rattle_has_the_standard_deviation_asked_for():
    atoms = copper(3)
    moved = np.array([f.positions - atoms.positions for f in rattle(atoms, None, 0, 0.07, n_frames=50)])
    assert moved.std() == pytest.approx(0.07, rel=0.02)
    assert moved.mean() == pytest.approx(0.0, abs=0.003)


def test_rattle_keeps_atoms_apart():
    close = [f.get_all_distances(mic=True)[0, 1] for f in rattle(nitrogen(), None, 0, 0.3, 40)]
    apart = [
        f.get_all_distances(mic=True)[0, 1] for f in rattle(nitrogen(), None, 0, 0.3, 40, min_distance=1.0)
    ]
    assert min(close) < 1.0 <= min(apart)
    with pytest.raises(ValueError, match="kept the atoms 9 Å apart"):
        rattle(nitrogen(), None, 0, 0.01, min_distance=9.0)


def test_strains_are_symmetric_bounded_and_carry_the_atoms():
    atoms = bulk("Si", cubic=True)
    frames = strain(atoms, None, 0, n_frames=40, max_strain=0.04)
    tensors = np.array([np.linalg.solve(atoms.cell.array, f.cell.array) for f in frames]) - np.eye(3)
    assert np.allclose(tensors, tensors.transpose(0, 2, 1), atol=1e-12)
    assert np.abs(tensors).max() <= 0.04
    assert np.abs(tensors[:, [0, 1, 0], [1, 2, 2]]).max() > 0.036, "shears reach as far as elongations"
    for frame, tensor in zip(frames, tensors, strict=True):
        principal = np.linalg.eigvalsh(tensor)
        assert abs(frame.info["strain"]) == pytest.approx(np.abs(principal).max())
        assert frame.info["volume_ratio"] == pytest.approx(frame.get_volume() / atoms.get_volume())
        assert np.allclose(frame.get_scaled_positions(), atoms.get_scaled_positions(), atol=1e-9)


def test_a_volumetric_series_has_its_volumes():
    atoms = bulk("Si")
    frames = strain(atoms, None, 0, volumetric=[0.9, 1.0, 1.1])
    assert np.allclose([f.get_volume() / atoms.get_volume() for f in frames], [0.9, 1.0, 1.1])
    assert np.allclose([f.cell.angles() for f in frames], 60.0)
    with pytest.raises(ValueError, match="periodic in three directions"):
        strain(nitrogen(), None, 0, n_frames=1)
    with pytest.raises(ValueError, match="1 frames or more"):
        strain(atoms, None, 0)


def test_a_vacancy_is_one_atom_less():
    frames = vacancy(bulk("Si", cubic=True), None, 0, repeat=[2, 1, 1], n_frames=16)
    assert [len(f) for f in frames] == [15] * 16
    assert sorted(f.info["vacancy"] for f in frames) == list(range(16))
    crystal = bulk("Si", cubic=True).repeat((2, 1, 1))
    (third,) = vacancy(bulk("Si", cubic=True), None, 0, repeat=[2, 1, 1], index=3)
    assert np.allclose(third.positions, np.delete(crystal.positions, 3, axis=0))
    with pytest.raises(ValueError, match="has 8 sites"):
        vacancy(bulk("Si", cubic=True), None, 0, n_frames=9)


def test_as_given_is_as_given():
    (frame,) = as_given(nitrogen(), None, 0)
    assert np.array_equal(frame.positions, nitrogen().positions)


def test_relax_finds_the_minimum():
    (frame,) = relax(nitrogen(), MorsePotential(**MORSE), 0, fmax=1e-4)
    assert frame.get_distance(0, 1) == pytest.approx(1.1, abs=1e-4)
    with pytest.raises(ValueError, match="not relaxed after 1 steps"):
        relax(nitrogen(), MorsePotential(**MORSE), 0, fmax=1e-4, steps=1)


# ---------------------------------------------------------------- normal modes
def test_a_dimer_vibrates_as_the_harmonic_oscillator_says():
    T, n = 200.0, 4000
    frames = normal_modes(nitrogen(), MorsePotential(**MORSE), 0, T, n, step=0.002)
    r = np.array([f.get_distance(0, 1) for f in frames])
    k = 2 * MORSE["epsilon"] * (MORSE["rho0"] / MORSE["r0"]) ** 2  # Morse: D (ρ₀/r₀)² (x−1)² near r₀
    # ½ k ⟨(r − r₀)²⟩ = ½ k_B T; the variance of n normal deviates scatters by √(2/n) = 2.2 %
    assert np.var(r) == pytest.approx(units.kB * T / k, rel=0.07)
    assert r.mean() == pytest.approx(1.1, abs=0.002)
    assert np.allclose([f.get_center_of_mass() for f in frames], 0.0, atol=1e-9)
    axes = np.array([f.positions[1] - f.positions[0] for f in frames[:50]])
    assert np.allclose(axes[:, :2], 0.0, atol=1e-6), "rotations are projected out"


def test_every_mode_of_a_crystal_holds_half_kT():
    atoms = bulk("Cu", "fcc", 3.6, cubic=True).repeat((2, 1, 1))
    (minimum,) = relax(atoms, EMT(), 0, fmax=1e-4)
    T, n = 20.0, 60
    energies = []
    for frame in [minimum, *normal_modes(minimum, EMT(), 0, T, n)]:
        frame.calc = EMT()
        energies.append(frame.get_potential_energy())
    rise = np.mean(energies[1:]) - energies[0]
    expected = (3 * len(atoms) - 3) / 2 * units.kB * T
    # (3N−3)/2 kT scatters by √(2/(3N−3)) = 30 % a frame, 4 % in the mean of 60
    assert rise == pytest.approx(expected, rel=0.12)


def test_normal_modes_refuse_a_saddle_point():
    chain = Atoms("N3", [(0, 0, 0), (1.1, 0, 0), (2.2, 0, 0)])  # its ends attract one another: it would bend
    with pytest.raises(ValueError, match="saddle point with 2 imaginary modes"):
        normal_modes(chain, MorsePotential(**MORSE), 0, 300, 1)
    with pytest.raises(ValueError, match="single atom"):
        normal_modes(Atoms("Au"), EMT(), 0, 300, 1)


# ---------------------------------------------------------------- dihedral
def peroxide() -> Atoms:
    return molecule("H2O2")


@pytest.mark.parametrize(("name", "indices"), [("H2O2", (2, 0, 1, 3)), ("C2H6", (2, 0, 1, 5))])
def test_dihedrals_are_those_asked_for_and_nothing_stretches(name, indices):
    atoms = molecule(name)
    frames = dihedral(atoms, None, 0, indices, n_frames=7, start=-90, stop=180)
    wanted = np.linspace(-90, 180, 7)
    found = np.array([f.get_dihedral(*indices) for f in frames])
    assert np.allclose((found - wanted + 180) % 360, 180, atol=1e-6)
    assert [f.info["coordinate"] for f in frames] == pytest.approx(wanted)
    bonded = bonds(atoms)
    for frame in frames:
        lengths = [frame.get_distance(i, j) for i, j in bonded]
        assert np.allclose(lengths, [atoms.get_distance(i, j) for i, j in bonded], atol=1e-9)


def test_the_smaller_side_turns_whichever_end_it_is():
    atoms = molecule("CH3CH2OH")
    far, carbon, oxygen, hydroxyl = 0, 1, 2, 3
    assert atoms_beyond_bond(atoms, (carbon, oxygen)).tolist() == [oxygen, hydroxyl]
    assert len(atoms_beyond_bond(atoms, (oxygen, carbon))) == 7
    for order in ((far, carbon, oxygen, hydroxyl), (hydroxyl, oxygen, carbon, far)):
        frames = dihedral(atoms, None, 0, order, n_frames=3, start=30, stop=90)
        assert np.allclose([f.get_dihedral(*order) for f in frames], [30, 60, 90], atol=1e-6)
        fixed = [i for i in range(9) if i != hydroxyl]
        skeleton = frames[0].get_all_distances()[np.ix_(fixed, fixed)]
        assert np.allclose(skeleton, atoms.get_all_distances()[np.ix_(fixed, fixed)], atol=1e-9)


def test_what_cannot_be_turned_is_a_sentence():
    with pytest.raises(ValueError, match="part of a ring"):
        dihedral(molecule("C6H6"), None, 0, (0, 1, 2, 3), 3)
    with pytest.raises(ValueError, match="not a bond"):
        dihedral(molecule("C6H6"), None, 0, (0, 1, 3, 2), 3)
    with pytest.raises(ValueError, match="four different atoms"):
        dihedral(molecule("C6H6"), None, 0, (0, 1, 1, 2), 3)
    with pytest.raises(ValueError, match="needs a calculator"):
        dihedral(peroxide(), None, 0, (2, 0, 1, 3), 3, relax=True)


class Quartet(Calculator):
    """Harmonic pair distances of a chain of four, whose rest length depends on nothing: any angle is free."""

    implemented_properties = ["energy", "forces"]  # noqa: RUF012
    pairs = ((0, 1, 1.0), (1, 2, 1.45), (2, 3, 1.0), (0, 2, 2.0), (1, 3, 2.0))

    def calculate(self, atoms=None, properties=None, system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        energy, forces = 0.0, np.zeros((4, 3))
        for i, j, rest in self.pairs:
            d = self.atoms.positions[j] - self.atoms.positions[i]
            r = np.linalg.norm(d)
            energy += 10 * (r - rest) ** 2
            forces[i] += 20 * (r - rest) * d / r
            forces[j] -= 20 * (r - rest) * d / r
        self.results = {"energy": energy, "forces": forces}


def test_a_relaxed_scan_relaxes_all_but_the_angle():
    atoms = Atoms("HOOH", [(0.0, 0.95, 0.2), (0, 0, 0), (1.5, 0, 0), (1.5, 0.3, 0.9)])
    frames = dihedral(atoms, Quartet(), 0, (0, 1, 2, 3), 5, start=40, stop=160, relax=True, fmax=1e-3)
    angles = [f.get_dihedral(0, 1, 2, 3) for f in frames]
    assert np.allclose(angles, np.linspace(40, 160, 5), atol=1e-3)
    for frame in frames:
        for i, j, rest in Quartet.pairs:
            assert frame.get_distance(i, j) == pytest.approx(rest, abs=1e-3)


# ---------------------------------------------------------------- paths
def hop() -> tuple[Atoms, Atoms]:
    """ASE's own example: gold on Al(100), from a hollow site to the next."""
    start = fcc100("Al", size=(2, 2, 3))
    add_adsorbate(start, "Au", 1.7, "hollow")
    start.center(axis=2, vacuum=4.0)
    start.info.clear()  # what fcc100 notes there cannot be written to extxyz
    start.set_constraint(FixAtoms([a.index for a in start if a.tag > 1]))
    end = start.copy()
    end[-1].x += end.cell[0, 0] / 2
    return start, end


def test_the_barrier_of_gold_on_aluminium_is_that_of_ases_tutorial(tmp_path):
    start, end = hop()
    write(tmp_path / "end.xyz", end)
    frames = neb(start, EMT(), 0, end=str(tmp_path / "end.xyz"), n_frames=5, fmax=0.05, ends_fmax=0.01)
    energies = []
    for frame in frames:
        frame.calc = EMT()
        energies.append(frame.get_potential_energy())
    assert max(energies) - energies[0] == pytest.approx(0.374, abs=0.005)
    assert np.argmax(energies) == 2, "the climbing image stands in the middle"
    assert energies[1] == pytest.approx(energies[3], abs=0.01)
    along = [f.info["coordinate"] for f in frames]
    assert along[0] == 0.0
    assert np.all(np.diff(along) > 0)
    assert along[-1] > end.cell[0, 0] / 2, "no path is shorter than the straight line"


def test_atoms_that_exchange_places_make_the_end():
    """Au-Al-Al' to Au-Al'-Al: the ends are one structure, so the path is its own mirror image."""
    start = Atoms("AuAl2", [(0, 0, 0), (2.5, 0, 0), (1.2, 2.3, 0)])
    params = {"n_frames": 5, "fmax": 0.1, "ends_fmax": 0.005, "steps": 200}
    with pytest.raises(ValueError, match="same structure"):
        neb(start, EMT(), 0, end={"permutation": [0, 2, 1]}, **params)  # a half turn does it: nothing moves
    with pytest.raises(ValueError, match="exchange like atoms"):
        neb(start, EMT(), 0, end={"permutation": [1, 0, 2]}, **params)
    with pytest.raises(ValueError, match="each of the atoms 0 to 2 once"):
        neb(start, EMT(), 0, end={"permutation": [0, 1, 1]}, **params)


def handedness(atoms: Atoms) -> float:
    """Six times the signed volume of the tetrahedron of four atoms, Å³."""
    return float(np.linalg.det(atoms.positions[1:] - atoms.positions[0]))


@pytest.mark.parametrize(
    "end", [{"permutation": [0, 1, 3, 2]}, {"permutation": [0, 1, 2, 3], "mirror": True}]
)
def test_a_tetrahedron_turns_inside_out(end):
    start = Atoms("N4", [(0, 0, 0), (0.8, 0.8, 0), (0.8, 0, 0.8), (0.0, 0.82, 0.8)])
    calculator = MorsePotential(**MORSE)
    frames = neb(
        start, calculator, 0, end, 5, fmax=0.01, ends_fmax=1e-3, spring=1.0, coordinate=[[0, 1], [2, 3]]
    )
    energies = []
    for frame in frames:
        frame.calc = calculator
        energies.append(frame.get_potential_energy())
    volumes = [handedness(f) for f in frames]
    assert volumes[0] == pytest.approx(-volumes[-1], abs=1e-4)
    assert volumes[2] == pytest.approx(0.0, abs=5e-3), "the saddle point is flat"
    # six bonds of 4 eV at the ends; the climbing image is the flat saddle point found by itself
    assert energies[0] == pytest.approx(-6 * 4.0, abs=1e-4)
    flat = Atoms("N4", frames[2].positions)
    flat.calc = calculator
    assert np.abs(flat.get_forces()).max() < 0.01
    assert energies[2] > energies[0] + 1.0
    assert np.allclose(energies, energies[::-1], atol=0.03)
    expected = [f.get_distance(0, 1) - f.get_distance(2, 3) for f in frames]
    assert [f.info["coordinate"] for f in frames] == pytest.approx(expected)


def test_ends_must_be_of_the_same_atoms():
    start, end = hop()
    with pytest.raises(ValueError, match="the same, in the same order"):
        neb(start, EMT(), 0, end=end[::-1], n_frames=3, ends_fmax=0.5)
    stretched = end.copy()
    stretched.set_cell(end.cell * 1.1)
    with pytest.raises(ValueError, match="cells at both ends"):
        neb(start, EMT(), 0, end=stretched, n_frames=3, ends_fmax=0.5)


# ---------------------------------------------------------------- random structures
def test_random_structures_keep_their_distances_and_volumes():
    params = {"volume": [16, 24], "n_frames": 12, "separation": {"Si-Si": 2.1, "C-Si": 1.7, "C-C": 1.4}}
    frames = random_structures(None, None, 0, composition=["Si4C2", "Si8"], **params)
    assert {f.get_chemical_formula() for f in frames} == {"C2Si4", "Si8"}
    least = {frozenset(p.split("-")): d for p, d in params["separation"].items()}
    for frame in frames:
        assert frame.pbc.all()
        assert 16 <= frame.get_volume() / len(frame) <= 24
        supercell = frame.repeat(3)  # images of images: what a minimum image would miss
        distances = supercell.get_all_distances()
        symbols = supercell.get_chemical_symbols()
        for i, j in zip(*np.triu_indices(len(supercell), 1), strict=True):
            assert distances[i, j] >= least[frozenset((symbols[i], symbols[j]))] - 1e-9


def test_random_structures_differ_and_take_the_elements_of_a_structure():
    frames = random_structures(bulk("Si", cubic=True), None, 0, [18, 22], 6)
    assert {f.get_chemical_formula() for f in frames} == {"Si8"}
    assert len({round(f.cell.lengths()[0], 6) for f in frames}) == 6
    nearest = min(np.sort(f.get_all_distances(mic=True), axis=1)[:, 1].min() for f in frames)
    assert nearest >= 0.8 * 2 * covalent_radii[14] - 1e-9


def test_random_structures_say_what_they_cannot_do():
    with pytest.raises(ValueError, match="had no room for 8 atoms"):
        random_structures(None, None, 0, [4, 5], 1, composition="Si8", max_attempts=5)
    with pytest.raises(ValueError, match=r"no distance for \['C-C', 'C-Si'\]"):
        random_structures(None, None, 0, [20, 20], 1, composition="SiC", separation={"Si-Si": 2.0})
    with pytest.raises(ValueError, match="needs a composition"):
        random_structures(None, None, 0, [20, 20], 1)


# ---------------------------------------------------------------- the built-in dataset, made again
BUILTIN = Path(__file__).parents[2] / "mlffbench" / "datasets" / "builtin" / "malonaldehyde.xyz.gz"
GUESS = [(-1.3, 1.15, 0), (-1.2, -0.1, 0), (0, -0.85, 0), (1.2, -0.15, 0), (1.25, 1.17, 0)]
GUESS += [(0.29, 1.55, 0), (-2.1, -0.74, 0), (0, -1.95, 0), (2.18, -0.66, 0)]


def malonaldehyde(group: str) -> tuple[Atoms, list[Atoms], Calculator]:
    """The guess of benchmarks/recipes/malonaldehyde.yaml, the frames it led to, and its calculator."""
    pytest.importorskip("tblite", reason="tblite is not installed")
    from mlffbench.labelling.calculators.tblite import tblite

    frames = [f for f in read(BUILTIN, ":") if f.info["group"] == group]
    return Atoms("OCCCOHHHH", GUESS), frames, tblite(accuracy=0.1)


def assert_same_shapes(ours: list[Atoms], theirs: list[Atoms], tolerance: float) -> None:
    for a, b in zip(ours, theirs, strict=True):
        assert np.allclose(a.get_all_distances(), b.get_all_distances(), atol=tolerance)
        assert a.info["coordinate"] == pytest.approx(b.info["coordinate"], abs=tolerance)


@pytest.mark.slow
def test_the_proton_path_of_the_built_in_dataset():
    start, known, xtb = malonaldehyde("proton_transfer")
    params = {"n_frames": 17, "fmax": 0.01, "ends_fmax": 0.001, "spring": 0.5}
    end = {"permutation": [4, 3, 2, 1, 0, 5, 8, 7, 6]}
    assert_same_shapes(neb(start, xtb, 0, end, coordinate=[[4, 5], [0, 5]], **params), known, 1e-3)


@pytest.mark.slow
def test_the_dihedral_scan_of_the_built_in_dataset():
    start, known, xtb = malonaldehyde("dihedral")
    ours = dihedral(start, xtb, 0, [0, 1, 2, 3], 4, stop=22.5, relax=True, hold=[[2, 3, 4, 5]])
    assert_same_shapes(ours, known[:4], 0.01)


@pytest.mark.slow
def test_the_trajectory_of_the_built_in_dataset():
    start, known, xtb = malonaldehyde("train_300K")
    (ours,) = md(start, xtb, 1, 300, 1, equilibration=2000, friction=0.01, relax=True)
    assert np.allclose(ours.positions, known[0].positions, atol=1e-5)
    assert ours.info["time"] == known[0].info["time_fs"]
