"""An analytic solid: what a test can hold a method against without any doubt about the labels."""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.calculators.lj import LennardJones

from mlffbench.data import Dataset, Labels

__all__ = ["lennard_jones"]

EPSILON, SIGMA, CUTOFF, LATTICE = 0.0104, 3.40, 8.5, 5.26  # argon: eV, Å, Å, Å
GROUPS = {"test": (0.02, 0.08), "test_strain": (0.06, 0.08), "test_hot": (0.02, 0.20)}  # strain, rattle/Å


def lennard_jones(n_train: int = 60, n_test: int = 20, seed: int = 0) -> Dataset:
    """Argon as a Lennard-Jones crystal, strained and rattled: exact energies, forces and stresses.

    u(r) = 4ε[(σ/r)¹² − (σ/r)⁶] with ε = 0.0104 eV and σ = 3.40 Å, switched off smoothly at 8.5 Å
    (``ase.calculators.lj``, smooth). Groups: ``train`` and ``test`` alike, ``test_strain`` and ``test_hot``
    strained and rattled further.

    Parameters
    ----------
    n_train, n_test : int
        Frames of the training group and of each test group.
    seed : int
        Of the random strains and displacements.
    """
    plan = [("train", *GROUPS["test"])] * n_train
    plan += [(name, *sizes) for name, sizes in GROUPS.items() for _ in range(n_test)]
    rng = np.random.default_rng(seed)
    frames = [_crystal(strain, rattle, rng) for _, strain, rattle in plan]
    return Dataset(
        name="lennard_jones",
        frames=frames,
        labels=_labels(frames),
        columns={"group": np.array([group for group, _, _ in plan])},
        card={
            "title": "Lennard-Jones argon, fcc, strained and rattled",
            "level": f"analytic: epsilon {EPSILON} eV, sigma {SIGMA} Å, smooth cutoff {CUTOFF} Å",
            "units": {"energy": "eV", "forces": "eV/Å", "stress": "eV/Å³", "positions": "Å"},
            "licence": "CC0-1.0",
            "train": "train",
            "in_domain": "test",
            "atomic_energies": "0 eV: the pair energy of a lone atom",
        },
        atomic_energies={"Ar": 0.0},
    )


def _crystal(strain: float, rattle: float, rng: np.random.Generator) -> Atoms:
    atoms = bulk("Ar", "fcc", a=LATTICE, cubic=True)
    deformation = rng.uniform(-strain, strain, size=(3, 3))
    atoms.set_cell(atoms.cell @ (np.eye(3) + (deformation + deformation.T) / 2), scale_atoms=True)
    atoms.positions += rng.normal(scale=rattle, size=atoms.positions.shape)
    return atoms


def _labels(frames: list[Atoms]) -> Labels:
    calculator = LennardJones(epsilon=EPSILON, sigma=SIGMA, rc=CUTOFF, ro=0.8 * CUTOFF, smooth=True)
    energy, forces, stress = [], [], []
    for atoms in frames:
        calculator.calculate(atoms, ["energy", "forces", "stress"])
        energy.append(calculator.results["energy"])
        forces.append(calculator.results["forces"])
        stress.append(calculator.results["stress"])
    return Labels(np.array(energy), tuple(forces), tuple(stress))
