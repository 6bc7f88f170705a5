"""Labels that are zero because they are missing."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator
from planted_mistakes import acac, check, energies, forces, found_by, scaled, silicon

from mlffbench.datasets.formats.to_dataset import from_frames

MOLECULE = {  # what is planted in acetylacetone: how, the check, what it says, whether it refuses
    "zeros for missing forces": (
        lambda d: forces(d, [5, 6], lambda f: 0 * f),
        "zeros",
        "forces of 2 ",
        False,
    ),
    "zeros for missing energies": (
        lambda d: energies(d, [5], lambda e: 0 * e),
        "zeros",
        "energies of 1 ",
        False,
    ),
}
SOLID = {  # likewise in mlearn's silicon
    "zeros for missing stresses": (
        lambda d: scaled(d, stress=0),
        "zeros",
        r"stresses of (\d+) of \1 ",
        False,
    ),
}


@pytest.mark.parametrize("mistake", MOLECULE)
def test_a_mistake_planted_in_acetylacetone_is_found_by_name(mistake, shared_data):
    plant, name, says, refuses = MOLECULE[mistake]  # nothing is found before: see above
    found_by(name, plant(acac(shared_data)), says, refuses)


@pytest.mark.parametrize("mistake", SOLID)
def test_a_mistake_planted_in_silicon_is_found_by_name(mistake, shared_data):
    plant, name, says, refuses = SOLID[mistake]
    assert not check(name, silicon(shared_data))
    found_by(name, plant(silicon(shared_data)), says, refuses)


def rattled(n: int = 8, amplitude: float = 0.08) -> list[Atoms]:
    frames = []
    for i in range(n):
        atoms = bulk("Cu", cubic=True)
        atoms.rattle(amplitude, seed=i)
        atoms.calc = EMT()
        energy, forces = atoms.get_potential_energy(), atoms.get_forces()
        atoms.calc = SinglePointCalculator(atoms, energy=energy, forces=forces if i % 2 else 0 * forces)
        frames.append(atoms)
    return frames


def test_forces_of_rattled_crystals_that_are_exactly_zero_are_found():
    (finding,) = check("zeros", from_frames("copper", rattled()))
    assert finding.message.startswith("the forces of 4 of 8 frames are exactly zero")
    assert finding.frames == (0, 2, 4, 6)


@pytest.mark.parametrize("crystal", ["Cu", "NaCl", "Si"])
def test_perfect_crystals_have_no_forces(crystal):
    structure = {"Cu": ("fcc", 3.6), "NaCl": ("rocksalt", 5.64), "Si": ("diamond", 5.43)}[crystal]
    atoms = bulk(crystal, *structure[:1], a=structure[1], cubic=True)
    atoms.calc = SinglePointCalculator(atoms, energy=-1.0, forces=np.zeros((len(atoms), 3)))
    assert not check("zeros", from_frames("crystal", [atoms]))


@pytest.mark.parametrize(
    "column", ["config_forces_weight", "config_weight", "config_energy_weight", "forces_weight", "weight"]
)
def test_a_label_of_weight_zero_is_a_warning_that_names_the_column(column):
    frames = rattled()
    for i, atoms in enumerate(frames):
        atoms.info[column] = float(i % 2)
    findings = check("zeros", from_frames("copper", frames))
    (finding,) = [f for f in findings if column in f.message]
    assert "4 of 8 frames have the weight 0" in finding.message
    assert finding.frames == (0, 2, 4, 6)


def test_a_weight_of_zero_on_a_label_that_is_missing_is_no_finding():
    frames = rattled()
    for i, atoms in enumerate(frames):
        atoms.info["config_forces_weight"], atoms.info["config_stress_weight"] = float(i % 2), 0.0
        if i % 2 == 0:
            del atoms.calc.results["forces"]
    assert not check("zeros", from_frames("copper", frames))
