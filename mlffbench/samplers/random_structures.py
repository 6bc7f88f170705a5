"""Random periodic structures: sensible cells of a sensible volume, atoms not too close."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator
from ase.cell import Cell
from ase.data import covalent_radii
from ase.symbols import string2symbols

from mlffbench import progress
from mlffbench.samplers._frames import count

__all__ = ["random_structures"]

LENGTHS, ANGLES = (0.6, 1.6), (60.0, 120.0)  # relative edges; degrees, any three of which make a cell
FLATTEST = 0.5  # the least height of a cell, in units of its volume^⅓
PLACES = 200  # places tried for an atom before the structure is begun anew


def random_structures(
    atoms: Atoms | None,
    calculator: BaseCalculator | None,
    seed: int,
    volume: Sequence[float],
    n_frames: int,
    composition: str | Sequence[str] | None = None,
    separation: float | Mapping[str, float] = 0.8,
    max_attempts: int = 200,
) -> list[Atoms]:
    """Random cells with atoms at random places: the starting points of random structure searching.

    Edges and angles are uniform, flat cells are drawn again, the cell is scaled to a volume drawn uniformly;
    then atom after atom is put where it keeps its distance to all others and to its own images.

    Parameters
    ----------
    atoms : Atoms or None
        Gives the composition where none is named.
    calculator : None
        Not used.
    seed : int
    volume : two floats
        Smallest and largest volume per atom, Å³.
    n_frames : int
    composition : str or list of str, optional
        A formula for the whole cell, ``Si8``, or several to draw from, ``[Si4, Si6, Si8]``.
    separation : float or mapping
        Smallest distance in units of the sum of covalent radii, or in Å by pair: ``{Si-Si: 2.1}``.
    max_attempts : int
        Cells tried per frame at most.

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
    formulas = _formulas(atoms, composition)
    rng, frames = np.random.default_rng(seed), []
    for i in range(count(n_frames, "random_structures")):
        formula = formulas[rng.integers(len(formulas))]
        frames.append(_structure(formula, rng, (low, high), separation, max_attempts))
        progress.report("random_structures", i + 1, n_frames)
    return frames


def _formulas(atoms: Atoms | None, composition: str | Sequence[str] | None) -> list[Atoms]:
    """One Atoms for every composition, in which only the elements matter."""
    if composition is None:
        if atoms is None or not len(atoms):
            raise ValueError("random_structures needs a composition, such as Si8")
        return [atoms]
    names = [composition] if isinstance(composition, str) else list(composition)
    return [Atoms(string2symbols(name)) for name in names]


def _structure(
    formula: Atoms,
    rng: np.random.Generator,
    volume: tuple[float, float],
    separation: float | Mapping[str, float],
    max_attempts: int,
) -> Atoms:
    """One random structure of a composition."""
    least = _separations(formula, separation)
    for _ in range(max_attempts):
        cell = _cell(rng, rng.uniform(*volume) * len(formula))
        scaled = _places(rng, cell, least)
        if scaled is not None:
            return Atoms(formula.numbers, cell=cell, pbc=True, scaled_positions=scaled)
    raise ValueError(
        f"{max_attempts} cells of {volume[0]:g} to {volume[1]:g} Å³ per atom had no room for {len(formula)} "
        f"atoms at least {least.min():.2f} Å apart; raise volume or lower separation"
    )


def _separations(formula: Atoms, separation: float | Mapping[str, float]) -> np.ndarray:
    """The smallest distance of every pair, (n_atoms, n_atoms), Å."""
    radii = covalent_radii[formula.numbers]
    if not isinstance(separation, Mapping):
        return separation * (radii[:, None] + radii)
    table = {frozenset(pair.split("-")): float(d) for pair, d in separation.items()}
    symbols = formula.get_chemical_symbols()
    missing = {"-".join(sorted(p)) for p in product(symbols, symbols) if frozenset(p) not in table}
    if missing:
        raise ValueError(f"separation has no distance for {sorted(missing)}; it has {sorted(separation)}")
    return np.array([[table[frozenset((a, b))] for b in symbols] for a in symbols])


def _cell(rng: np.random.Generator, volume: float) -> np.ndarray:
    """A random cell of a volume, neither flat nor thin."""
    while True:
        cell = Cell.fromcellpar([*rng.uniform(*LENGTHS, 3), *rng.uniform(*ANGLES, 3)])
        scaled = cell.array * (volume / cell.volume) ** (1 / 3)
        if _heights(scaled).min() > FLATTEST * volume ** (1 / 3):
            return scaled


def _heights(cell: np.ndarray) -> np.ndarray:
    """Distances between opposite faces."""
    return 1 / np.linalg.norm(np.linalg.inv(cell), axis=0)


def _places(rng: np.random.Generator, cell: np.ndarray, least: np.ndarray) -> np.ndarray | None:
    """Scaled positions that keep their distances, (n_atoms, 3); None where an atom finds no place."""
    reach = np.ceil(least.max() / _heights(cell)).astype(int) + 1  # scaled differences lie within ±1
    images = np.array(list(product(*(range(-n, n + 1) for n in reach))))
    own = np.linalg.norm(images[np.any(images != 0, axis=1)] @ cell, axis=1).min()
    if own < least.diagonal().max():
        return None
    placed = np.empty((0, 3))
    for i in range(len(least)):
        trials = rng.random((PLACES, 3))
        apart = trials[:, None, None] - placed[None, :, None] + images
        nearest = np.linalg.norm(apart @ cell, axis=-1).min(axis=2)
        good = np.flatnonzero((nearest >= least[i, : len(placed)]).all(axis=1))
        if not len(good):
            return None
        placed = np.vstack([placed, trials[good[0]]])
    return placed
