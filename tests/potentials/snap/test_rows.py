"""Rows of any cell against those of another description of the same structure, and against derivatives."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

from mlffbench.potentials.snap.bispectrum import Bispectrum
from mlffbench.potentials.snap.rows import rows
from mlffbench.potentials.snap.session import Setup, session

pytestmark = pytest.mark.usefixtures("lammps")
QUADRATIC = Bispectrum(("Si",), (2.5,), 4, "quadratic", (1.0,))


def silicon():
    atoms = bulk("Si")
    atoms.rattle(0.05, seed=1)
    return atoms


def other_cells():
    atoms = silicon()
    a, b, c = atoms.cell.array
    left, skewed, far = atoms.copy(), atoms.copy(), atoms.copy()
    left.set_cell([b, a, c])
    skewed.set_cell([a, b + 4 * a, c + 5 * a - 3 * b])
    far.positions += 123.4
    return {"left-handed": left, "skewed": skewed, "far from the cell": far}


@pytest.mark.parametrize("name", other_cells())
def test_another_cell_of_the_same_crystal(name):
    expected, given = rows(QUADRATIC, silicon()), rows(QUADRATIC, other_cells()[name])
    for kind in ("energy", "forces", "stress"):
        scale = np.abs(getattr(expected, kind)).max()
        np.testing.assert_allclose(getattr(given, kind), getattr(expected, kind), atol=1e-10 * scale)


def test_a_supercell_and_an_atom_in_a_cell_smaller_than_the_cutoff():
    one, eight = rows(QUADRATIC, silicon()), rows(QUADRATIC, silicon() * (2, 2, 2))
    np.testing.assert_allclose(eight.energy, 8 * one.energy, rtol=1e-10, atol=1e-8)
    np.testing.assert_allclose(eight.forces[:2], one.forces, atol=1e-8)
    np.testing.assert_allclose(eight.stress, one.stress, rtol=1e-9, atol=1e-9)
    lone = rows(QUADRATIC, Atoms("Si", cell=[2.5] * 3, pbc=True))
    np.testing.assert_allclose(lone.forces, 0.0, atol=1e-8)
    assert lone.energy[1] > 1


def test_open_directions_and_vacuum():
    slab = bulk("Si", cubic=True)
    slab.center(vacuum=100, axis=2)
    slab.pbc = (True, True, False)
    wide = slab.copy()
    wide.pbc = True
    open_, closed = rows(QUADRATIC, slab), rows(QUADRATIC, wide)
    assert open_.stress is None
    assert closed.stress is not None
    np.testing.assert_allclose(open_.forces, closed.forces, atol=1e-8)
    alone = rows(QUADRATIC, Atoms("Si", positions=[[1.0, 2.0, 3.0]]))
    np.testing.assert_allclose(alone.energy, [1.0, *[0.0] * (QUADRATIC.n_columns - 1)], atol=1e-12)


@pytest.mark.parametrize("form", ["linear", "quadratic", "explicit"])
def test_rows_of_forces_and_stresses_are_derivatives_of_those_of_energies(form):
    both = Bispectrum(("H", "O"), (2.0, 2.0), 4, form, (0.5, 1.0))
    atoms = molecule("H2O")
    atoms.set_cell([[4.0, 0.3, 0.0], [0.0, 3.9, 0.2], [0.5, 0.0, 4.2]])
    atoms.pbc = True
    exact, h = rows(both, atoms), 1e-5
    for i, axis in ((0, 2), (1, 0)):
        ends = []
        for sign in (1, -1):
            moved = atoms.copy()
            moved.positions[i, axis] += sign * h
            ends.append(rows(both, moved).energy)
        slope = (ends[1] - ends[0]) / (2 * h)
        np.testing.assert_allclose(exact.forces[i, axis], slope, atol=1e-6 * np.abs(slope).max())
    for voigt, (a, b) in ((1, (1, 1)), (3, (1, 2))):
        ends = []
        for sign in (1, -1):
            strain = np.zeros((3, 3))
            strain[a, b] += sign * h / 2
            strain[b, a] += sign * h / 2
            bent = atoms.copy()
            bent.set_cell(atoms.cell.array @ (np.eye(3) + strain), scale_atoms=True)
            ends.append(rows(both, bent).energy)
        slope = (ends[0] - ends[1]) / (2 * h) / atoms.get_volume()
        np.testing.assert_allclose(exact.stress[voigt], slope, atol=1e-6 * np.abs(slope).max())


def test_components_that_are_said_to_be_equal_are_equal():
    explicit = Bispectrum(("H", "O"), (2.0, 2.0), 4, "explicit", (0.5, 1.0))
    setup = Setup(2, "pair_style zero 4.0\npair_coeff * *\n")
    places = np.random.default_rng(0).uniform(0, 6, (12, 3))
    box = Atoms("H6O6", places, cell=[6.0] * 3, pbc=True)
    computes = {"b": f"sna/atom {explicit.arguments(quadratic=False)}"}
    with session().computed(setup, box, explicit.types(box), computes) as placed:
        components = placed.lammps.numpy.extract_compute("b", 1, 2)[placed.order].copy()
    first, places = explicit.distinct
    scale = np.abs(components).max()
    np.testing.assert_allclose(components, components[:, first][:, places], atol=1e-13 * scale)
    pairs = np.abs(components[:, first, None] - components[:, None, first]).max(axis=0)
    assert (pairs > 1e-6 * scale).sum() == len(first) * (len(first) - 1)  # and no others are
