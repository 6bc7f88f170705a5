"""Minimum-energy paths whose barriers and symmetry are known."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import add_adsorbate, fcc100
from ase.calculators.emt import EMT
from ase.calculators.morse import MorsePotential
from ase.constraints import FixAtoms
from ase.io import write
from example_samples import MORSE, assert_same_shapes, malonaldehyde

from mlffbench.labelling.samplers.neb import neb


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


@pytest.mark.slow
def test_the_proton_path_of_the_built_in_dataset():
    start, known, xtb = malonaldehyde("proton_transfer")
    params = {"n_frames": 17, "fmax": 0.01, "ends_fmax": 0.001, "spring": 0.5}
    end = {"permutation": [4, 3, 2, 1, 0, 5, 8, 7, 6]}
    assert_same_shapes(neb(start, xtb, 0, end, coordinate=[[4, 5], [0, 5]], **params), known, 1e-3)
