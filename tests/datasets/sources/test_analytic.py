"""Analytic datasets: labels are derivatives, energies those of the potentials."""

from __future__ import annotations

import numpy as np
import pytest
from ase.calculators.emt import EMT
from example_datasets import ANALYTIC, load, rows

from mlffbench import registry

pytestmark = pytest.mark.usefixtures("offline")


def slope(calculator, up, down, distance):
    return (calculator.get_potential_energy(up) - calculator.get_potential_energy(down)) / distance


def potential(name):
    if name == "emt_copper":
        return EMT()
    from matscipy.calculators.manybody import Manybody
    from matscipy.calculators.manybody.explicit_forms import stillinger_weber as forms

    return Manybody(**forms.StillingerWeber(forms.Stillinger_Weber_PRB_31_5262_Si))


@pytest.mark.parametrize("name", ["stillinger_weber_si", "emt_copper"])
def test_labels_of_analytic_sets_are_derivatives(name):
    step = 1e-5
    data, calculator, rng = registry.load("datasets", name)(1, 1), potential(name), np.random.default_rng(0)
    assert data.labels.stress is not None
    for atoms, forces, stress in zip(data.frames, data.labels.forces, data.labels.stress, strict=True):
        direction = rng.normal(size=forces.shape)
        moved = [atoms.copy() for _ in range(2)]
        strained = [atoms.copy() for _ in range(2)]
        symmetric = rng.normal(size=(3, 3))
        symmetric += symmetric.T
        for sign, one, two in zip((1, -1), moved, strained, strict=True):
            one.positions += sign * step * direction
            two.set_cell(two.cell @ (np.eye(3) + sign * step * symmetric), scale_atoms=True)
        assert -np.sum(forces * direction) == pytest.approx(slope(calculator, *moved, 2 * step), abs=1e-5)
        full = stress[[[0, 5, 4], [5, 1, 3], [4, 3, 2]]]
        work = atoms.get_volume() * np.sum(full * symmetric)
        assert work == pytest.approx(slope(calculator, *strained, 2 * step), abs=1e-4)


@pytest.mark.parametrize("name", ["stillinger_weber_si", "emt_copper"])
def test_small_cells_of_analytic_sets_see_all_their_images(name):
    data, calculator = registry.load("datasets", name)(1, 1), potential(name)
    for atoms, energy in zip(data.frames, data.labels.energy, strict=True):
        assert calculator.get_potential_energy(atoms.repeat((2, 1, 2))) == pytest.approx(4 * energy, abs=1e-8)


def test_silicon_is_that_of_stillinger_and_weber():
    """Four bonds of depth ε, each shared by two atoms, no three-body energy at the tetrahedral angle: −2ε."""
    from ase.build import bulk

    diamond = bulk("Si", "diamond", a=5.431, cubic=True)
    assert potential("stillinger_weber_si").get_potential_energy(diamond) / 8 == pytest.approx(
        -2 * 2.1683, abs=1e-5
    )


def test_a_lone_copper_atom_has_its_energy():
    from ase import Atoms

    assert EMT().get_potential_energy(Atoms("Cu")) == pytest.approx(
        load("emt_copper").atomic_energies["Cu"], abs=1e-9
    )


@pytest.mark.parametrize("name", ANALYTIC)
def test_analytic_sets_are_what_the_seed_says(name):
    make = registry.load("datasets", name)
    data = make(3, 2)
    assert data.digest == make(3, 2).digest != make(3, 2, seed=1).digest
    assert data.card["groups"] == {g: 3 if g == "train" else 2 for g in data.card["groups"]}
    assert [len(rows(data, g)) for g in data.card["groups"]] == list(data.card["groups"].values())


def test_phases_are_as_far_as_they_should_be():
    """β-tin lies above diamond, bcc above fcc, hcp beside it: of every phase the least disturbed frame."""
    least = lambda data, group: min(data.labels.energy[i] / len(data.frames[i]) for i in rows(data, group))
    silicon, copper = load("stillinger_weber_si"), load("emt_copper")
    assert least(silicon, "test") < least(silicon, "beta_tin")
    assert least(copper, "test") < least(copper, "bcc") < least(copper, "surface")
    assert abs(least(copper, "hcp") - least(copper, "test")) < 0.02
