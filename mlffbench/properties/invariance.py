"""Symmetries of a potential: translation, rotation, permutation, extensivity and locality."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator
from scipy.spatial.transform import Rotation

from mlffbench.properties._structures import energy_and_forces, takes_any_structure

__all__ = ["Invariance", "invariance"]

FAR = 60.0  # Å


@dataclass(frozen=True)
class Invariance:
    """Violations of the symmetries of nature; all are 0 for an exact potential.

    Attributes
    ----------
    translation, rotation, permutation : (float, float)
        Largest change of the energy per atom, eV, and of a force component rotated back, eV/Å.
    extensivity : float or None
        |E(two) − 2 E(one)| per atom, eV, for two molecules 60 Å apart, or a crystal's doubled cell.
    locality : float or None
        Largest change of a force on a molecule, eV/Å, when a copy of its first atom is added 60 Å away; None
        for crystals.
    """

    translation: tuple[float, float]
    rotation: tuple[float, float]
    permutation: tuple[float, float]
    extensivity: float | None
    locality: float | None


@takes_any_structure
def invariance(calculator: BaseCalculator, atoms: Atoms, n: int = 3, seed: int = 0) -> Invariance:
    """Compare the structure with `n` randomly translated, rotated and permuted copies of it.

    Parameters
    ----------
    calculator : Calculator
        ASE calculator with energies and forces.
    atoms : Atoms
        Molecule or crystal; the cell rotates with it.
    n : int
        Copies of each kind.
    seed : int
        Seed of the copies.

    Notes
    -----
    Extensivity and locality are None where the calculator raises ``NotImplementedError`` or ``ValueError``: a
    model of a single molecule cannot evaluate two of them.
    """
    rng = np.random.default_rng(seed)
    no_rotation, same_order = np.eye(3), np.arange(len(atoms))
    changes: dict[str, list[tuple[float, float]]] = {"translation": [], "rotation": [], "permutation": []}
    original = energy_and_forces(calculator, atoms)
    for _ in range(n):
        shifted = atoms.copy()
        shifted.positions += rng.uniform(-5, 5, 3)
        changes["translation"].append(_change(calculator, original, shifted, no_rotation, same_order))
        matrix = Rotation.random(random_state=rng).as_matrix()
        rotated = atoms.copy()
        rotated.set_cell(atoms.cell.array @ matrix.T)
        rotated.positions = atoms.positions @ matrix.T
        changes["rotation"].append(_change(calculator, original, rotated, matrix, same_order))
        order = rng.permutation(len(atoms))
        changes["permutation"].append(_change(calculator, original, atoms[order], no_rotation, order))
    largest = {name: (max(e for e, _ in pairs), max(f for _, f in pairs)) for name, pairs in changes.items()}
    return Invariance(
        **largest,
        extensivity=_extensivity(calculator, atoms, original[0]),
        locality=None if atoms.pbc.any() else _locality(calculator, atoms, original[1]),
    )


def _change(
    calculator: BaseCalculator,
    original: tuple[float, np.ndarray],
    moved: Atoms,
    matrix: np.ndarray,
    order: np.ndarray,
) -> tuple[float, float]:
    """Change of the energy per atom, eV, and largest change of a force component, eV/Å."""
    energy, forces = energy_and_forces(calculator, moved)
    expected = original[1][order] @ matrix.T
    return abs(energy - original[0]) / len(moved), float(np.abs(forces - expected).max())


def _extensivity(calculator: BaseCalculator, atoms: Atoms, energy: float) -> float | None:
    if atoms.pbc.any():
        doubled = atoms.repeat(np.where(atoms.pbc & (np.arange(3) == np.argmax(atoms.pbc)), 2, 1))
    else:
        other = atoms.copy()
        other.positions += np.array([FAR + np.ptp(atoms.positions[:, 0]), 0, 0])
        doubled = atoms + other
    try:
        energy_of_two = energy_and_forces(calculator, doubled)[0]
    except (NotImplementedError, ValueError):
        return None
    return abs(energy_of_two - 2 * energy) / len(doubled)


def _locality(calculator: BaseCalculator, atoms: Atoms, forces: np.ndarray) -> float | None:
    distant = atoms[:1]
    distant.positions = atoms.positions.max(axis=0) + FAR
    try:
        forces_with_distant = energy_and_forces(calculator, atoms + distant)[1]
    except (NotImplementedError, ValueError):
        return None
    return float(np.abs(forces_with_distant[: len(atoms)] - forces).max())
