"""Neighbours of frames, and batches of them padded to a few shapes, each of which is compiled once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from ase import Atoms

from mlffbench.descriptors.neighbours import neighbour_list

__all__ = ["VIRIAL", "Bonds", "Shape", "bonds_of", "padded", "rounded", "rows", "shape_of"]

FAR = 52.0  # Å along each axis: a bond of padding, beyond every cutoff
VIRIAL = [0, 1, 2, 5, 4, 3]  # between our xx yy zz yz xz xy and their xx yy zz xy xz yz, both ways
GROWTH = 1.1  # from one rounded number to the next


class Bonds(NamedTuple):
    """Directed pairs of a frame's n atoms, sorted by the first atom.

    Attributes
    ----------
    species : (n,) array of int
        Index of each atom's element.
    first, second : (p,) arrays of int
    vectors : (p, 3) array
        From the first to the second, Å.
    volume : float
        Å³; NaN where the frame is not periodic in three directions.
    """

    species: np.ndarray
    first: np.ndarray
    second: np.ndarray
    vectors: np.ndarray
    volume: float


class Shape(NamedTuple):
    """Numbers of atoms and pairs of a batch; of frames it has as many as atoms."""

    atoms: int
    pairs: int

    def holds(self, other: Shape) -> bool:
        return self.atoms >= other.atoms and self.pairs >= other.pairs


def bonds_of(frames: Sequence[Atoms], numbers: Sequence[int], cutoff: float) -> list[Bonds]:
    """Neighbours nearer than `cutoff`, Å, in each frame; `numbers` are those of the model's elements."""
    index = np.full(120, -1)
    index[list(numbers)] = np.arange(len(numbers))
    bonds = []
    for atoms in frames:
        first, second, vectors = neighbour_list("ijD", atoms, cutoff)
        volume = atoms.get_volume() if atoms.pbc.all() else np.nan
        bonds.append(Bonds(index[atoms.numbers], first, second, vectors.reshape(-1, 3), float(volume)))
    return bonds


def rounded(n: int) -> int:
    """The next of 16, 17, 19, 21 ..., numbers that grow by a tenth."""
    size = 16.0
    while int(size) < n:
        size *= GROWTH
    return int(size)


def shape_of(frames: Sequence[Bonds]) -> Shape:
    """Atoms and pairs of a batch together, and one atom of padding to which padded pairs belong."""
    return Shape(1 + sum(len(b.species) for b in frames), max(1, sum(len(b.first) for b in frames)))


def rows(frames: Sequence[Bonds]) -> np.ndarray:
    """First atoms of the frames in their batch, and the number of atoms."""
    return np.cumsum([0, *(len(b.species) for b in frames)])


def padded(frames: Sequence[Bonds], shape: Shape) -> dict[str, np.ndarray]:
    """Arrays of a batch by tensorpotential's names; atoms of padding belong to the last frame."""
    sizes = [len(b.species) for b in frames]
    counts = [len(b.first) for b in frames]
    starts = rows(frames)
    atoms, pairs = int(starts[-1]), sum(counts)
    last = shape.atoms - 1
    species = _filled(shape.atoms, 0, np.concatenate([b.species for b in frames]))
    first, second = (
        _filled(shape.pairs, last, np.concatenate([b[k] + n for b, n in zip(frames, starts, strict=False)]))
        for k in (1, 2)
    )
    vectors = np.full((shape.pairs, 3), FAR)
    vectors[:pairs] = np.concatenate([b.vectors for b in frames])
    number = np.arange(len(frames))
    return {
        "atomic_mu_i": species,
        "ind_i": first,
        "ind_j": second,
        "mu_i": species[first],
        "mu_j": species[second],
        "bond_vector": vectors,
        "map_atoms_to_structure": _filled(shape.atoms, last, np.repeat(number, sizes)),
        "map_bonds_to_structure": _filled(shape.pairs, last, np.repeat(number, counts)),
        "n_struct_total": np.array(shape.atoms, np.int32),
        "batch_tot_nat": np.array(shape.atoms, np.int32),
        "batch_tot_nat_real": np.array(atoms, np.int32),
        "batch_total_num_structures": np.array(len(frames), np.int32),
    }


def _filled(n: int, fill: int, values: np.ndarray) -> np.ndarray:
    array = np.full(n, fill, np.int32)
    array[: len(values)] = values
    return array
