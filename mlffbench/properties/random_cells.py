"""Random periodic structures of given volume and minimum distances, with or without a random space group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import product

import numpy as np
from ase import Atoms
from ase.cell import Cell
from ase.data import covalent_radii
from ase.symbols import string2symbols

from mlffbench.system import progress

__all__ = ["random_cells"]

LENGTHS, ANGLES = (0.6, 1.6), (60.0, 120.0)  # relative edges; degrees, any three of which make a cell
FLATTEST = 0.5  # least height of a cell, in units of its volume^⅓
TRIALS = 200  # positions tried for an atom before the structure is begun anew
SAME = 1e-6  # largest difference of equal scaled coordinates
Group = tuple[np.ndarray, np.ndarray]  # rotations (n, 3, 3), translations (n, 3), of scaled coordinates


def random_cells(
    compositions: Sequence[str | Atoms],
    volume: Sequence[float],
    n: int,
    seed: int = 0,
    separation: float | Mapping[str, float] = 0.8,
    symmetry: float = 0.0,
    max_attempts: int = 200,
) -> list[Atoms]:
    """Draw random cells with atoms at random positions, as starts of a random structure search.

    Edges and angles are uniform, flat cells are drawn again, the cell is scaled to a volume drawn uniformly;
    then atom after atom is put where it keeps its distance to all others and to its own images. A symmetric
    cell has a space group drawn from those with no more operations than the cell has atoms: its metric is
    averaged over the group's rotations, atoms come with their images, and an atom closer to some of its
    images than their least distance is moved to their middle, a special position.

    Parameters
    ----------
    compositions : sequence of str or Atoms
        Formulas of the whole cell, such as ``Si8``, or structures of which only the elements matter; each
        cell draws one.
    volume : two floats
        Smallest and largest volume per atom, Å³.
    n : int
        Number of cells.
    seed : int
        Seed of the cells.
    separation : float or mapping
        Smallest distance in units of the sum of covalent radii, or in Å by pair: ``{"Si-Si": 2.1}``.
    symmetry : float
        Share of the cells with a space group beyond P1, 0 to 1.
    max_attempts : int
        Largest number of cells tried for a structure.

    Raises
    ------
    ValueError
        A number out of range, a pair without a separation, or no cell has room for the atoms.

    References
    ----------
    C. J. Pickard and R. J. Needs, J. Phys.: Condens. Matter 23, 053201 (2011).
    """
    low, high = volume
    if not 0 < low <= high:
        raise ValueError(f"volume is the smallest and the largest volume per atom, Å³; got {[*volume]}")
    kinds = [c.numbers if isinstance(c, Atoms) else Atoms(string2symbols(c)).numbers for c in compositions]
    rng, cells = np.random.default_rng(seed), []
    for i in range(n):
        numbers = kinds[rng.integers(len(kinds))]
        symmetric = symmetry > 0 and rng.random() < symmetry
        cells.append(_random_cell(numbers, rng, (low, high), separation, symmetric, max_attempts))
        progress.report("random cells", i + 1, n)
    return cells


def _random_cell(
    numbers: np.ndarray,
    rng: np.random.Generator,
    volume: tuple[float, float],
    separation: float | Mapping[str, float],
    symmetric: bool,
    max_attempts: int,
) -> Atoms:
    """One random structure of a composition."""
    least = _separations(numbers, separation)
    for _ in range(max_attempts):
        group = _random_group(rng, len(numbers)) if symmetric else None
        cell = _random_lattice(rng, rng.uniform(*volume) * len(numbers), group)
        if (images := _images(cell, least)) is None:
            continue
        positions = _random_positions(rng, cell, least, images) if group is None else _random_orbits(
            rng, cell, least, images, numbers, group
        )  # fmt: skip
        if positions is not None:
            return Atoms(numbers, cell=cell, pbc=True, scaled_positions=positions)
    raise ValueError(
        f"{max_attempts} cells of {volume[0]:g} to {volume[1]:g} Å³ per atom had no room for {len(numbers)} "
        f"atoms at least {least.min():.2f} Å apart; raise volume or lower separation"
    )


def _separations(numbers: np.ndarray, separation: float | Mapping[str, float]) -> np.ndarray:
    """Smallest allowed distance of every pair, (n_atoms, n_atoms), Å."""
    radii = covalent_radii[numbers]
    if not isinstance(separation, Mapping):
        return separation * (radii[:, None] + radii)
    table = {frozenset(pair.split("-")): float(d) for pair, d in separation.items()}
    symbols = Atoms(numbers).get_chemical_symbols()
    missing = {"-".join(sorted(p)) for p in product(symbols, symbols) if frozenset(p) not in table}
    if missing:
        raise ValueError(f"separation has no distance for {sorted(missing)}; it has {sorted(separation)}")
    return np.array([[table[frozenset((a, b))] for b in symbols] for a in symbols])


def _random_lattice(rng: np.random.Generator, volume: float, group: Group | None) -> np.ndarray:
    """Random lattice vectors of a cell of this volume, Å³, that is not flat."""
    while True:
        cell = Cell.fromcellpar([*rng.uniform(*LENGTHS, 3), *rng.uniform(*ANGLES, 3)])
        array = cell.array if group is None else _symmetrized(cell.array, group)
        scaled = array * (volume / np.linalg.det(array)) ** (1 / 3)
        if _heights(scaled).min() > FLATTEST * volume ** (1 / 3):
            return scaled


def _symmetrized(cell: np.ndarray, group: Group) -> np.ndarray:
    """Cell with the metric ⟨Wᵀ G W⟩ over the group's rotations W."""
    metric = np.einsum("nji,jk,nkl->il", group[0], cell @ cell.T, group[0]) / len(group[0])
    return np.linalg.cholesky(metric)


def _heights(cell: np.ndarray) -> np.ndarray:
    """Distances between opposite faces, (3,) Å."""
    return 1 / np.linalg.norm(np.linalg.inv(cell), axis=0)


def _images(cell: np.ndarray, least: np.ndarray) -> np.ndarray | None:
    """Neighbouring cells to search, (n, 3) int; None where an atom is too close to its own image."""
    reach = np.ceil(least.max() / _heights(cell)).astype(int) + 1  # scaled differences lie within ±1
    images = np.array(list(product(*(range(-n, n + 1) for n in reach))))
    own = np.linalg.norm(images[np.any(images != 0, axis=1)] @ cell, axis=1).min()
    return None if own < least.diagonal().max() else images


def _nearest(a: np.ndarray, b: np.ndarray, cell: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Distances of points to the nearest images of others, (n_a, n_b), Å."""
    return np.linalg.norm((a[:, None, None] - b[None, :, None] + images) @ cell, axis=-1).min(axis=2)


def _random_positions(
    rng: np.random.Generator, cell: np.ndarray, least: np.ndarray, images: np.ndarray
) -> np.ndarray | None:
    """Scaled positions that keep their distances, (n_atoms, 3); None where there is no room for an atom."""
    placed = np.empty((0, 3))
    for i in range(len(least)):
        trials = rng.random((TRIALS, 3))
        nearest = _nearest(trials, placed, cell, images)
        apart = np.flatnonzero((nearest >= least[i, : len(placed)]).all(axis=1))
        if not len(apart):
            return None
        placed = np.vstack([placed, trials[apart[0]]])
    return placed


# ---------------------------------------------------------------- symmetric cells
@lru_cache
def _space_groups(most: int) -> tuple[Group, ...]:
    """Space groups of 2 to `most` operations in their first setting; P1 if there is none."""
    import spglib

    groups, numbers = [], set()
    for hall in range(1, 531):
        number = spglib.get_spacegroup_type(hall).number
        operations = spglib.get_symmetry_from_database(hall)
        if number not in numbers and 2 <= len(operations["rotations"]) <= most:
            groups.append((operations["rotations"], operations["translations"]))
        numbers.add(number)
    return tuple(groups) or ((np.eye(3, dtype=int)[None], np.zeros((1, 3))),)


def _random_group(rng: np.random.Generator, n_atoms: int) -> Group:
    groups = _space_groups(n_atoms)
    return groups[rng.integers(len(groups))]


def _random_orbits(
    rng: np.random.Generator,
    cell: np.ndarray,
    least: np.ndarray,
    images: np.ndarray,
    numbers: np.ndarray,
    group: Group,
) -> np.ndarray | None:
    """Scaled positions, (n_atoms, 3), in complete orbits of the group; None where one finds no room."""
    order = np.argsort(numbers, kind="stable")
    sorted_numbers, sorted_least = numbers[order], least[np.ix_(order, order)]
    placed = np.empty((0, 3))
    for _ in range(TRIALS):
        first = len(placed)
        orbit = _orbit(rng.random(3), cell, float(sorted_least[first, first]), group)
        n_left = int((sorted_numbers[first:] == sorted_numbers[first]).sum())  # of this element
        if len(orbit) > n_left:
            continue
        trial = np.vstack([placed, orbit])
        n = len(trial)
        nearest = _nearest(orbit, trial, cell, images)
        nearest[np.arange(len(orbit)), np.arange(first, n)] = np.inf
        if (nearest >= sorted_least[first:n, :n]).all():
            placed = trial
        if len(placed) == len(numbers):
            result = np.empty_like(placed)
            result[order] = placed
            return result
    return None


def _orbit(point: np.ndarray, cell: np.ndarray, least: float, group: Group) -> np.ndarray:
    """Images of a point under the group; images nearer than `least` merge into a special position."""
    moves = _moves(point, group)
    near = np.linalg.norm(moves @ cell, axis=1) < least
    middle = point + moves[near].mean(axis=0)
    orbit: list[np.ndarray] = []
    for image in middle + _moves(middle, group):
        if all(np.abs((image - other) - np.round(image - other)).max() > SAME for other in orbit):
            orbit.append(image)
    return np.array(orbit)


def _moves(point: np.ndarray, group: Group) -> np.ndarray:
    """Scaled vectors from a point to the nearest periodic copy of each image, (n, 3)."""
    moves = point @ group[0].transpose(0, 2, 1) + group[1] - point
    return moves - np.round(moves)
