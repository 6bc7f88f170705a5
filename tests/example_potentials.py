"""Calculators and structures of several tests of properties."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones
from ase.neighborlist import neighbor_list


class Swirl(Calculator):
    """A harmonic well whose forces also rotate about z, so that they are not conservative."""

    implemented_properties: ClassVar[list[str]] = ["energy", "forces"]

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        x = self.atoms.positions
        turn = np.stack([-x[:, 1], x[:, 0], np.zeros(len(x))], axis=1)
        self.results = {"energy": 0.5 * float((x**2).sum()), "forces": -x + 0.5 * turn}


ETHANE = molecule("CH3CH2OH")


class FlawedEMT(Calculator):
    """EMT with one deliberate flaw, named by `mistake`."""

    implemented_properties: ClassVar[list[str]] = ["energy", "forces"]

    def __init__(self, mistake: str) -> None:
        super().__init__()
        self.mistake, self.true = mistake, EMT()

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        copy = self.atoms.copy()
        copy.calc = self.true
        energy, forces = copy.get_potential_energy(), copy.get_forces()
        x = copy.positions
        if self.mistake == "turning":
            arms = x - x.mean(axis=0)
            forces = forces + 0.3 * np.stack([-arms[:, 1], arms[:, 0], 0 * arms[:, 0]], axis=1)
        elif self.mistake == "step":
            energy = energy + 0.02 * float(x[0, 0] - x[1:, 0].mean() > 0)
        elif self.mistake == "place":
            energy, forces = energy + 0.1 * x[0, 2], forces - 0.1 * np.eye(len(x), 3)[:, [1, 2, 0]]
        elif self.mistake == "axis":
            energy = energy + 0.1 * float(np.ptp(x[:, 0]))
        elif self.mistake == "first":
            energy = energy + 0.1 * float(np.linalg.norm(x - x[0], axis=1).sum())
        elif self.mistake == "average":
            energy = energy / len(x)
        elif self.mistake == "far":
            forces = forces + 0.01 * np.ptp(x[:, 2])
        self.results = {"energy": float(energy), "forces": forces}


def rattled(n: int, size: float = 0.1) -> list[Atoms]:
    """Copper cells of several lattice constants, displaced by `size` Å."""
    structures = []
    for seed in range(n):
        atoms = bulk("Cu", a=3.6 + 0.02 * seed, cubic=True)
        atoms.rattle(size, seed=seed)
        structures.append(atoms)
    return structures


A12, A6 = 12.131880, 14.453921  # lattice sums of fcc (Kittel, Introduction to Solid State Physics, ch. 3)


def lennard_jones() -> LennardJones:
    """Lennard-Jones potential with a cutoff long enough for lattice sums."""
    return LennardJones(sigma=2.5, epsilon=0.1, rc=20.0)


BOND_ENERGY, BOND_LENGTH = 0.2, 2.6  # eV, Å; of `BondedNeighbours`


class BondedNeighbours(Calculator):
    """−BOND_ENERGY + ½ k (r − d)² between atoms nearer than 1.1 d: neighbours, at their minimum."""

    implemented_properties: ClassVar[list[str]] = ["energy", "forces", "stress"]

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        i, r, d = neighbor_list("iDd", self.atoms, 1.1 * BOND_LENGTH)
        pull = (3.0 * (d - BOND_LENGTH) / d)[:, None] * r
        forces = np.zeros((len(self.atoms), 3))
        np.add.at(forces, i, pull)
        virial = np.einsum("ni,nj->ij", r, pull) / 2 / self.atoms.get_volume()
        energy = float((1.5 * (d - BOND_LENGTH) ** 2 - BOND_ENERGY).sum() / 2)
        self.results = {"energy": energy, "forces": forces, "stress": virial.flat[[0, 4, 8, 5, 2, 1]]}
