"""What trajectories show: shells, a gas, an oscillator, a random walk, a table of survival, limits."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk, molecule
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.emt import EMT
from scipy.stats import wasserstein_distance

from mlffbench.properties.diffusion import diffusion
from mlffbench.properties.distributions import Distribution, distributions, pooled
from mlffbench.properties.dynamics import Trajectory, dynamics
from mlffbench.properties.limits import Limits, Watch
from mlffbench.properties.spectra import spectrum
from mlffbench.properties.survival import survival


# ---------------------------------------------------------------- distributions
@pytest.mark.parametrize("cell", [bulk("Si", "diamond", a=5.43), bulk("Si", "diamond", a=5.43, cubic=True)])
def test_diamond_has_its_shells_and_angle_in_the_smallest_cells(cell: Atoms) -> None:
    found = distributions([cell])
    radial = found["radial Si-Si"]
    shells = 5.43 * np.sqrt([3 / 16, 1 / 2, 11 / 16, 1])
    np.testing.assert_allclose(radial.x[:4], shells, atol=0.005)
    density = 8 / 5.43**3
    neighbours = (radial.y * 4 * np.pi * radial.x**2 * 0.01 * density)[:4]
    np.testing.assert_allclose(neighbours, [4, 12, 12, 6], rtol=1e-4)
    assert found["angle Si-Si-Si"].x == pytest.approx([np.degrees(np.arccos(-1 / 3))], abs=0.26)
    assert found["angle Si-Si-Si"].y.sum() == 6 * len(cell)
    assert found["bond Si-Si"].x == pytest.approx([shells[0]], abs=0.005)
    assert "torsion Si-Si-Si-Si" not in found


def test_a_random_gas_has_no_structure() -> None:
    rng = np.random.default_rng(0)
    gas = [Atoms("Ar75Ne50", rng.uniform(0, 10, (125, 3)), cell=[10] * 3, pbc=True) for _ in range(12)]
    found = distributions(gas, like=[bulk("Ar", "fcc", a=5.26)])
    for name in ("radial Ar-Ar", "radial Ar-Ne", "radial Ne-Ne"):
        far = found[name].x > 3
        assert found[name].y[far].mean() == pytest.approx(1, abs=0.03)


def test_argon_without_bonds_has_the_angles_of_its_first_shell() -> None:
    angles = distributions([bulk("Ar", "fcc", a=5.26)])["angle Ar-Ar-Ar"]
    np.testing.assert_allclose(angles.x, [60, 90, 120, 180], atol=0.26)
    np.testing.assert_allclose(angles.y, [24, 12, 24, 6])


def test_a_molecule_has_the_numbers_that_ase_measures() -> None:
    atoms = molecule("H2O2")
    bend = distributions([atoms])
    ours = {name: bend[name].x for name in ("bond H-O", "angle H-O-O", "torsion H-O-O-H")}
    (o1, o2), (h1, h2) = (np.flatnonzero(atoms.numbers == z) for z in (8, 1))
    if atoms.get_distance(o1, h1) > atoms.get_distance(o1, h2):
        h1, h2 = h2, h1
    assert ours["bond H-O"] == pytest.approx([atoms.get_distance(o1, h1)], abs=0.006)
    assert ours["angle H-O-O"] == pytest.approx([atoms.get_angle(h1, o1, o2)], abs=0.26)
    theirs = (atoms.get_dihedral(h1, o1, o2, h2) + 180) % 360 - 180
    assert ours["torsion H-O-O-H"] == pytest.approx([theirs], abs=0.51)


def test_a_bond_is_followed_however_far_it_is_stretched() -> None:
    start, far = (Atoms("HF", [[0, 0, 0], [d, 0, 0]]) for d in (0.92, 40.0))
    one, other = distributions([start]), distributions([far], like=[start])
    assert one["bond F-H"].distance(other["bond F-H"]) == pytest.approx(39.08, abs=0.01)
    assert one["radial F-H"].distance(other["radial F-H"]) == pytest.approx(39.08, abs=0.01)


def test_a_proton_that_hops_changes_no_bond_length_where_the_reference_shows_the_hop() -> None:
    o = np.array([[0, 0, 0], [2.6, 0, 0]])
    left, right = (Atoms("OOH", [*o, [x, 0, 0]]) for x in (1.0, 1.65))
    known = distributions([right], like=[left, right])["bond H-O"]
    unknown = distributions([right], like=[left])["bond H-O"]
    assert (known.mean, unknown.mean) == pytest.approx((0.95, 1.65), abs=0.006)


def test_distances_are_those_of_the_samples_and_torsions_go_round() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.normal(1.5, 0.05, 400), rng.normal(1.53, 0.08, 300)
    frames = [[Atoms("C2", [[0, 0, 0], [d, 0, 0]]) for d in ds] for ds in (one, other)]
    a, b = (distributions(f)["bond C-C"] for f in frames)
    assert a.distance(b) == pytest.approx(wasserstein_distance(one, other), abs=0.001)
    assert a.mean == pytest.approx(one.mean(), abs=0.001)
    assert (a.density * 0.01).sum() == pytest.approx(1)
    left, right = (Distribution("torsion", "", np.array([x]), np.ones(1), 1) for x in (-170.5, 175.5))
    assert left.distance(right) == pytest.approx(14)  # not 346
    split = Distribution("torsion", "", np.array([-90.5, 89.5]), np.ones(2), 1)
    assert split.distance(left) == pytest.approx(90)


def test_pooled_sets_are_one_set() -> None:
    rng = np.random.default_rng(1)
    frames = [bulk("Cu", cubic=True) for _ in range(5)]
    for f in frames:
        f.positions += rng.normal(scale=0.1, size=(4, 3))
    whole, parts = distributions(frames), pooled([distributions(frames[:2]), distributions(frames[2:])])
    assert whole.keys() == parts.keys()
    for name in whole:
        np.testing.assert_allclose(whole[name].x, parts[name].x)
        np.testing.assert_allclose(whole[name].y, parts[name].y)


# ---------------------------------------------------------------- spectra
class Spring(Calculator):
    """Two atoms on a spring of `k` eV/Å²."""

    implemented_properties: ClassVar[list[str]] = ["energy", "forces"]
    k = 20.0

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        r = self.atoms.positions[1] - self.atoms.positions[0]
        d = np.linalg.norm(r)
        pull = self.k * (d - 1.1) * r / d
        self.results = {"energy": 0.5 * self.k * (d - 1.1) ** 2, "forces": np.array([pull, -pull])}


def test_an_oscillator_shows_its_frequency() -> None:
    pair = Atoms("N2", [[0, 0, 0], [1.2, 0, 0]])
    found = dynamics(Spring(), pair, 20, 3000, 0.5, interval=5, limits=Limits(0, 0.1, 1e9))
    seen = spectrum(found, pair.get_masses(), start=100.0)
    omega = np.sqrt(Spring.k / (pair.get_masses()[0] / 2))  # ASE's unit of time
    true = omega / (2 * np.pi) * units.fs * 1e3
    high = seen.frequencies > 5  # below: the molecule turns
    peak = seen.frequencies[high][seen.density[high].argmax()]
    assert peak == pytest.approx(true, abs=1.0)
    assert np.trapezoid(seen.density, seen.frequencies) == pytest.approx(1)


def oscillation(terahertz: float, n: int = 400) -> Trajectory:
    times = 2.5 * np.arange(n)
    v = np.zeros((n, 1, 3))
    v[:, 0, 0] = np.cos(2 * np.pi * terahertz * 1e-3 * times)
    return Trajectory(times, v, v, times, times, None, 0.0)


def test_spectra_are_as_far_apart_as_their_lines() -> None:
    one, other = (spectrum(oscillation(f), np.ones(1)) for f in (40.0, 55.0))
    assert one.distance(other) == pytest.approx(15, abs=0.05)
    assert one.distance(one) == 0
    with pytest.raises(ValueError, match="at least 16 velocities"):
        spectrum(oscillation(40), np.ones(1), start=990)


def test_the_heavier_atom_counts_more() -> None:
    """Equipartition: every atom has the same share of Σ m v²."""
    times = 2.5 * np.arange(512)
    velocities = np.zeros((512, 2, 3))
    for k, (f, m) in enumerate(((20, 1.0), (60, 9.0))):
        velocities[:, k, 0] = np.cos(2 * np.pi * f * 1e-3 * times) / np.sqrt(m)
    both = spectrum(Trajectory(times, velocities, velocities, times, times, None, 0.0), np.array([1.0, 9.0]))
    low = both.frequencies < 40
    assert np.trapezoid(both.density[low], both.frequencies[low]) == pytest.approx(0.5, abs=0.01)


# ---------------------------------------------------------------- diffusion
def test_a_random_walk_has_its_diffusion_coefficient() -> None:
    rng = np.random.default_rng(0)
    true, dt = 0.8, 10.0  # Å²/ps, fs
    steps = rng.normal(scale=np.sqrt(2 * true * dt / 1e3), size=(400, 150, 3))
    drift = 0.05 * np.arange(400)[:, None, None]
    found = diffusion(dt * np.arange(400), np.cumsum(steps, axis=0) + drift)
    assert found.error is not None
    assert found.error < 0.1
    assert found.coefficient == pytest.approx(true, abs=3 * found.error)


def test_what_stays_or_flies_does_not_diffuse() -> None:
    rng = np.random.default_rng(0)
    times = 10.0 * np.arange(200)
    assert diffusion(times, rng.normal(size=(200, 20, 3))).coefficient is None
    flying = times[:, None, None] * rng.normal(size=(1, 20, 3))
    assert diffusion(times, flying).coefficient is None
    assert diffusion(times[:5], flying[:5]).coefficient is None


# ---------------------------------------------------------------- survival
def test_the_curve_is_that_of_kaplan_and_meier() -> None:
    """Of 5: death at 2, stopped at 3, death at 4, two live to 10: 4/5, then 4/5 · 2/3."""
    found = survival([2, 3, 4, 10, 10], [True, False, True, False, False], 10)
    np.testing.assert_allclose(found.times, [0, 2, 4, 10])
    np.testing.assert_allclose(found.alive, [1, 4 / 5, 8 / 15, 8 / 15])
    assert found.lifetime == pytest.approx(2 + 2 * 4 / 5 + 6 * 8 / 15)
    variance = (1.6 + 3.2) ** 2 / (5 * 4) + 3.2**2 / (3 * 2)
    assert found.lifetime_low == pytest.approx(found.lifetime - 1.959964 * np.sqrt(variance))
    assert found.share_low < 0.5 < found.share_high  # two of the four whose fate is known


def test_stopping_is_not_dying() -> None:
    none = survival([10, 10, 10, 4], [False] * 4, 10)
    assert (none.share, none.lifetime) == (1, 10)
    assert none.share_low == pytest.approx(0.025 ** (1 / 3))  # Clopper and Pearson, three of three
    assert none.lifetime_low == pytest.approx(10 * 0.025 ** (1 / 3))
    all_ = survival([1, 1, 1], [True] * 3, 10)
    assert (all_.share, all_.lifetime) == (0, 1)
    assert all_.share_high == pytest.approx(1 - 0.025 ** (1 / 3))
    assert all_.lifetime_high > 5
    with pytest.raises(ValueError, match="within 0 and 10"):
        survival([11], [False], 10)


# ---------------------------------------------------------------- limits
def test_limits_allow_what_was_seen_and_a_margin() -> None:
    frames = [Atoms("OH", [[0, 0, 0], [d, 0, 0]]) for d in (0.9, 1.0, 1.6)]
    limits = Limits.observed(frames, margin=0.25)
    assert limits.longest == {(1, 8): pytest.approx(2.0)}
    assert limits.nearest == {(1, 8): pytest.approx(0.675)}
    assert limits.loneliest == {1: pytest.approx(2.0), 8: pytest.approx(2.0)}
    watch = Watch(frames[1], limits, 300)
    ends = [watch.failure_of_motion(Atoms("OH", [[0, 0, 0], [d, 0, 0]])) for d in (0.6, 0.8, 1.9, 2.1)]
    assert ends == ["collapse", None, None, "broken bond"]
    groups = Limits.observed(frames, groups=[0, 0, 1])
    assert groups.longest == {(1, 8): pytest.approx(1.25)}  # 1.6 Å is no bond of its group


def test_a_hopping_proton_breaks_nothing_but_a_lost_one_does() -> None:
    o = np.array([[0, 0, 0], [2.6, 0, 0]])
    frames = [Atoms("OOH", [*o, [x, 0, 0]]) for x in (1.0, 1.3, 1.6)]
    watch = Watch(frames[0], Limits.observed(frames), 300)
    assert watch.failure_of_motion(frames[2]) is None
    assert watch.failure_of_motion(Atoms("OOH", [*o, [1.3, 1.2, 0]])) == "lost atom"


def test_bonds_across_the_border_are_followed_through_it() -> None:
    cell = bulk("Si", "diamond", a=5.43)  # two atoms, four bonds of the same pair
    watch = Watch(cell, Limits(stretched=1.2), 300)
    assert watch.failure_of_motion(cell) is None
    moved = cell.copy()
    moved.positions[1] += 0.4  # one of the four is stretched, one image of the pair has come nearer
    assert watch.failure_of_motion(moved) == "broken bond"


def test_an_error_of_what_has_exploded_is_its_end_and_another_error_is_not_hidden() -> None:
    class Strict(EMT):
        """Refuses positions that are not finite, as fitted models do."""

        wild = True

        def calculate(self, atoms: Any = None, *args: Any, **kwargs: Any) -> None:
            if not np.isfinite(atoms.positions).all() or not self.wild:
                raise ValueError("positions that are not finite")
            super().calculate(atoms, *args, **kwargs)
            self.results["forces"] = np.full((len(atoms), 3), np.nan)

    assert dynamics(Strict(), molecule("H2O"), 300, 20).failure == "not finite"
    Strict.wild = False
    with pytest.raises(ValueError, match="not finite"):
        dynamics(Strict(), molecule("H2O"), 300, 20)


def test_the_end_of_patience_is_no_failure() -> None:
    found = dynamics(EMT(), molecule("H2O"), 300, 500, max_seconds=0.0)
    assert found.failure is None
    assert found.lifetime == 5.0


def test_one_question_a_step_gives_the_trajectory_of_ase() -> None:
    from ase.md.verlet import VelocityVerlet

    class Counted(EMT):
        calls = 0

        def calculate(self, *args: Any, **kwargs: Any) -> None:
            type(self).calls += 1
            super().calculate(*args, **kwargs)

    ours = dynamics(Counted(), bulk("Cu", cubic=True), 300, 20, 2.0, interval=1)
    assert Counted.calls == 21
    theirs = bulk("Cu", cubic=True)
    theirs.calc = EMT()
    theirs.set_velocities(ours.velocities[0] / units.fs)
    VelocityVerlet(theirs, 2.0 * units.fs).run(20)
    np.testing.assert_allclose(ours.positions[-1], theirs.positions, atol=1e-10)
