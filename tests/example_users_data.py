"""Files as strangers have them: odd keys, fixed atoms, no groups, no units."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from ase import Atoms, units
from ase.build import add_adsorbate, bulk, fcc111
from ase.calculators.emt import EMT
from ase.constraints import FixAtoms
from ase.io import write
from ase.md.langevin import Langevin
from ase.md.velocitydistribution import MaxwellBoltzmannDistribution

from mlffbench.datasets.malonaldehyde import malonaldehyde

__all__ = ["alloy", "molecule", "slab"]


def slab(file: Path, n: int = 40) -> Path:
    """Trajectory of an oxygen atom on copper whose lower layer is fixed: ``dft_energy``, ``REF_forces``."""
    atoms = fcc111("Cu", (2, 2, 3), vacuum=8.0, periodic=True)
    add_adsorbate(atoms, "O", 1.4, "fcc")
    atoms.set_constraint(FixAtoms(mask=atoms.positions[:, 2] < atoms.positions[:, 2].min() + 0.5))
    atoms.calc = EMT()
    rng = np.random.RandomState(0)
    MaxwellBoltzmannDistribution(atoms, temperature_K=600, rng=rng)
    dynamics = Langevin(atoms, 2 * units.fs, temperature_K=400, friction=0.02 / units.fs, rng=rng)
    frames = []
    for _ in range(n):
        dynamics.run(8)
        frame = _labelled(atoms, "dft_energy", "REF_forces")
        frame.set_constraint(atoms.constraints)
        frames.append(frame)
    write(file, frames, format="extxyz")
    return file


def alloy(file: Path, n: int = 30) -> Path:
    """Rattled and strained cells of Cu3Au with virials: ``dft_energy``, ``dft_forces``, ``dft_virial``."""
    rng = np.random.RandomState(1)
    cell = bulk("Cu", cubic=True, a=3.75)
    cell.symbols[0] = "Au"
    frames = []
    for _ in range(n):
        atoms = cell.repeat((2, 1, 1))
        atoms.set_cell(atoms.cell @ (np.eye(3) + 0.02 * rng.normal(size=(3, 3))), scale_atoms=True)
        atoms.positions += 0.08 * rng.normal(size=(len(atoms), 3))
        atoms.calc = EMT()
        frame = _labelled(atoms, "dft_energy", "dft_forces")
        frame.info["dft_virial"] = -atoms.get_stress(voigt=False) * atoms.get_volume()
        frames.append(frame)
    write(file, frames, format="extxyz")
    return file


def molecule(file: Path, n: int = 60) -> Path:
    """Frames of a trajectory of malonaldehyde at 300 K, without a word on it: ``Energy``, ``Forces``."""
    data = malonaldehyde()
    frames = []
    for i in range(n):
        frame = data.frames[i].copy()
        frame.info["Energy"] = float(data.labels.energy[i])
        frame.arrays["Forces"] = data.labels.forces[i]
        frames.append(frame)
    write(file, frames, format="extxyz")
    return file


def _labelled(atoms: Atoms, energy: str, forces: str) -> Atoms:
    """Copy with the labels of its calculator under these names; constraints change no force."""
    frame = Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=atoms.pbc)
    frame.info[energy] = atoms.get_potential_energy()
    frame.arrays[forces] = atoms.get_forces(apply_constraint=False)
    return frame
