"""Random periodic structures of given volume and minimum distances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from mlffbench.labelling.samplers.common.frames import frame_count
from mlffbench.properties.random_cells import random_cells
from mlffbench.system.ranges import Count, Fraction

__all__ = ["random_structures"]


def random_structures(
    atoms: Atoms | None,
    calculator: BaseCalculator | None,
    seed: int,
    volume: Sequence[float],
    n_frames: Count,
    composition: str | Sequence[str] | None = None,
    separation: float | Mapping[str, float] = 0.8,
    max_attempts: Count = 200,
    symmetry: Fraction = 0.0,
) -> list[Atoms]:
    """Draw random cells with atoms at random positions, as starts of a random structure search.

    Edges and angles are uniform, flat cells are drawn again, the cell is scaled to a volume drawn uniformly;
    then atom after atom is put where it keeps its distance to all others and to its own images.

    Parameters
    ----------
    atoms : Atoms or None
        Structure that gives the composition where `composition` is None.
    calculator : None
        Not used.
    seed : int
        Seed of the cells.
    volume : two floats
        Smallest and largest volume per atom, Å³.
    n_frames : int
        Number of cells.
    composition : str or list of str, optional
        Formula of the whole cell, ``Si8``, or several to draw from, ``[Si4, Si6, Si8]``.
    separation : float or mapping
        Smallest distance in units of the sum of covalent radii, or in Å by pair: ``{Si-Si: 2.1}``.
    max_attempts : int
        Largest number of cells tried for a frame.
    symmetry : float
        Share of the frames with a space group beyond P1, see `mlffbench.properties.random_cells`.

    Raises
    ------
    ValueError
        A number is out of range, a pair has no separation, or no cell has room for the atoms.

    References
    ----------
    C. J. Pickard and R. J. Needs, J. Phys.: Condens. Matter 23, 053201 (2011).
    """
    compositions = _compositions(atoms, composition)
    n = frame_count(n_frames, "random_structures")
    return random_cells(compositions, volume, n, seed, separation, symmetry, max_attempts)


def _compositions(atoms: Atoms | None, composition: str | Sequence[str] | None) -> Sequence[str | Atoms]:
    if composition is not None:
        return [composition] if isinstance(composition, str) else composition
    if atoms is None or not len(atoms):
        raise ValueError("random_structures needs a composition, such as Si8")
    return [atoms]
