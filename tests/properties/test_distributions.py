"""Distributions of crystals, a gas and molecules, and their distances."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from scipy.stats import wasserstein_distance

from mlffbench.properties.distributions import Distribution, distributions, pooled


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
