"""Langevin dynamics against the canonical distribution, and its stops."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest
from ase import units
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.emt import EMT
from ase.calculators.morse import MorsePotential
from ase.constraints import FixAtoms
from example_samples import MORSE, copper, malonaldehyde, nitrogen

from mlffbench.labelling.samplers.md import md
from mlffbench.system import progress


class Springs(Calculator):
    """Every atom on a spring of its own, k = 5 eV/Å² about the origin of its positions: exactly solvable."""

    implemented_properties: ClassVar[list[str]] = ["energy", "forces"]
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


@pytest.mark.slow
def test_the_trajectory_of_the_built_in_dataset():
    start, known, xtb = malonaldehyde("train_300K")
    (ours,) = md(start, xtb, 1, 300, 1, equilibration=2000, friction=0.01, relax=True)
    assert np.allclose(ours.positions, known[0].positions, atol=1e-5)
    assert ours.info["time"] == known[0].info["time_fs"]
