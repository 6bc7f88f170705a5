"""Neighbour lists at a cost without vacuum: matscipy's cell list, or a k-d tree where most cells are empty.

A molecule in a periodic box of 1000 Å has 3·10⁸ empty cells of 1.5 Å: seconds and gigabytes for eight atoms.
"""

from __future__ import annotations

from itertools import product

import matscipy.neighbours
import numpy as np
from ase import Atoms
from ase.cell import Cell
from scipy.spatial import cKDTree

__all__ = ["boxed", "neighbour_list", "periodic_box", "without_vacuum"]

MOST_CELLS, PER_ATOM = 20_000, 50  # cells of the cutoff's width that matscipy may visit, in all and an atom
WIDE = 10.0  # cutoffs of vacuum that other programs' neighbour lists need not bear


def neighbour_list(quantities: str, atoms: Atoms, cutoff: float | np.ndarray) -> tuple[np.ndarray, ...]:
    """Directed pairs of atoms nearer than a cutoff, periodic images included, sorted by the first atom.

    Parameters
    ----------
    quantities : str
        Letters of the arrays to return: ``i`` and ``j`` (the two atoms), ``S`` (cell shift of the second),
        ``D`` (vector from the first to the second, Å), ``d`` (distance, Å).
    atoms : Atoms
        With any periodic directions; their cell vectors must be linearly independent.
    cutoff : float or (n,) array
        Largest distance, Å; or radii of the atoms, whose sum is the largest distance.

    Returns
    -------
    tuple of arrays
        One for each letter; always a tuple.
    """
    reach = float(cutoff) if np.ndim(cutoff) == 0 else 2 * float(np.max(cutoff, initial=0.0))
    filled = atoms if atoms.pbc.all() else boxed(atoms)
    if filled.get_volume() / max(reach, 1e-3) ** 3 > MOST_CELLS + PER_ATOM * len(atoms):
        pairs = _sparse_pairs(atoms, reach, cutoff)
        return tuple(pairs[q] for q in quantities)
    radii = cutoff if np.ndim(cutoff) else float(cutoff)
    listed = matscipy.neighbours.neighbour_list(quantities, filled, radii)
    return (listed,) if len(quantities) == 1 else tuple(listed)


def boxed(atoms: Atoms) -> Atoms:
    """The atoms in a cell of full rank, which matscipy needs: boxed where they are not periodic."""
    cell = np.where(atoms.pbc[:, None], np.asarray(atoms.cell), 0.0)
    cell = Cell(cell).complete() if atoms.pbc.any() else Cell(np.eye(3))
    along = np.linalg.solve(cell.T, atoms.positions.T).T  # coordinates along the unit normals
    low, extent = along.min(axis=0), np.ptp(along, axis=0)
    scale = np.where(atoms.pbc, 1.0, extent + 2.0)
    moved = atoms.positions - np.where(atoms.pbc, 0.0, low - 1.0) @ np.asarray(cell)
    return Atoms(atoms.numbers, moved, cell=np.asarray(cell) * scale[:, None], pbc=atoms.pbc)


def _sparse_pairs(atoms: Atoms, reach: float, cutoff: float | np.ndarray) -> dict[str, np.ndarray]:
    """Pairs from a k-d tree of the atoms and those of their images that are within reach of the cell."""
    cell = np.asarray(Cell(np.where(atoms.pbc[:, None], np.asarray(atoms.cell), 0.0)).complete())
    scaled = atoms.positions @ np.linalg.inv(cell)
    home = np.where(atoms.pbc, np.floor(scaled), 0.0)
    margin = reach * np.linalg.norm(np.linalg.inv(cell), axis=0)  # in cell vectors
    counts = np.where(atoms.pbc, np.ceil(margin), 0).astype(int)
    steps = np.array(list(product(*(range(-n, n + 1) for n in counts))), dtype=float)
    images = (scaled - home) + steps[:, None]
    near = ((images >= -margin) & (images <= 1 + margin)) | ~atoms.pbc
    step, second = np.nonzero(near.all(axis=2))
    places = images[step, second] @ cell
    tree, origins = cKDTree(places), (scaled - home) @ cell
    matches = cKDTree(origins).sparse_distance_matrix(tree, reach, output_type="ndarray")
    i, j, shift = matches["i"], second[matches["j"]], steps[step[matches["j"]]]
    radii = None if np.ndim(cutoff) == 0 else np.asarray(cutoff)
    longest = reach if radii is None else radii[i] + radii[j]
    keep = (matches["v"] < longest) & ((i != j) | shift.any(axis=1))
    order = np.lexsort((*shift[keep].T, j[keep], i[keep]))
    rows = {
        "i": i,
        "j": j,
        "S": (shift + home[i] - home[j]).astype(int),
        "D": places[matches["j"]] - origins[i],
        "d": matches["v"],
    }
    return {name: values[keep][order] for name, values in rows.items()}


def without_vacuum(atoms: Atoms, cutoff: float) -> Atoms:
    """The structure with two cutoffs of vacuum where a periodic direction has more than ten, same pairs.

    Energies, forces and virials of a local model are the same, and stresses times the volume.
    """
    if not atoms.pbc.any():
        return Atoms(atoms.numbers, atoms.positions, cell=atoms.cell)
    cell, positions = np.asarray(atoms.cell).copy(), atoms.positions.copy()
    heights = 1 / np.linalg.norm(np.linalg.inv(Cell(cell).complete()), axis=0)
    for k in np.flatnonzero(atoms.pbc & (heights > WIDE * cutoff)):
        full, height = np.asarray(Cell(cell).complete()), heights[k]
        place = (positions @ np.linalg.inv(full))[:, k] % 1.0
        order = np.sort(place)
        gaps = np.diff(np.append(order, order[0] + 1.0)) * height
        if gaps.max() <= WIDE * cutoff:
            continue
        first = order[(int(gaps.argmax()) + 1) % len(order)]
        scaled = positions @ np.linalg.inv(full)
        scaled[:, k] = (place - first) % 1.0
        positions = scaled @ full
        cell[k] *= (height - gaps.max() + 2 * cutoff) / height
    return Atoms(atoms.numbers, positions, cell=cell, pbc=atoms.pbc)


def periodic_box(atoms: Atoms, cutoff: float) -> Atoms:
    """Bare copy of a frame in a periodic box; open directions get one too wide for neighbours across it.

    Time of other programs grows with empty cells: of wide vacuum two cutoffs are kept.
    """
    atoms = without_vacuum(atoms, cutoff)
    cell = np.where(atoms.pbc[:, None], np.asarray(atoms.cell), 0.0)
    complete = np.asarray(Cell(cell).complete())
    along = np.linalg.solve(complete.T, atoms.positions.T).T  # in unit normals where the frame is open
    width = np.where(atoms.pbc, 1.0, np.ptp(along, axis=0) + 2 * cutoff)
    return Atoms(atoms.numbers, atoms.positions, cell=complete * width[:, None], pbc=True)
