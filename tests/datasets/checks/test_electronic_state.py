"""Charge, spin, moments and surroundings that no method can see."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write
from planted_mistakes import check

from mlffbench.data import Dataset, Labels
from mlffbench.datasets.formats.to_dataset import from_frames
from mlffbench.datasets.path import path


def dataset(name: str, values, frames: list[Atoms] | None = None) -> Dataset:
    frames = [molecule("C2H6") for _ in values] if frames is None else frames
    return Dataset("d", frames, Labels(np.zeros(len(frames))), {name: np.array(values)})


@pytest.mark.parametrize(
    ("name", "values", "listed"),
    [
        ("charge", [-1.0, 0.0, 1.0, 0.0], "'charge' (-1, 0, 1)"),
        ("total_charge", [0, 1, 0, 0], "(0, 1)"),
        ("TotalCharge", [0, 1, 0, 0], "(0, 1)"),
        ("dft_charge", ["0", "+1", "0", "0"], "(+1, 0)"),
        ("charge", [np.nan, 1, 1, 1], "(1, missing)"),
        ("spin", [0.0, 0.5, 0.0, 0.0], "(0, 0.5)"),
        ("multiplicity", [1, 3, 1, 1], "(1, 3)"),
        ("spin_multiplicity", [1, 3, 1, 1], "(1, 3)"),
        ("magmom", [0.0, 2.0, 0.0, 0.0], "(0, 2)"),
        ("solvent", ["", "water", "", ""], "(missing, water)"),
        ("electric_field", [0.0, 0.01, 0.0, 0.0], "(0, 0.01)"),
        ("q", [0, 1, 0, 0], "(0, 1)"),
        ("tot_charge", [0, 1, 0, 0], "(0, 1)"),
        ("molecule_charge", [0, 1, 0, 0], "(0, 1)"),
        ("NUPDOWN", [0, 2, 0, 0], "(0, 2)"),
        ("num_unpaired_electrons", [0, 2, 0, 0], "(0, 2)"),
        ("tot_magnetization", [0.0, 2.0, 0.0, 0.0], "(0, 2)"),
        ("nelec", [10, 9, 10, 10], "(9, 10)"),
    ],
)
def test_frames_of_the_same_atoms_in_several_states_are_a_warning(name, values, listed):
    (finding,) = check("electronic_state", dataset(name, values))
    assert listed in finding.message
    assert not finding.certain
    assert finding.frames


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("charge", [1.0, 1.0, 1.0]),
        ("charge", [np.nan, 0.0, 0.0]),
        ("multiplicity", [np.nan, 1, 1]),
        ("magmom", [2.2, 2.15, -2.2]),  # one ferromagnet, and its mirror image
        ("q", [0.1, 0.2, 1.3]),  # a coordinate
        ("temperature", [300.0, 600.0, 300.0]),
        ("root", ["a", "b", "a"]),  # of a path
        ("discharge", [0, 1, 0]),
        ("image", [0, 1, 2]),
    ],
)
def test_one_state_is_no_finding(name, values):
    assert not check("electronic_state", dataset(name, values))


def test_a_charge_that_the_composition_determines_is_no_finding():
    frames = [Atoms("Na"), Atoms("Cl"), Atoms("Na"), Atoms("Cl")]
    assert not check("electronic_state", dataset("charge", [1, -1, 1, -1], frames))


@pytest.mark.parametrize("where", ["file", "memory"])
@pytest.mark.parametrize(
    ("moments", "column"),
    [((2.2, 2.2), "total_magmoms"), ((2.2, -2.2), "total_abs_magmoms"), ((0.0, 0.0), None)],
)
def test_moments_of_the_atoms_are_compared_by_their_sums(where, moments, column, tmp_path):
    frames = []
    for i in range(4):
        atoms = bulk("Fe", cubic=True)
        atoms.rattle(0.05, seed=i)
        magmoms = np.array(moments if i % 2 else (0.0, 0.0))
        atoms.calc = SinglePointCalculator(atoms, energy=-16.0, forces=np.zeros((2, 3)), magmoms=magmoms)
        frames.append(atoms)
    write(tmp_path / "iron.xyz", frames)
    data = path(str(tmp_path / "iron.xyz")) if where == "file" else from_frames("iron", frames)
    findings = " ".join(f.message for f in check("electronic_state", data))
    assert (column is None and not findings) or f"'{column}'" in findings
