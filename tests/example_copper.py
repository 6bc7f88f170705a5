"""Copper by EMT as dataset and as model, right or wrong in a known way."""

from __future__ import annotations

from typing import Any

import numpy as np
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.emt import EMT

from mlffbench.data import Dataset, Labels, Reference, Score, Split
from mlffbench.forcefield import ForceField

FCC = bulk("Cu", "fcc", a=3.59, cubic=True)
BCC = bulk("Cu", "bcc", a=2.855)


class Copper(ForceField):
    """EMT, with a well at 17 Å³ an atom, `lure` eV deep, and noise, eV an atom."""

    def __init__(self, lure: float = 0.0, noise: float = 0.0, atomic_energies: Any = None) -> None:
        self.lure = lure
        self.noise = noise
        self.atomic_energies = atomic_energies

    def _fit(self, frames: Any, labels: Any) -> None:
        self.n_ = len(frames)

    def _evaluate(self, inputs: Any) -> Labels:
        rows = [self._one(atoms) for atoms in inputs]
        energy, forces, stress = zip(*rows, strict=True)
        return Labels(np.array(energy), forces, stress)

    def _one(self, atoms: Atoms) -> tuple[float, np.ndarray, np.ndarray | None]:
        """The well: −lure · n · exp(−x²), x = (v − 17)/1.5 with the volume per atom v."""
        bare = Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=atoms.pbc, calculator=EMT())
        energy, forces = bare.get_potential_energy(), bare.get_forces()
        rng = np.random.default_rng(abs(hash(atoms.positions.tobytes())))
        energy += self.noise * len(atoms) * rng.normal()
        if not atoms.pbc.all():
            return energy, forces, None
        x = (atoms.get_volume() / len(atoms) - 17) / 1.5
        well = -self.lure * np.exp(-(x**2))
        pressure = -2 * x / 1.5 * well  # dE/dV
        return energy + well * len(atoms), forces, bare.get_stress() + pressure * np.array([1, 1, 1, 0, 0, 0])


def fitted(**params: Any) -> Copper:
    return Copper(atomic_energies={s: 0.0 for s in ("Cu", "O", "H")}, **params).fit(
        [FCC, molecule("H2O")], [0.0, 0.0]
    )


def crystals(**reference: Any) -> tuple[Dataset, Split]:
    given = {"structures": {"fcc": FCC, "bcc": BCC}, "source": "EMT", "truth": {"emt": {}}, **reference}
    frames = []
    for seed in range(8):
        atoms = FCC.copy()
        atoms.rattle(0.02 * (1 + seed), seed=seed)
        frames.append(atoms)
    energy = np.array([EMT().get_potential_energy(a) for a in frames])
    data = Dataset("copper", frames, Labels(energy), reference=Reference(**given))
    return data, Split(np.arange(2), {"near": np.arange(2, 5), "far": np.arange(5, 8)})


def scores(rows: list[Any]) -> dict[tuple[str, str, str], float]:
    return {(r.test, r.quantity, r.metric): r.value for r in rows if isinstance(r, Score)}
