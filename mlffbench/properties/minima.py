"""Minima of an energy: the distinct ones among many relaxed structures, and how far apart two are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from ase import Atoms

from mlffbench.properties import pointwise_distances
from mlffbench.properties.relaxation import Relaxation

__all__ = ["Minimum", "distinct_minima", "structure_distance"]

SYMPREC = 0.05  # Å: relaxations stop short of the symmetric place


@dataclass(frozen=True)
class Minimum:
    """A minimum of the energy.

    Attributes
    ----------
    atoms : Atoms
        Without calculator.
    energy : float
        Per atom, eV: a crystal's cell is a choice.
    found : tuple of int
        Which relaxations ended here.
    """

    atoms: Atoms
    energy: float
    found: tuple[int, ...]

    @property
    def spacegroup(self) -> str | None:
        """International symbol and number, ``Fd-3m (227)``; None for what is not periodic."""
        import spglib

        if not self.atoms.pbc.all():
            return None
        cell = (self.atoms.cell.array, self.atoms.get_scaled_positions(), self.atoms.numbers)
        return spglib.get_spacegroup(cell, symprec=SYMPREC)


def distinct_minima(
    runs: Sequence[Relaxation], tolerance: float = 0.1, energy_tolerance: float = 5e-3
) -> list[Minimum]:
    """The minima where relaxations have converged, by energy; each structure once.

    Parameters
    ----------
    runs : sequence of Relaxation
    tolerance : float
        Largest distance of one structure, Å, see `structure_distance`: to be above what the relaxations left.
    energy_tolerance : float
        Largest difference of energy of one structure, eV per atom.
    """
    ended = [i for i, run in enumerate(runs) if run.converged]
    minima: list[Minimum] = []
    for i in sorted(ended, key=lambda i: runs[i].energy / len(runs[i].atoms)):
        atoms, energy = runs[i].atoms, runs[i].energy / len(runs[i].atoms)
        for k, known in enumerate(minima):
            near = energy - known.energy <= energy_tolerance
            if near and structure_distance(known.atoms, atoms, tolerance) <= tolerance:
                minima[k] = Minimum(known.atoms, known.energy, (*known.found, i))
                break
        else:
            minima.append(Minimum(atoms, energy, (i,)))
    return minima


def structure_distance(a: Atoms, b: Atoms, tolerance: float = inf, scaled: bool = False) -> float:
    """The distance of pointwise distance distributions, Å; infinite beyond the tolerance.

    It knows no rotation, numbering, mirror or choice of the cell, see
    `mlffbench.properties.pointwise_distances`; structures of other elements or stoichiometry are
    infinitely far.

    Parameters
    ----------
    a, b : Atoms
    tolerance : float
        Å.
    scaled : bool
        Crystals: `b` is first brought to the volume per atom of `a`.
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
