"""Distinct energy minima among many relaxed structures, and the distance between two structures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from ase import Atoms

from mlffbench.properties import pointwise_distances
from mlffbench.properties.relaxation import Relaxation
from mlffbench.properties.symmetry import symmetry_dataset

__all__ = ["Minimum", "distinct_minima", "structure_distance"]

SYMPREC = 0.05  # Å: relaxations stop short of the exact symmetry


@dataclass(frozen=True)
class Minimum:
    """A minimum of the energy.

    Attributes
    ----------
    atoms : Atoms
        Structure without calculator.
    energy : float
        Energy per atom, eV, since a crystal's cell is a choice.
    found : tuple of int
        Indices of the relaxations that ended in this minimum.
    """

    atoms: Atoms
    energy: float
    found: tuple[int, ...]

    @property
    def spacegroup(self) -> str | None:
        """International symbol and number, ``Fd-3m (227)``; None for molecules and slabs."""
        symmetry = symmetry_dataset(self.atoms, SYMPREC) if self.atoms.pbc.all() else None
        return f"{symmetry.international} ({symmetry.number})" if symmetry else None


def distinct_minima(
    runs: Sequence[Relaxation], tolerance: float = 0.1, energy_tolerance: float = 5e-3
) -> list[Minimum]:
    """Distinct minima of the converged relaxations, by energy.

    Parameters
    ----------
    runs : sequence of Relaxation
    tolerance : float
        Largest distance between relaxations into one minimum, Å, see `structure_distance`; larger than the
        error of the relaxations.
    energy_tolerance : float
        Largest energy difference between relaxations into one minimum, eV per atom.
    """
    converged = [i for i, run in enumerate(runs) if run.converged]
    minima: list[Minimum] = []
    for i in sorted(converged, key=lambda i: runs[i].energy / len(runs[i].atoms)):
        atoms, energy = runs[i].atoms, runs[i].energy / len(runs[i].atoms)
        for k, lower in enumerate(minima):
            close = energy - lower.energy <= energy_tolerance
            if close and structure_distance(lower.atoms, atoms, tolerance) <= tolerance:
                minima[k] = Minimum(lower.atoms, lower.energy, (*lower.found, i))
                break
        else:
            minima.append(Minimum(atoms, energy, (i,)))
    return minima


def structure_distance(a: Atoms, b: Atoms, tolerance: float = inf, scaled: bool = False) -> float:
    """Distance of two structures' pointwise distance distributions, Å; infinite beyond the tolerance.

    It is invariant under rotations, reflections, permutations and the choice of the cell, see
    `mlffbench.properties.pointwise_distances`; structures of other elements or stoichiometry are infinitely
    far.

    Parameters
    ----------
    a, b : Atoms
    tolerance : float
        Largest distance to compute exactly, Å.
    scaled : bool
        True scales the crystal `b` to the volume per atom of `a` first.
    """
    if pointwise_distances.kind(a) != pointwise_distances.kind(b):
        return inf
    if scaled:
        factor = (a.cell.volume / len(a) * len(b) / b.cell.volume) ** (1 / 3)
        b = b.copy()
        b.set_constraint()
        b.set_cell(b.cell * factor, scale_atoms=True)
    one, other = (
        tuple(row[0] for row in pointwise_distances.rows([pointwise_distances.check_frame(x, i)]))
        for i, x in enumerate((a, b))
    )
    return pointwise_distances.distance(one, other, tolerance)
