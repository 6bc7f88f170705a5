"""What must not change: energies and forces of moved, turned, renumbered, distant and repeated atoms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator
from scipy.spatial.transform import Rotation

from mlffbench.properties._structures import evaluated

__all__ = ["Invariance", "invariance"]

APART = 60.0  # Å


@dataclass(frozen=True)
class Invariance:
    """How far a potential is from the symmetries of nature; every number would be 0.

    Attributes
    ----------
    translation, rotation, permutation : (float, float)
        Largest change of the energy per atom, eV, and of a force component turned back, eV/Å.
    extensivity : float or None
        |E(two) − 2 E(one)| per atom, eV: of two molecules 60 Å apart, or of a crystal's cell and its double.
    locality : float or None
        Largest change of a force on a molecule when an atom of it is put 60 Å away, eV/Å; None for
        crystals.
    """

    translation: tuple[float, float]
    rotation: tuple[float, float]
    permutation: tuple[float, float]
    extensivity: float | None
    locality: float | None


def invariance(calculator: BaseCalculator, atoms: Atoms, n: int = 3, seed: int = 0) -> Invariance:
    """Compare `n` random moves of each kind with the structure as it is.

    Parameters
    ----------
    calculator : Calculator
        With energies and forces.
    atoms : Atoms
        A molecule or a crystal; its cell turns with it.
    n : int
    seed : int

    Notes
    -----
    Models of one molecule refuse two of them: extensivity and locality are then None, as the calculator's
    ``NotImplementedError`` or ``ValueError`` asks.
    """
    rng = np.random.default_rng(seed)
    same = np.eye(3), np.arange(len(atoms))
    moves: dict[str, list[tuple[float, float]]] = {"translation": [], "rotation": [], "permutation": []}
    start = evaluated(calculator, atoms)
    for _ in range(n):
        shifted = atoms.copy()
        shifted.positions += rng.uniform(-5, 5, 3)
        moves["translation"].append(_change(calculator, start, shifted, *same))
        matrix = Rotation.random(random_state=rng).as_matrix()
        turned = atoms.copy()
        turned.set_cell(atoms.cell.array @ matrix.T)
        turned.positions = atoms.positions @ matrix.T
        moves["rotation"].append(_change(calculator, start, turned, matrix, same[1]))
        order = rng.permutation(len(atoms))
        moves["permutation"].append(_change(calculator, start, atoms[order], same[0], order))
    worst = {name: (max(e for e, _ in found), max(f for _, f in found)) for name, found in moves.items()}
    return Invariance(
        **worst,
        extensivity=_extensivity(calculator, atoms, start[0]),
        locality=None if atoms.pbc.any() else _locality(calculator, atoms, start[1]),
    )


def _change(
    calculator: BaseCalculator,
    start: tuple[float, np.ndarray],
    moved: Atoms,
    matrix: np.ndarray,
    order: np.ndarray,
) -> tuple[float, float]:
    energy, forces = evaluated(calculator, moved)
    expected = start[1][order] @ matrix.T
    return abs(energy - start[0]) / len(moved), float(np.abs(forces - expected).max())


def _extensivity(calculator: BaseCalculator, atoms: Atoms, energy: float) -> float | None:
    if atoms.pbc.any():
        both = atoms.repeat(np.where(atoms.pbc & (np.arange(3) == np.argmax(atoms.pbc)), 2, 1))
    else:
        other = atoms.copy()
        other.positions += np.array([APART + np.ptp(atoms.positions[:, 0]), 0, 0])
        both = atoms + other
    try:
        found = evaluated(calculator, both)[0]
    except (NotImplementedError, ValueError):
        return None
    return abs(found - 2 * energy) / len(both)


def _locality(calculator: BaseCalculator, atoms: Atoms, forces: np.ndarray) -> float | None:
    far = atoms[:1]
    far.positions = atoms.positions.max(axis=0) + APART
    try:
        found = evaluated(calculator, atoms + far)[1]
    except (NotImplementedError, ValueError):
        return None
    return float(np.abs(found[: len(atoms)] - forces).max())
